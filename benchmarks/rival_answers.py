"""The talk of a script that runs another library with whoever started it: lines of JSON.

It imports nothing but the standard library, since any interpreter may run it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Answer = Callable[[Any], None]


@contextmanager
def answering() -> Iterator[tuple[dict[str, Any], Answer]]:
    """What the first line asks for, and what answers with a line.

    What libraries print goes to stderr. Where one is missing, that is the answer and the end.
    """
    answers, sys.stdout = sys.stdout, sys.stderr

    def answer(told: Any) -> None:
        print(json.dumps(told), file=answers, flush=True)

    try:
        yield json.loads(sys.stdin.readline()), answer
    except ImportError as error:
        answer({"missing": str(error)})
