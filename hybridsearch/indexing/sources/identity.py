"""Which field or column of a source holds the ids of its documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from hybridsearch.errors import SourceError

OWN: Final = ("id", "_id")


def id_column(columns: Sequence[str], wanted: str | None, source: str) -> str:
    """The column of the ids; raises SourceError without one, and for two of one name."""
    again = next((name for at, name in enumerate(columns) if name in columns[:at]), None)
    if again is not None:
        raise SourceError(
            f"{source} has two columns called {again!r}: give one of them another name, in SQL "
            "with AS"
        )
    names = OWN if wanted is None else (wanted,)
    found = next((name for name in names if name in columns), None)
    if found is None:
        raise SourceError(
            f"{source} has no column {names[0]!r}, but {', '.join(columns) or 'none at all'}: name "
            "the one that holds the ids with --id COLUMN"
        )
    return found


def identified(fields: Mapping[str, Any], column: str) -> dict[str, Any]:
    """A document of these fields, with the column's value as its id.

    No field can be called id, so a column of that name beside it is left out.
    """
    kept = {name: value for name, value in fields.items() if name not in {*OWN, column}}
    return {"id": _text(fields.get(column)), **kept}


def _text(id: Any) -> Any:
    whole = isinstance(id, int) and not isinstance(id, bool)
    return str(id) if whole or isinstance(id, UUID) else id
