"""The official elasticsearch client as a wire, synchronous and asynchronous."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, Final

from elasticsearch import (
    ApiError,
    AsyncElasticsearch,
    Elasticsearch,
    SerializationError,
    SSLError,
    TransportError,
    UnsupportedProductError,
)
from elasticsearch import ConnectionTimeout as ClientTimeout
from elasticsearch.serializer import OrjsonSerializer

from hybridsearch.engines.cluster.connection import Connection
from hybridsearch.engines.cluster.notation import Kind
from hybridsearch.engines.cluster.wire import (
    ConnectionLostError,
    HttpReply,
    HttpRequest,
    UnreadableReplyError,
    UntrustedError,
    WireError,
    WireTimeoutError,
    seconds_of,
)

# What both supported majors understand, whichever major the client is made for.
_JSON: Final = "application/vnd.elasticsearch+json; compatible-with=8"
_SMILE: Final = "application/vnd.elasticsearch+smile"
_HEADERS: Final[Mapping[Kind, Mapping[str, str]]] = {
    "json": {"accept": _JSON, "content-type": _JSON},
    "smile": {"accept": _JSON, "content-type": f"{_SMILE}; compatible-with=8"},
}


class ClientWire:
    """A synchronous client; retries are left to the caller."""

    def __init__(self, client: Elasticsearch) -> None:
        self._client = client
        self.takes_smile = _takes_smile(client)
        self._within = lru_cache(maxsize=8)(partial(_patient, client))

    def send(self, request: HttpRequest, timeout: float) -> HttpReply:
        """The reply, whatever its status."""
        try:
            reply = self._within(_rounded(timeout)).perform_request(**_arguments(request))
        except (ApiError, TransportError, UnsupportedProductError) as error:
            return _reply(error)
        return HttpReply(reply.meta.status, reply.body)

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()


class AsyncClientWire:
    """An asynchronous client; retries are left to the caller."""

    def __init__(self, client: AsyncElasticsearch) -> None:
        self._client = client
        self.takes_smile = _takes_smile(client)
        self._within = lru_cache(maxsize=8)(partial(_patient, client))

    async def send(self, request: HttpRequest, timeout: float) -> HttpReply:  # noqa: ASYNC109 - the client enforces it
        """The reply, whatever its status."""
        try:
            reply = await self._within(_rounded(timeout)).perform_request(**_arguments(request))
        except (ApiError, TransportError, UnsupportedProductError) as error:
            return _reply(error)
        return HttpReply(reply.meta.status, reply.body)

    async def close(self) -> None:
        """Close the client's connections."""
        await self._client.close()


def client_options(connection: Connection, nodes: tuple[str, ...]) -> dict[str, Any]:
    """The arguments of a client of our own, of either kind."""
    options: dict[str, Any] = {
        "hosts": list(nodes),
        "http_compress": connection.compress,
        "connections_per_node": connection.connections,
        "serializers": {
            "application/json": OrjsonSerializer(),
            "application/vnd.elasticsearch+json": OrjsonSerializer(),
            _SMILE: OrjsonSerializer(),  # which lets bytes pass
        },
    }
    if connection.api_key is not None:
        options["api_key"] = connection.secret("api_key")
    elif connection.bearer is not None:
        options["bearer_auth"] = connection.secret("bearer")
    elif connection.username is not None:
        options["basic_auth"] = (connection.username, connection.secret("password"))
    if nodes and nodes[0].startswith("https:"):
        options["verify_certs"] = connection.verify_certs
        if connection.ca_certs is not None:
            options["ca_certs"] = str(connection.ca_certs)
        if not connection.verify_certs:
            options["ssl_show_warn"] = False
    return options


def _arguments(request: HttpRequest) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "params": request.params or None,
        "headers": _HEADERS[request.kind],
        "body": request.body,
    }


def _takes_smile(client: Any) -> bool:
    """A client that the caller made need not know of it."""
    return _SMILE in client.transport.serializers.serializers


def _patient(client: Any, timeout: float) -> Any:
    """The client with this timeout and without retries of its own. Making one takes longer than
    sending a request does, so those with the usual timeouts are kept."""
    return client.options(
        request_timeout=timeout, max_retries=0, retry_on_status=(), retry_on_timeout=False
    )


def _rounded(timeout: float) -> float:
    return max(round(timeout, 1), 0.1)


def _reply(error: Exception) -> HttpReply:
    """A refusal as a reply; raises WireError where no reply came."""
    if isinstance(error, ApiError | UnsupportedProductError):  # what it is, the reply tells
        return HttpReply(
            error.meta.status, error.body, seconds_of(error.meta.headers.get("retry-after"))
        )
    if isinstance(error, SerializationError):
        raise UnreadableReplyError(_message(error)) from error
    if isinstance(error, ClientTimeout):
        raise WireTimeoutError(_message(error)) from error
    if isinstance(error, SSLError):
        raise UntrustedError(_message(error)) from error
    if isinstance(error, TransportError):
        raise ConnectionLostError(_message(error)) from error
    raise WireError(_message(error)) from error


def _message(error: Exception) -> str:
    found = getattr(error, "message", None)
    return found if isinstance(found, str) else str(error)
