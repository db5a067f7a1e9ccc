"""Why there is no server: it cannot be had on this machine, or it did not start."""

from __future__ import annotations


class ServerUnavailable(Exception):  # noqa: N818 -- a state of the machine
    """This machine lacks what a server needs; tests that need the server are skipped."""


class ServerStartError(Exception):
    """A server was started and ended, or did not answer in time; the message ends with its log."""
