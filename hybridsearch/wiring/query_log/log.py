"""The query log: a bounded queue of records, and one thread that writes them in batches.

A search puts its record into the queue and goes on. Where the queue is full, or records cannot be
written, they are dropped and counted: the log never delays a search, nor fails one.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from hybridsearch.wiring.query_log.sinks import Record, Sink

CAPACITY: Final = 10_000
BATCH: Final = 500
EVERY_SECONDS: Final = 1.0
CLOSE_SECONDS: Final = 5.0

_logger = logging.getLogger("hybridsearch.query_log")


class QueryLog:
    """Writes records to a sink; `written` and `dropped` count them. Safe to use from threads.

    capacity: records that may wait; batch: records written at once; every: seconds that a record
    waits for others. The first dropped record is told by one warning of the logger
    `hybridsearch.query_log`.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        capacity: int = CAPACITY,
        batch: int = BATCH,
        every: float = EVERY_SECONDS,
    ) -> None:
        self.written = 0
        self.dropped = 0
        self._sink = sink
        self._capacity = capacity
        self._batch = batch
        self._every = every
        self._waiting: deque[Record] = deque()
        self._writing = 0
        self._changed = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._heeds_forks = False

    def __str__(self) -> str:
        return str(self._sink)

    def put(self, record: Mapping[str, Any]) -> None:
        """Leave a record to the thread; returns at once, whatever becomes of it."""
        with self._changed:
            accepted = len(self._waiting) < self._capacity and not self._closing
            if accepted:
                self._start()
                self._waiting.append(record)
                if len(self._waiting) in {1, self._batch}:
                    self._changed.notify()
        if not accepted:
            self.drop(1, "the log is closed" if self._closing else "it cannot keep up")

    def drop(self, count: int, reason: str) -> None:
        """Count records that are not written; the first time, say why."""
        with self._changed:
            first = self.dropped == 0
            self.dropped += count
        if first:
            _logger.warning(
                "records of the query log %s are dropped, and searches go on: %s", self, reason
            )

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Write what waits, within so many seconds; what is left then is dropped and counted."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        atexit.unregister(self.close)
        if self._thread is not None:
            self._thread.join(timeout)
        with self._changed:
            left = len(self._waiting) + self._writing
            self._waiting.clear()
            self._writing = 0
        if left:
            self.drop(left, f"it was closed, and {timeout:g} s were not enough")
        self._sink.close()

    def _start(self) -> None:
        """Have a thread; a forked process has lost its parent's."""
        if self._thread is not None and self._thread.is_alive():
            return
        if not self._heeds_forks and hasattr(os, "register_at_fork"):
            begin_anew = weakref.WeakMethod(self._begin_anew)
            os.register_at_fork(after_in_child=lambda: (found := begin_anew()) and found())
            self._heeds_forks = True
        self._thread = threading.Thread(target=self._run, name="hybridsearch-query-log")
        self._thread.daemon = True
        self._thread.start()
        atexit.unregister(self.close)
        atexit.register(self.close)

    def _begin_anew(self) -> None:
        """In a forked process: what waits is its parent's to write, and what is locked stays so,
        since the thread that locked it is not here."""
        self._changed = threading.Condition()
        self._waiting = deque()
        self._writing = 0
        self._thread = None

    def _run(self) -> None:
        while records := self._next():
            self._write(records)

    def _next(self) -> list[Record]:
        """The next batch; empty at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            end = time.monotonic() + self._every
            self._changed.wait_for(
                lambda: len(self._waiting) >= self._batch or self._closing,
                timeout=end - time.monotonic(),
            )
            self._writing = min(len(self._waiting), self._batch)
            return [self._waiting.popleft() for _ in range(self._writing)]

    def _write(self, records: list[Record]) -> None:
        refused, reason = 0, "the server refused some records"
        try:
            refused = self._sink.write(records)
        except Exception as error:  # noqa: BLE001 - whatever it is, searches go on
            refused, reason = len(records), f"{type(error).__name__}: {error}"
        with self._changed:
            if not self._writing:
                return  # closed meanwhile, and counted there
            self._writing = 0
            self.written += len(records) - refused
        if refused:
            self.drop(refused, reason)
