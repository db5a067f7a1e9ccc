"""What `hybridsearch demo` shows: a corpus that every machine has, and queries over it."""
