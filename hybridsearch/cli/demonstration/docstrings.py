"""The demo's corpus: the docstrings of Python's standard library, read from its source files."""

from __future__ import annotations

import ast
import inspect
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from hybridsearch.model.document import Document

SHORTEST = 90
_LEFT_OUT = frozenset(
    {"test", "tests", "idlelib", "site-packages", "dist-packages", "lib2to3", "ensurepip"}
)


def standard_library() -> Iterator[Document]:
    """One document per public module, class and function with a docstring worth searching;
    of equal docstrings the first is kept."""
    root = Path(sysconfig.get_path("stdlib"))
    seen: set[str] = set()
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if _LEFT_OUT.intersection(parts) or any(part.startswith("_") for part in parts[:-1]):
            continue
        module = ".".join(part for part in parts if part != "__init__")
        if not module or module.rpartition(".")[2].startswith("_"):
            continue
        for document in _documents(path, module):
            text = " ".join(str(document.fields["text"]).split())
            if text not in seen:
                seen.add(text)
                yield document


def _documents(path: Path, module: str) -> Iterator[Document]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError, ValueError):
        return  # a few files of the library are meant not to parse
    yield from _named(tree, module, module, "module")


def _named(node: ast.AST, name: str, module: str, kind: str) -> Iterator[Document]:
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    if not isinstance(node, documented):
        return
    docstring = inspect.cleandoc(ast.get_docstring(node, clean=False) or "")
    if len(docstring) >= SHORTEST:
        title = name.replace(".", " ").replace("_", " ")
        fields = {"title": title, "text": docstring, "module": module, "kind": kind}
        yield Document(name, fields)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    for child in node.body:
        if isinstance(child, ast.ClassDef):
            child_kind = "class"
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            child_kind = "function"
        else:
            continue
        if not child.name.startswith("_"):
            yield from _named(child, f"{name}.{child.name}", module, child_kind)
