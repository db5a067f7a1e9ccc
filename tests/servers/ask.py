"""Asking a server something: one request, JSON both ways."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any


class RefusedError(Exception):
    """The server answered, with a status that is not one of success."""


def ask(method: str, url: str, body: Any = None) -> Any:
    """The answer's JSON; raises RefusedError, and OSError where nothing answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    try:
        with opener.open(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            raise RefusedError(
                f"{method} {url}: {refused.code} {refused.read().decode()}"
            ) from None
