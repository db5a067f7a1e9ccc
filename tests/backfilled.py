"""Documents of an index that others made, without vectors, for tests that give them some."""

from __future__ import annotations

from typing import Any

TEXT = {"text": {"type": "text"}, "n": {"type": "long"}}
# As long as two passages of a tiny model, so that documents have several.
LONG = "the lexical retriever counts words and the dense retriever compares vectors " * 12


def documents(count: int, round: int = 0) -> list[dict[str, Any]]:
    """Some of them long."""
    return [
        {
            "_id": f"d{number:03d}",
            "text": f"{LONG if number % 9 == 0 else ''}document {number} of the round {round}",
            "n": round,
        }
        for number in range(count)
    ]
