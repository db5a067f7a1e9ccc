"""Fusions: a score table in, one score per candidate out."""
