"""The schema of documents that have a title and a text: what is taken where no other is named."""

from __future__ import annotations

from hybridsearch.model.schema import Schema

__all__ = ["default_schema"]


def default_schema() -> Schema:
    """English, as the default encoder is; words of the title count twice."""
    return Schema(text={"title": {"analyzer": "english", "weight": 2.0}, "text": "english"})
