"""Indexing: documents in, checked, cut into passages, encoded and written."""
