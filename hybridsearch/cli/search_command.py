"""`hybridsearch search`: a query's hits as a table or as JSON."""

from __future__ import annotations

from typing import Annotated

import typer

from hybridsearch.cli.arguments import Target
from hybridsearch.cli.console import messages, print_json, results, say
from hybridsearch.cli.hit_table import hit_table, summary
from hybridsearch.wiring.index import HybridIndex


def search(
    target: Target,
    query: Annotated[str, typer.Argument(help="What to look for.")],
    *,
    k: Annotated[int, typer.Option("-k", min=1, help="How many hits to show.")] = 10,
    fusion: Annotated[
        str, typer.Option(help="How scores are blended: convex, rrf, rrf(k=10), ...")
    ] = "convex",
    where: Annotated[
        str | None,
        typer.Option(help="A filter, such as \"year >= 2020 and lang in ('en', 'de')\"."),
    ] = None,
    window: Annotated[
        int | None, typer.Option(min=1, help="Candidates each retriever gives to the fusion.")
    ] = None,
    retriever: Annotated[
        list[str] | None,
        typer.Option(help="Ask this retriever only; may be given several times."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what each retriever gave.")
    ] = False,
    query_log: Annotated[
        str | None,
        typer.Option(
            help="Where to keep a record of the search: a file of JSON lines, or "
            "elasticsearch://HOST:9200/INDEX or opensearch://HOST:9200/INDEX; 'off' for none. "
            "[default: HYBRIDSEARCH_QUERY_LOG, or off]"
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the response as JSON.")] = False,
) -> None:
    """Search an index."""
    with HybridIndex.open(target, query_log=query_log) as index:
        if not retriever or set(retriever) != {"lexical"}:
            with messages().status("loading the encoder"):
                index.warm_up()
        response = index.search(
            query,
            k=k,
            fusion=fusion,
            where=where,
            window=window,
            retrievers=retriever or None,
            explain=explain or json,
        )
        text = index.schema.text
    if json:
        print_json(response.as_dict())
        return
    results().print(hit_table(response, text, explain=explain))
    say(summary(response))
