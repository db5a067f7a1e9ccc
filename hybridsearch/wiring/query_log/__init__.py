"""The query log: a record of every search, written off the searches' path."""
