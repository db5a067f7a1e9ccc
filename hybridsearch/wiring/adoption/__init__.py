"""Adopting: an index that others made is searched as it is."""
