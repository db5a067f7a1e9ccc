"""The command line run within the tests' process, an index of books, a new index on a server, and a
gate that asks for credentials."""

from __future__ import annotations

import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from command_line import Run, book, running_here, write_schema
from servers.ask import RefusedError, ask
from servers.fixtures import ServerUrl

from hybridsearch import HybridIndex, Schema

MakeGate = Callable[[str, str], str]


@pytest.fixture
def run_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command in the test's folder, within this process."""
    monkeypatch.chdir(tmp_path)
    return running_here(tmp_path)


@pytest.fixture
def books(tmp_path: Path) -> str:
    """An index of twenty books that bring their vectors."""
    schema = Schema.load(write_schema(tmp_path))
    with HybridIndex.create(f"embedded:{tmp_path / 'books'}", schema=schema, encoder=None) as index:
        index.add([book(i, lang=("en", "de")[i % 2], shelf=f"S{i}") for i in range(20)])
    return "embedded:books"


@pytest.fixture(params=["elasticsearch", "opensearch"])
def target(request: pytest.FixtureRequest, server_url: ServerUrl) -> Iterator[str]:
    """A place for an index on each product in turn."""
    url, name = server_url(request.param), f"cli-{uuid.uuid4().hex}"
    yield f"{request.param}:{url.removeprefix('http:')}/{name}"
    with suppress(RefusedError):
        ask("DELETE", f"{url}/{name}")


@pytest.fixture
def gate() -> Iterator[MakeGate]:
    """`gate(url, header)` is the URL of a server that lets through to `url` only requests with
    this `Authorization` header; 401 is the answer to others."""
    gates: list[ThreadingHTTPServer] = []

    def make(url: str, authorization: str) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(url, authorization))
        gates.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield make
    for server in gates:
        server.shutdown()
        server.server_close()


def _handler(url: str, authorization: str) -> type[BaseHTTPRequestHandler]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    class Gate(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.headers.get("authorization") != authorization:
                self._send(401, {"content-type": "application/json"}, b'{"error": "no"}')
                return
            request = urllib.request.Request(
                url + self.path,
                method=self.command,
                data=body or None,
                headers={
                    name: value
                    for name, value in self.headers.items()
                    if name.lower() in {"content-type", "accept"}
                },
            )
            try:
                with opener.open(request, timeout=60) as reply:
                    self._send(reply.status, dict(reply.headers), reply.read())
            except urllib.error.HTTPError as refused:
                with refused:
                    self._send(refused.code, dict(refused.headers), refused.read())

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815 - http.server's

        def log_message(self, format: str, *arguments: object) -> None:
            pass

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() in {"content-type", "x-elastic-product"}:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Gate
