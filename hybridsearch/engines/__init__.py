"""Engines: they store documents and answer retrievers."""
