"""The official opensearch-py client as a wire, synchronous and asynchronous."""

from __future__ import annotations

import ssl
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import orjson
from opensearchpy import AsyncOpenSearch, OpenSearch
from opensearchpy.exceptions import (
    ConnectionError as ClientConnectionError,
)
from opensearchpy.exceptions import (
    ConnectionTimeout,
    OpenSearchException,
    SerializationError,
    SSLError,
    TransportError,
)
from opensearchpy.serializer import JSONSerializer

from hybridsearch.engines.cluster.connection import Connection
from hybridsearch.engines.cluster.wire import (
    ConnectionLostError,
    HttpReply,
    HttpRequest,
    UnreadableReplyError,
    UntrustedError,
    WireError,
    WireTimeoutError,
)

# The k-NN plugin of OpenSearch 3 takes every document that is stored for JSON.
_TAKES_SMILE: Final = False


class Orjson(JSONSerializer):
    """Reads and writes JSON with orjson; bytes are sent as they are."""

    def dumps(self, data: Any) -> Any:
        """JSON in UTF-8."""
        if isinstance(data, bytes | str):
            return data
        return orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY)

    def loads(self, s: str) -> Any:
        """Plain values."""
        try:
            return orjson.loads(s)
        except ValueError as error:
            raise SerializationError(s[:200], error) from error


class ClientWire:
    """A synchronous client; retries are left to the caller, where the client leaves them."""

    takes_smile = _TAKES_SMILE

    def __init__(self, client: OpenSearch) -> None:
        self._client = client
        self._takes_bytes = _takes_bytes(client)

    def send(self, request: HttpRequest, timeout: float) -> HttpReply:
        """The reply, whatever its status."""
        try:
            sent = _body(request, self._takes_bytes)
            body = self._client.transport.perform_request(
                request.method, _url(request), body=sent, timeout=timeout
            )
        except OpenSearchException as error:
            return _reply(error)
        return HttpReply(200, body)

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()


class AsyncClientWire:
    """An asynchronous client; retries are left to the caller, where the client leaves them."""

    takes_smile = _TAKES_SMILE

    def __init__(self, client: AsyncOpenSearch) -> None:
        self._client = client
        self._takes_bytes = _takes_bytes(client)

    async def send(self, request: HttpRequest, timeout: float) -> HttpReply:  # noqa: ASYNC109 - the client enforces it
        """The reply, whatever its status."""
        try:
            sent = _body(request, self._takes_bytes)
            body = await self._client.transport.perform_request(
                request.method, _url(request), body=sent, timeout=timeout
            )
        except OpenSearchException as error:
            return _reply(error)
        except ssl.SSLError as error:  # this client reads certificates with its first request
            raise UntrustedError(str(error)) from error
        return HttpReply(200, body)

    async def close(self) -> None:
        """Close the client's connections."""
        await self._client.close()
        # The client forgets those to nodes that it takes for dead.
        every: Any = self._client.transport.seed_connections
        for connection in every:
            await connection.close()


def client_options(connection: Connection, nodes: tuple[str, ...]) -> dict[str, Any]:
    """The arguments of a client of our own, of either kind."""
    options: dict[str, Any] = {
        "hosts": [_host(node) for node in nodes],
        "http_compress": connection.compress,
        "pool_maxsize": connection.connections,
        "max_retries": 0,
        "serializer": Orjson(),
        "serializers": {"application/json": Orjson()},
    }
    if connection.api_key is not None:
        options["headers"] = {"authorization": f"ApiKey {connection.secret('api_key')}"}
    elif connection.bearer is not None:
        options["headers"] = {"authorization": f"Bearer {connection.secret('bearer')}"}
    elif connection.username is not None:
        options["http_auth"] = (connection.username, connection.secret("password"))
    if nodes and nodes[0].startswith("https:"):
        options["use_ssl"] = True
        options["verify_certs"] = connection.verify_certs
        options["ssl_show_warn"] = False
        if connection.ca_certs is not None:
            options["ca_certs"] = str(connection.ca_certs)
    return options


def _host(node: str) -> dict[str, Any]:
    parts = urlsplit(node)
    host: dict[str, Any] = {"host": parts.hostname, "port": parts.port}
    if parts.path:
        host["url_prefix"] = parts.path
    return host


def _url(request: HttpRequest) -> str:
    # In the URL, since the client takes `timeout` and others out of params for itself.
    return f"{request.path}?{urlencode(request.params)}" if request.params else request.path


def _takes_bytes(client: OpenSearch | AsyncOpenSearch) -> bool:
    """Whether it sends bytes as they are; the serializer of a caller's may know text alone."""
    return type(client.transport.serializer) in {Orjson, JSONSerializer}


def _body(request: HttpRequest, takes_bytes: bool) -> bytes | str | None:
    return request.body if takes_bytes or request.body is None else request.body.decode()


def _reply(error: OpenSearchException) -> HttpReply:
    """A refusal as a reply; raises WireError where no reply came."""
    if isinstance(error, ConnectionTimeout):
        raise WireTimeoutError(str(error.error)) from error
    if isinstance(error, SSLError) or (
        isinstance(error, TransportError) and isinstance(error.info, ssl.SSLError)
    ):
        raise UntrustedError(str(error.error)) from error
    if isinstance(error, ClientConnectionError):
        raise ConnectionLostError(str(error.error)) from error
    if isinstance(error, SerializationError):
        raise UnreadableReplyError(str(error)) from error
    if isinstance(error, TransportError) and isinstance(error.status_code, int):
        return HttpReply(error.status_code, _decoded(error.info or error.error))
    raise WireError(str(error)) from error


def _decoded(told: Any) -> Any:
    # The asynchronous client leaves what a refusal says as text.
    if not isinstance(told, str):
        return told
    try:
        return orjson.loads(told)
    except ValueError:
        return told
