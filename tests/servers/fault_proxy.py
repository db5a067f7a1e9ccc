"""A proxy before a server, or alone, that misbehaves as it is told: silence, broken replies, HTML.

A fault is a function of one exchange. `proxy.fault = on("/_bulk", once(status(429)))` answers the
first bulk request with 429 and passes everything else on.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

JSON = {"content-type": "application/json"}
# The official client believes a reply only of a server that says it is Elasticsearch.
ELASTICSEARCH = {**JSON, "x-elastic-product": "Elasticsearch"}
_HOP = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive", "host"})
# What is passed on comes plain, so that faults can change it.
_NOT_SENT_ON = _HOP | {"accept-encoding"}


@dataclass(frozen=True)
class Request:
    """What the client sent; headers by their names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What the client is sent."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)


@dataclass(frozen=True)
class Exchange:
    """One request, and the means to answer it or not to."""

    request: Request
    proxy: FaultProxy
    handler: BaseHTTPRequestHandler

    def pass_on(self) -> Reply:
        """The server's own reply."""
        connection = HTTPConnection(self.proxy.upstream, timeout=60)
        asked = self.request
        headers = {name: v for name, v in asked.headers.items() if name not in _NOT_SENT_ON}
        try:
            connection.request(asked.method, asked.path, asked.body or None, headers)
            given = connection.getresponse()
            kept = {n.lower(): v for n, v in given.getheaders() if n.lower() not in _HOP}
            return Reply(given.status, given.read(), kept)
        finally:
            connection.close()

    def send(self, reply: Reply, *, announced: int | None = None) -> None:
        """Send a reply; announced: a length of the body that is not the true one."""
        self.handler.send_response(reply.status)
        for name, value in reply.headers.items():
            self.handler.send_header(name, value)
        length = len(reply.body) if announced is None else announced
        self.handler.send_header("content-length", str(length))
        self.handler.end_headers()
        if self.request.method != "HEAD":
            self.handler.wfile.write(reply.body)

    def hang_up(self) -> None:
        """Close the connection in good manner."""
        self.handler.close_connection = True

    def reset(self) -> None:
        """Close the connection with a reset."""
        now = struct.pack("ii", 1, 0)
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
        self.handler.connection.close()
        self.hang_up()

    def hold(self, seconds: float | None = None) -> None:
        """Say nothing, for so long or until the proxy ends."""
        self.proxy.ending.wait(seconds)


Fault = Callable[[Exchange], None]


class FaultProxy:
    """Listens at `url`; `fault` decides about every exchange; `requests` are those that came."""

    def __init__(self, upstream: str | None, url: str) -> None:
        self.upstream = urlsplit(upstream).netloc if upstream else ""
        self.url = url
        self.fault: Fault = pass_through
        self.requests: list[Request] = []
        self.ending = threading.Event()

    def asked(self, part: str) -> list[Request]:
        """The requests whose path holds this."""
        return [request for request in self.requests if part in request.path]


@contextmanager
def fault_proxy(
    upstream: str | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[FaultProxy]:
    """A proxy before this server, or before none, that speaks https with `tls`; gone when left."""
    connections: set[socket.socket] = set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            connections.add(self.connection)

        def finish(self) -> None:
            connections.discard(self.connection)
            with suppress(OSError):
                super().finish()

        def log_message(self, format: str, *args: Any) -> None:
            """Nobody reads it."""

        def handle_one_request(self) -> None:
            with suppress(OSError, ValueError):  # the client left
                super().handle_one_request()
                return
            self.close_connection = True

        def answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, self.rfile.read(length))
            proxy.requests.append(request)
            proxy.fault(Exchange(request, proxy, self))

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815 - http.server's names

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    proxy = FaultProxy(upstream, f"{scheme}://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.ending.set()
        server.shutdown()
        thread.join()
        for connection in list(connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        server.server_close()


def pass_through(exchange: Exchange) -> None:
    """No fault."""
    exchange.send(exchange.pass_on())


def silent(exchange: Exchange) -> None:
    """Accept the request and never answer."""
    exchange.hold()
    exchange.hang_up()


def half_a_body(exchange: Exchange) -> None:
    """Promise more than is sent, and close."""
    whole = b'{"took": 1, "hits": {"total": {"value": 1'
    exchange.send(Reply(200, whole, ELASTICSEARCH), announced=2 * len(whole))
    exchange.hang_up()


def reset(exchange: Exchange) -> None:
    """Break the connection in place of an answer."""
    exchange.reset()


def slow(seconds: float) -> Fault:
    """The right answer, late."""

    def fault(exchange: Exchange) -> None:
        reply = exchange.pass_on()
        exchange.hold(seconds)
        exchange.send(reply)

    return fault


def status(code: int, body: Any = None, **headers: str) -> Fault:
    """This status with a body of JSON; underscores in names of headers are hyphens."""
    told = {"error": {"type": "told_exception", "reason": f"told to be {code}"}, "status": code}
    content = json.dumps(told if body is None else body).encode()
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda exchange: exchange.send(Reply(code, content, {**ELASTICSEARCH, **more}))


def html(code: int) -> Fault:
    """A page, as proxies and other programs send it."""
    page = b"<html><body><h1>Welcome to nginx!</h1></body></html>"
    return lambda exchange: exchange.send(Reply(code, page, {"content-type": "text/html"}))


def too_large(limit: int) -> Fault:
    """413, as nginx says it, for bodies of more than so many bytes."""

    def fault(exchange: Exchange) -> None:
        (html(413) if len(exchange.request.body) > limit else pass_through)(exchange)

    return fault


def on(part: str, fault: Fault) -> Fault:
    """The fault where the path holds this part."""
    return lambda exchange: (fault if part in exchange.request.path else pass_through)(exchange)


def times(count: int, fault: Fault) -> Fault:
    """The fault so many times, then none."""
    left = iter(range(count))

    def limited(exchange: Exchange) -> None:
        (pass_through if next(left, None) is None else fault)(exchange)

    return limited


def once(fault: Fault) -> Fault:
    """The fault for the first exchange."""
    return times(1, fault)


def for_seconds(seconds: float, fault: Fault) -> Fault:
    """The fault until so long after the first exchange, then none."""
    begin: list[float] = []

    def limited(exchange: Exchange) -> None:
        begin.append(time.monotonic())
        (fault if begin[-1] - begin[0] < seconds else pass_through)(exchange)

    return limited


def rewriting(change: Callable[[Any], Any]) -> Fault:
    """The server's reply with its JSON changed."""

    def fault(exchange: Exchange) -> None:
        reply = exchange.pass_on()
        exchange.send(replace(reply, body=json.dumps(change(json.loads(reply.body))).encode()))

    return fault
