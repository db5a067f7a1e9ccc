"""Another library's way to load documents, run by an interpreter that has it.

It imports nothing of this project but `rival_answers`. One line of JSON comes in, one goes out: the
seconds to the last acknowledgement and the CPU milliseconds, or what is missing. Vectors are lists
of numbers, as these libraries' encoders give them, and lie in memory before the clock starts.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rival_answers import answering

Given = list[tuple[str, str, int, list[float]]]
Made = tuple[str, Callable[[], Any]]


def langchain(url: str, index: str, given: Given) -> Made:
    """Its store's `add_embeddings`, with its own defaults."""
    library: Any = import_module("langchain_elasticsearch")
    store = library.ElasticsearchStore(
        index,
        es_url=url,
        query_field="text",
        vector_query_field="vector",
        strategy=library.DenseVectorStrategy(),
    )

    def load() -> Any:
        return store.add_embeddings(
            text_embeddings=[(text, vector) for _, text, _, vector in given],
            metadatas=[{"number": number} for _, _, number, _ in given],
            ids=[id for id, _, _, _ in given],
            create_index_if_not_exists=False,
        )

    return f"langchain-elasticsearch {version('langchain-elasticsearch')}, `add_embeddings`", load


def haystack(url: str, index: str, given: Given) -> Made:
    """Its store's `write_documents`, which a DocumentWriter calls."""
    os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
    core: Any = import_module("haystack")
    stores: Any = import_module("haystack_integrations.document_stores.elasticsearch")
    types: Any = import_module("haystack.document_stores.types")
    store = stores.ElasticsearchDocumentStore(hosts=url, index=index)
    documents = [
        core.Document(id=id, content=text, meta={"number": number}, embedding=vector)
        for id, text, number, vector in given
    ]

    def load() -> Any:
        return store.write_documents(documents, policy=types.DuplicatePolicy.OVERWRITE)

    return f"Haystack {version('haystack-ai')}, `write_documents`", load


LIBRARIES: dict[str, Callable[[str, str, Given], Made]] = {
    "langchain": langchain,
    "haystack": haystack,
}


def main() -> None:
    """Load once."""
    with answering() as (asked, answer):
        given = json.loads(Path(asked["documents"]).read_text(encoding="utf-8"))
        name, load = LIBRARIES[asked["library"]](asked["url"], asked["index"], given)
        begin, cpu = time.perf_counter(), time.process_time()
        load()
        seconds = time.perf_counter() - begin
        answer({"name": name, "seconds": seconds, "cpu": (time.process_time() - cpu) * 1e3})


if __name__ == "__main__":
    main()
