"""One connection that stays open, and orjson both ways: the least that a request can cost."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import orjson

_HEADERS = {"content-type": "application/json"}


class Http:
    """A connection to one node; not for several threads at once."""

    def __init__(self, url: str, *, timeout: float = 60) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=timeout)

    def ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        """The JSON of an answer; raises RuntimeError for any status but success."""
        self._connection.request(method, path, body, _HEADERS)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:2000].decode()}")
        return orjson.loads(content)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
