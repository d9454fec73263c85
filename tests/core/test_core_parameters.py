"""Thresholds that are set while trading: bounded, audited, gone by at once, and kept over restarts."""

from __future__ import annotations

import pytest
from core_builders import ALICE, Desk, config

from engine.core.records import Audited
from engine.wire.answers import StrategiesView
from engine.wire.questions import GetStrategies, SetParameter
from engine.wire.replies import Reply


def ready() -> Desk:
    return Desk(config(ask=0.5, act=0.8)).ready()


def put(desk: Desk, name: str, value: str, strategy: str = "headlines") -> Reply:
    return desk.ask(SetParameter(id=desk.new_id(), who=ALICE, strategy=strategy, name=name, value=value))[0]


def numbers(desk: Desk, strategy: str = "headlines") -> dict[str, tuple[str, str]]:
    """Return each parameter's value and default."""
    reply = desk.ask(GetStrategies(id=desk.new_id(), who=ALICE))[0]
    assert isinstance(reply.result, StrategiesView)
    (detail,) = [one for one in reply.result.strategies if one.strategy.name == strategy]
    return {one.name: (one.value, one.default) for one in detail.parameters}


def test_a_threshold_counts_from_the_next_signal_on_and_the_change_is_audited() -> None:
    desk = ready()
    desk.headline(0.4)
    assert not desk.engine.trading.proposals.open()
    assert put(desk, "ask", "0.35").ok
    desk.headline(0.4)
    (asked,) = desk.engine.trading.proposals.open()
    assert asked.signal.confidence == 0.4
    (audited,) = [record for record in desk.journal if isinstance(record, Audited)]
    assert (audited.who, audited.source) == ("U01ALICE", "slack")
    assert (audited.what, audited.before, audited.after) == ("parameter headlines.ask", "0.5", "0.35")


def test_a_stop_counts_for_the_next_signal() -> None:
    desk = ready()
    put(desk, "stop_pct", "5")
    desk.headline(0.6)
    (asked,) = desk.engine.trading.proposals.open()
    assert asked.signal.stop_ticks == 190_000


@pytest.mark.parametrize(
    ("strategy", "name", "value", "code"),
    [
        ("headlines", "ask", "0.81", "BAD_AMOUNT"),
        ("headlines", "ask", "nan", "BAD_AMOUNT"),
        ("headlines", "ask", "-1", "BAD_AMOUNT"),
        ("headlines", "stop_pct", "0", "BAD_AMOUNT"),
        ("headlines", "mode", "1", "NOT_FOUND"),
        ("headlines", "colour", "1", "NOT_FOUND"),
        ("sma_cross", "slow", "30", "BAD_REQUEST"),
        ("nobody", "ask", "0.5", "NOT_FOUND"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(strategy: str, name: str, value: str, code: str) -> None:
    """An ask above act, no number, out of bounds, no such number, fixed at the start, no such strategy."""
    desk = ready()
    before = numbers(desk)
    assert put(desk, name, value, strategy).code == code
    assert numbers(desk) == before
    assert not [record for record in desk.journal if isinstance(record, Audited)]


def test_a_bound_is_told_in_words() -> None:
    reply = put(ready(), "ask", "2")
    assert reply.text == "ask = 2 makes no sense: it has to be at most 1.0."


def test_a_change_is_kept_over_restarts_until_it_is_taken_back() -> None:
    desk = ready()
    put(desk, "ask", "0.123456")
    put(desk, "act", "0.7")
    put(desk, "act", "default")
    again = desk.restarted()
    assert numbers(again)["ask"] == ("0.123456", "0.5")
    assert numbers(again)["act"] == ("0.8", "0.8")


def test_a_change_that_no_longer_fits_the_file_is_told_and_not_taken() -> None:
    desk = ready()
    put(desk, "ask", "0.75")
    desk.config = config(ask=0.3, act=0.6)
    again = desk.restarted()
    assert numbers(again)["ask"] == ("0.3", "0.3")


def test_a_strategy_tells_its_last_signal_and_what_became_of_them() -> None:
    desk = ready()
    for score in (0.1, 0.6):
        desk.headline(score)
    reply = desk.ask(GetStrategies(id="q", who=ALICE))[0]
    assert isinstance(reply.result, StrategiesView)
    (detail,) = [one for one in reply.result.strategies if one.strategy.name == "headlines"]
    assert (detail.strategy.ignored, detail.strategy.asked, detail.strategy.acted) == (1, 1, 0)
    assert detail.last_signal == "buy ETHUSDT at 2000.00, confidence 0.60"
