"""Roll-outs and rollbacks that end midway, and what the next run makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from rolled_out import SCHEMA, SETTINGS, EndedError, document, ending, held
from servers.ask import ask

from hybridsearch import HybridIndex
from hybridsearch.engines.cluster import versions
from hybridsearch.wiring.rollout.catching_up import Caught
from hybridsearch.wiring.rollout.older import prune, roll_back
from hybridsearch.wiring.rollout.roll_out import roll_out
from hybridsearch.wiring.rollout.under_way import UnderWay
from hybridsearch.wiring.rollout.wanted import Wanted


def test_what_came_and_went_around_a_roll_out_that_was_ended_stays_away(
    target: str, serving: HybridIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came to the new version, and is in neither view of the next run's."""
    up = Caught.up

    def ended_after(caught: Caught, *entries: Any) -> None:
        up(caught, *entries)
        raise EndedError

    def say(told: str) -> None:
        if told.startswith("loading"):
            serving.add([document(1000, 1)])

    with ending(monkeypatch, Caught, "up", ended_after):
        roll_out(target, Wanted(), say=say)
    serving.delete("d01000")
    before = held(serving)
    roll_out(target, Wanted())
    with HybridIndex.open(target) as index:
        assert held(index) == before


def test_a_roll_out_that_ends_right_after_the_switch_can_be_rolled_back(
    target: str, serving: HybridIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = held(serving)
    point = versions.point

    def point_and_end(*given: Any) -> Any:
        yield from point(*given)
        raise EndedError

    with ending(monkeypatch, versions, "point", point_and_end):
        roll_out(target, Wanted())
    assert [name[-6:] for name in roll_back(target)] == ["000001", "000002"]
    with HybridIndex.open(target) as index:
        assert held(index) == before
        index.add([document(1)])


def test_an_index_itself_gives_way_to_the_next_run_where_the_switch_failed(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HybridIndex.create(target, schema=SCHEMA, encoder=None, settings=SETTINGS) as index:
        index.add([document(n) for n in range(50)])
        with ending(monkeypatch, versions, "replace_index"):
            roll_out(target, Wanted(replace_index=True))
        index.add([document(50)])
        before = held(index)
    roll_out(target, Wanted(replace_index=True))
    roll_back(target)
    with HybridIndex.open(target) as index:
        assert held(index) == before


@pytest.mark.usefixtures("serving")
def test_a_rollback_that_fails_leaves_the_version_that_serves_writable(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    roll_out(target, Wanted())
    with ending(monkeypatch, versions, "point"):
        roll_back(target)
    with HybridIndex.open(target, connection={"write_timeout": 5.0}) as index:
        assert index.add([document(1)]).indexed == 1


@pytest.mark.usefixtures("serving")
def test_pruning_keeps_the_version_to_roll_back_to_before_others(target: str) -> None:
    second = roll_out(target, Wanted()).serving
    first, _ = roll_back(target)
    assert roll_out(target, Wanted()).before == first
    assert prune(target, keep=1) == (second,)
    assert roll_back(target)[0] == first


def test_an_alias_of_an_index_of_another_name_is_rolled_out_and_back(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, address = target.split(":", 1)
    url, _, name = f"http:{address}".rpartition("/")
    with HybridIndex.create(
        f"{engine}:{address}_v1", schema=SCHEMA, encoder=None, settings=SETTINGS
    ) as index:
        index.add([document(n) for n in range(50)])
        before = held(index)
    action = {"add": {"index": f"{name}_v1", "alias": name}}
    ask("POST", f"{url}/_aliases", {"actions": [action]})
    with ending(monkeypatch, versions, "point"):
        roll_out(target, Wanted())
    rolled = roll_out(target, Wanted())
    assert (rolled.before, rolled.serving) == (f"{name}_v1", f"{name}-000001")
    assert roll_back(target) == (f"{name}_v1", f"{name}-000001")
    assert prune(target, keep=0) == ()
    with HybridIndex.open(target) as index:
        assert held(index) == before


def test_a_version_that_served_and_was_rolled_back_is_not_gone_on_with(
    target: str, serving: HybridIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where its roll-out was ended right after it began to serve."""
    before = held(serving)
    with ending(monkeypatch, UnderWay, "note_end"):
        roll_out(target, Wanted())
    serving.add([document(1000)])
    roll_back(target)
    assert roll_out(target, Wanted()).serving.endswith("-000003")
    with HybridIndex.open(target) as index:
        assert held(index) == before
