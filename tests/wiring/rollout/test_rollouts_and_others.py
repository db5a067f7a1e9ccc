"""Roll-outs beside what others do at the same time: loads, other roll-outs, operators."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rolled_out import SCHEMA, SETTINGS, EndedError, document, ending, held
from servers.ask import ask

from hybridsearch import HybridIndex
from hybridsearch.engines.cluster import versions
from hybridsearch.errors import EngineError, QueryError, RolloutError
from hybridsearch.indexing import trail
from hybridsearch.wiring.rollout import checks
from hybridsearch.wiring.rollout import roll_out as roll_out_module
from hybridsearch.wiring.rollout.older import roll_back
from hybridsearch.wiring.rollout.roll_out import Rolled, roll_out
from hybridsearch.wiring.rollout.wanted import Wanted


def test_a_load_with_a_checkpoint_goes_on_from_one_version_to_the_next(
    target: str, serving: HybridIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "PERSIST_SECONDS", 0.0)

    def source(*, ends: bool) -> Iterator[dict[str, Any]]:
        for n in range(2000):
            if n == 1000:
                roll_out(target, Wanted())
            if n == 1500 and ends:
                raise EndedError
            yield document(n, 1)

    checkpoint = tmp_path / "load"
    with pytest.raises(EndedError):
        serving.add(source(ends=True), checkpoint=checkpoint)
    roll_out(target, Wanted())
    with HybridIndex.open(target) as index:
        report = index.add((document(n, 1) for n in range(2000)), checkpoint=checkpoint)
        assert (report.indexed, report.resumed) == (2000, 1500)
        assert {fields["n"] for fields, _ in held(index).values()} == {1}
        assert index.count() == 2000


def test_a_load_with_a_checkpoint_does_not_go_on_over_a_rollback(
    target: str, serving: HybridIndex, tmp_path: Path
) -> None:
    """What came in between is in the newer version only."""

    def source() -> Iterator[dict[str, Any]]:
        yield document(1, 1)
        roll_out(target, Wanted())
        yield from (document(n, 1) for n in range(2, 600))
        roll_back(target)
        yield document(1000, 1)

    with pytest.raises(EngineError, match="or rolled back: add the source to it from the beg"):
        serving.add(source(), checkpoint=tmp_path / "load")


def test_of_two_roll_outs_at_a_time_the_later_goes_on(target: str, serving: HybridIndex) -> None:
    later: list[Rolled] = []

    def say(told: str) -> None:
        if told.startswith("loading"):
            serving.add([document(1000, 1)])
            later.append(roll_out(target, Wanted()))

    before = held(serving)
    with pytest.raises(RolloutError, match=r"another roll-out .* goes on with .*-000002 now"):
        roll_out(target, Wanted(), say=say)
    assert later[0].serving.endswith("-000002")
    with HybridIndex.open(target) as index:
        assert held(index).keys() == before.keys() | {"d01000"}


def test_of_two_first_loads_at_a_time_the_later_goes_on(target: str) -> None:
    later: list[Rolled] = []

    def wanted(value: int) -> Wanted:
        documents = [document(n, value) for n in range(300)]
        return Wanted(documents=documents, schema=SCHEMA, encoder="none", settings=SETTINGS)

    def say(told: str) -> None:
        if told.startswith("loading"):
            later.append(roll_out(target, wanted(2)))

    with pytest.raises(RolloutError, match=r"another roll-out .* goes on with .*-000001 now"):
        roll_out(target, wanted(1), say=say)
    assert later[0].serving.endswith("-000001")
    with HybridIndex.open(target) as index:
        assert [fields["n"] for fields, _ in held(index).values()] == [2] * 300


def test_a_first_version_does_not_serve_beside_another(target: str) -> None:
    """Two that begin at the same moment may not see each other's."""
    documents = [document(n) for n in range(300)]
    first = Wanted(documents=documents, schema=SCHEMA, encoder="none", settings=SETTINGS)

    def say(told: str) -> None:
        if told.startswith("loading"):
            url = f"http:{target.partition(':')[2]}"
            ask("PUT", f"{url}-000002", {"aliases": {url.rpartition("/")[2]: {}}})

    with pytest.raises(
        RolloutError, match=r"another roll-out .* has ended just now: .*-000002 serves"
    ):
        roll_out(target, first, say=say)
    assert list(ask("GET", f"http:{target.partition(':')[2]}")) == [
        f"{target.rpartition('/')[2]}-000002"
    ]


def test_a_document_alone_is_no_source(target: str) -> None:
    with pytest.raises(QueryError, match="put a single document into a list"):
        roll_out(target, Wanted(documents=document(1), schema=SCHEMA, encoder="none"))


def test_a_roll_out_that_holds_writes_gives_way_before_another_lets_them_through(
    target: str, serving: HybridIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = checks.check_complete
    later: list[Rolled] = []

    def another(*given: Any) -> None:
        complete(*given)
        monkeypatch.setattr(roll_out_module, "check_complete", complete)
        later.append(roll_out(target, Wanted(), say=say))

    def say(told: str) -> None:
        if told.startswith("going on"):
            serving.add([document(1000, 1)])

    monkeypatch.setattr(roll_out_module, "check_complete", another)
    before = held(serving)
    with pytest.raises(RolloutError, match="another roll-out"):
        roll_out(target, Wanted())
    assert len(later) == 1
    with HybridIndex.open(target) as index:
        assert held(index).keys() == before.keys() | {"d01000"}


def test_an_index_that_takes_no_writes_on_purpose_stays_so(
    target: str, serving: HybridIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http:{target.partition(':')[2]}/_settings"
    ask("PUT", url, {"index.blocks.write": True})
    with ending(monkeypatch, versions, "point"):
        roll_out(target, Wanted())
    settings = next(iter(ask("GET", url).values()))["settings"]["index"]
    assert settings["blocks"] == {"write": "true"}
    assert serving.count() == 300
