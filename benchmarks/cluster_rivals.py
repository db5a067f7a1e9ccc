"""Another library's hybrid search, run by an interpreter that has it: JSON lines in and out.

It imports nothing of this project but `rival_answers`, so that its packages may be of versions that
do not go with ours. The first line says which library searches which index; each later line is a
range of queries, answered with the milliseconds of each and the CPU milliseconds of all.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rival_answers import answering

Search = Callable[[str, list[float]], Any]
Made = tuple[str, Search]


def langchain(given: dict[str, Any]) -> Made:
    """Its store with the hybrid strategy; `rrf` needs a paid licence, without it scores are added.

    As many neighbours are looked at as the others look at.
    """
    library: Any = import_module("langchain_elasticsearch")
    vectors: dict[str, list[float]] = {}

    class Known:
        """Vectors that are there already, in place of an encoder."""

        def embed_query(self, text: str) -> list[float]:
            return vectors[text]

    store = library.ElasticsearchStore(
        given["index"],
        embedding=Known(),
        es_url=given["url"],
        query_field="text",
        vector_query_field="vector",
        strategy=library.DenseVectorStrategy(hybrid=True, rrf=False, text_field="text"),
    )

    def search(text: str, vector: list[float]) -> Any:
        vectors[text] = vector
        return store.similarity_search(text, k=given["results"], fetch_k=given["candidates"])

    return f"langchain-elasticsearch {version('langchain-elasticsearch')}, hybrid", search


def haystack(given: dict[str, Any]) -> Made:
    """Two retrievers and a joiner, in a pipeline.

    By default words may be misspelt; not here, since no other search is asked for that.
    """
    os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
    core: Any = import_module("haystack")
    joiners: Any = import_module("haystack.components.joiners")
    retrievers: Any = import_module("haystack_integrations.components.retrievers.elasticsearch")
    stores: Any = import_module("haystack_integrations.document_stores.elasticsearch")
    store = stores.ElasticsearchDocumentStore(hosts=given["url"], index=given["index"])
    window = given["window"]
    lexical = retrievers.ElasticsearchBM25Retriever(
        document_store=store, top_k=window, fuzziness="0"
    )
    dense = retrievers.ElasticsearchEmbeddingRetriever(
        document_store=store, top_k=window, num_candidates=given["candidates"]
    )
    joiner = joiners.DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=given["results"])
    pipeline = core.Pipeline()
    pipeline.add_component("lexical", lexical)
    pipeline.add_component("dense", dense)
    pipeline.add_component("joiner", joiner)
    pipeline.connect("lexical", "joiner")
    pipeline.connect("dense", "joiner")

    def search(text: str, vector: list[float]) -> Any:
        asked = {"lexical": {"query": text}, "dense": {"query_embedding": vector}}
        return pipeline.run(asked)["joiner"]["documents"]

    return f"Haystack {version('haystack-ai')}, two retrievers and a joiner", search


LIBRARIES: dict[str, Callable[[dict[str, Any]], Made]] = {
    "langchain": langchain,
    "haystack": haystack,
}


def main() -> None:
    """Answer until there are no more lines."""
    with answering() as (given, answer):
        queries = json.loads(Path(given["queries"]).read_text(encoding="utf-8"))
        name, search = LIBRARIES[given["library"]](given)
        answer({"name": name, "found": len(search(*queries[0]))})
        for line in sys.stdin:
            begin, end = json.loads(line)
            measured = []
            cpu = time.process_time()
            for number in range(begin, end):
                start = time.perf_counter()
                search(*queries[number % len(queries)])
                measured.append((time.perf_counter() - start) * 1e3)
            answer({"ms": measured, "cpu": (time.process_time() - cpu) * 1e3})


if __name__ == "__main__":
    main()
