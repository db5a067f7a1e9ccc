"""Hits as a table for people: blended score, what each retriever gave, and the text."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from hybridsearch.model.response import Hit, LedgerEntry, SearchResponse

LONGEST_SNIPPET = 160


def hit_table(response: SearchResponse, text: Iterable[str], *, explain: bool) -> Table:
    """One row a hit; with `explain`, one column a retriever from the ledger.

    text: the fields that are searched, the first to be shown where no passage is.
    """
    shown = tuple(text)
    names = list(response.candidates) if explain else []
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("#", justify="right", style="dim", no_wrap=True)
    table.add_column("score", justify="right", style="bold", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("document", ratio=1)
    for rank, hit in enumerate(response.hits, start=1):
        cells = [_entry(hit.ledger.get(name)) for name in names]
        table.add_row(str(rank), f"{hit.score:.4f}", *cells, _document(hit, shown))
    return table


def summary(response: SearchResponse) -> str:
    """How the search went, in a line or a few."""
    if not response.hits:
        return "nothing found" + "".join(f"\nwarning: {text}" for text in response.warnings)
    candidates = ", ".join(f"{name} {count}" for name, count in response.candidates.items())
    completed = sum(response.completed.values())
    timings = response.timings_ms
    steps = ", ".join(f"{name} {timings[name]:.1f}" for name in timings if timings[name] >= 0.05)
    told = f"candidates: {candidates}; scores completed: {completed}; "
    lines = [told + f"{sum(timings.values()):.1f} ms ({steps})"]
    lines.extend(f"warning: {text}" for text in response.warnings)
    return "\n".join(lines)


def _entry(entry: LedgerEntry | None) -> Text:
    if entry is None or entry.score is None:
        return Text("-", style="dim")
    text = Text(f"{entry.score:.3f}")
    text.append(f" #{entry.rank}" if entry.rank else " not in list", style="dim")
    if entry.contribution is not None:
        text.append(f"\n+{entry.contribution:.4f}", style="cyan")
    return text


def _document(hit: Hit, shown: tuple[str, ...]) -> Text:
    title = next((str(hit.fields[name]) for name in ("title", "name") if hit.fields.get(name)), "")
    text = Text(hit.id, style="green")
    if title and title != hit.id:
        text.append(f"  {title}", style="bold")
    snippet = hit.passages[0].text if hit.passages else ""
    values = (*map(hit.fields.get, shown), *hit.fields.values())
    snippet = snippet.removeprefix(title) or next(
        (value for value in values if isinstance(value, str) and value != title), ""
    )
    snippet = " ".join(snippet.split())
    if len(snippet) > LONGEST_SNIPPET:
        snippet = snippet[: LONGEST_SNIPPET - 1] + "…"
    if snippet:
        text.append("\n" + snippet, style="default")
    return text
