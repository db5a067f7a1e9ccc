"""Sources of documents: files, folders and standard input, read record by record."""
