"""Searches on their way to the query log: identified when asked, recorded when answered."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hybridsearch.model.request import SearchRequest
from hybridsearch.model.response import SearchResponse
from hybridsearch.model.target import Target
from hybridsearch.searching.record import Issue, query_record
from hybridsearch.wiring.query_log.log import QueryLog


@dataclass(frozen=True)
class Asked:
    """Requests that share their trips, and the log that is to hear of them, if any."""

    requests: Sequence[SearchRequest]
    log: QueryLog | None
    at: float
    begin: float

    @classmethod
    def now(cls, requests: Sequence[SearchRequest], log: QueryLog | None) -> Asked:
        """Every logged request has a query_id, so that the caller can refer to it."""
        if log is not None:
            requests = [
                request if request.query_id else replace(request, query_id=str(uuid.uuid4()))
                for request in requests
            ]
        return cls(requests, log, time.time(), time.perf_counter())

    def answered(self, responses: list[SearchResponse], target: Target) -> list[SearchResponse]:
        """Record the responses, in the order of the requests, and give them on."""
        if self.log is not None:
            took = (time.perf_counter() - self.begin) * 1e3
            issue = Issue(str(target), self.at, took, len(responses))
            for request, response in zip(self.requests, responses, strict=True):
                self.log.put(query_record(request, response, issue))
        return responses
