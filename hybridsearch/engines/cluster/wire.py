"""Requests and replies as they travel, and what carries them: no product's client is named here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

from hybridsearch.engines.cluster.notation import Kind

LOST: Final = 0
"""The status of a reply that did not come, since the connection broke; its body is the error."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request: the body is JSON, or lines of a bulk request, already encoded; kind: how.

    writes: it may take the time that writing may take; seconds: or this time, where it is less.
    once: what may pass is not tried again underneath, since whoever asks does so otherwise.
    """

    method: str
    path: str
    body: bytes | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    kind: Kind = "json"
    writes: bool = False
    seconds: float | None = None
    once: bool = False


@dataclass(frozen=True, slots=True)
class HttpReply:
    """One reply: its status and its body, decoded where it was JSON, text where it was not.

    retry_after: seconds to wait before asking again, where the server says so.
    """

    status: int
    body: Any
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait before going on: what was refused for lack of room is sent again later."""

    seconds: float


Step: TypeAlias = HttpRequest | Pause


def seconds_of(retry_after: str | None) -> float | None:
    """The header Retry-After where it names seconds; a date, which servers do not send, is none."""
    return float(retry_after) if retry_after and retry_after.strip().isdecimal() else None


class WireError(Exception):
    """No whole reply came; the message says why, without any credentials."""


class WireTimeoutError(WireError):
    """Nothing came within the time given."""


class ConnectionLostError(WireError):
    """The connection was refused, or broke before the reply was whole."""


class UntrustedError(WireError):
    """One side does not accept the other's certificate: trying again does not help."""


class UnreadableReplyError(WireError):
    """A reply came that is not JSON: another program answers at this address."""


class Wire(Protocol):
    """A client that is called and returns."""

    @property
    def takes_smile(self) -> bool:
        """Whether it can send documents in SMILE, and its server read them."""
        ...

    def send(self, request: HttpRequest, timeout: float) -> HttpReply:
        """The reply, whatever its status; raises WireError where there is none in `timeout` s."""
        ...

    def close(self) -> None:
        """Close connections that were opened here."""
        ...


class AsyncWire(Protocol):
    """A client that is awaited."""

    @property
    def takes_smile(self) -> bool:
        """Whether it can send documents in SMILE, and its server read them."""
        ...

    async def send(self, request: HttpRequest, timeout: float) -> HttpReply:  # noqa: ASYNC109 - the client enforces it
        """The reply, whatever its status; raises WireError where there is none in `timeout` s."""
        ...

    async def close(self) -> None:
        """Close connections that were opened here."""
        ...
