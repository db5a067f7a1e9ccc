"""Stopping a run by Ctrl-C or SIGTERM: what was read is kept, and the rest is left."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

T = TypeVar("T")
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_STOPPING: Final = b"\nstopping: what was read is being stored; once more to end at once\n"
_ENDED: Final = b"\nended at once: what was durable stays\n"


class Stopped(Exception):  # noqa: N818 - it is no error
    """A signal asked for an end; status: what the process is to end with."""

    def __init__(self, number: int) -> None:
        super().__init__("stopped")
        self.status = 128 + number


class Stop:
    """Waits for a signal; then `until` gives no more, and raises Stopped."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._reading = False

    def until(self, records: Iterable[T]) -> Iterator[T]:
        """The records up to the signal, which also ends the waiting for the next one."""
        source = iter(records)
        while True:
            self._reading = True
            try:
                if self._number is not None:
                    raise Stopped(self._number)
                record = next(source, _END)
            finally:
                self._reading = False
            if isinstance(record, _End):
                return
            yield record

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Signals are taken as long as this is not left; the second one ends the process."""
        before = {number: signal.signal(number, self._take) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _take(self, number: int, _: Any) -> None:
        if self._number is not None:
            os.write(2, _ENDED)
            os._exit(128 + number)
        self._number = number
        os.write(2, _STOPPING)
        if self._reading:
            raise Stopped(number)


class _End:
    """After the last record."""


_END: Final = _End()
