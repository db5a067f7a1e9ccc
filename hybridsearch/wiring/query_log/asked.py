"""Searches on their way to the query log: identified when asked, recorded when they ended."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from hybridsearch.model.request import SearchRequest
from hybridsearch.model.response import SearchResponse
from hybridsearch.model.target import Target
from hybridsearch.searching.record import Issue, query_record
from hybridsearch.wiring.query_log.log import QueryLog


@dataclass(frozen=True)
class Asked:
    """Requests to an index that share their trips, and the log that is to hear of them, if any."""

    requests: Sequence[SearchRequest]
    target: Target
    log: QueryLog | None
    at: float
    begin: float

    @classmethod
    def now(cls, requests: Sequence[SearchRequest], target: Target, log: QueryLog | None) -> Asked:
        """Every logged request has a query_id, so that the caller can refer to it."""
        if log is not None:
            requests = [
                request if request.query_id else replace(request, query_id=str(uuid.uuid4()))
                for request in requests
            ]
        return cls(requests, target, log, time.time(), time.perf_counter())

    def answered(self, responses: list[SearchResponse]) -> list[SearchResponse]:
        """Record the responses, in the order of the requests, and give them on."""
        self._record(responses)
        return responses

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Where the block raises an error, all requests have failed by it: it is recorded with each
        of them, and goes on as it is. A search that is cancelled or interrupted has not failed."""
        try:
            yield
        except Exception as error:
            self._record([error] * len(self.requests))
            raise

    def _record(self, outcomes: Sequence[SearchResponse | Exception]) -> None:
        if self.log is None:
            return
        took = (time.perf_counter() - self.begin) * 1e3
        issue = Issue(str(self.target), self.at, took, len(self.requests))
        for request, outcome in zip(self.requests, outcomes, strict=True):
            try:
                self.log.put(query_record(request, outcome, issue))
            except Exception as error:  # noqa: BLE001 - whatever was asked for, the search counts
                self.log.drop(1, f"one cannot be made ({type(error).__name__})")
