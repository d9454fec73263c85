"""A pair that can't be made flat within its limit: told each minute with its price, closed when a person says so."""

from __future__ import annotations

import pytest
from core_builders import ALICE, S
from pair_bench import Two, pair_config

from engine.core.instrument import parse_e8
from engine.core.pairs.pair import Pair
from engine.core.types import BUY, SELL
from engine.wire.commands import Acknowledge, Command
from engine.wire.events import AlarmChanged
from engine.wire.pairs import ClosePair
from engine.wire.replies import Reply
from engine.wire.safeguard_views import AlarmView


def stuck(price: float = 1980.0) -> tuple[Two, Pair]:
    """A pair whose sale was rejected, on books that have fallen so far that unwinding it loses more than it may."""
    two = Two(pair_config(loss_pct=0.5, mend_s=1.0))
    two.far.local.fault = "reject"
    two.once((2000.0, 2010.0))
    two.lay((price, price))
    keep(two, price, 3.0)
    (pair,) = two.desk.open.values()
    return two, pair


def keep(two: Two, price: float, seconds: float) -> None:
    """Let time pass on books that stay where they are, and fresh."""
    for _ in range(int(seconds * 2)):
        two.now_ns += S // 2
        for stand in two.stands:
            stand.until(two.now_ns)
        two.lay((price, price))
        two.look()


def alarm(two: Two) -> AlarmView:
    """Return the alarm as it was told last."""
    return [event.alarm for event in two.near.told if isinstance(event, AlarmChanged)][-1]


def say(two: Two, command: Command) -> Reply:
    """Say something to the first core, and let both do what comes of it."""
    reply = two.near.on_command(command)  # type: ignore[arg-type]
    two.do()
    return reply


def test_the_alarm_says_what_closing_costs_and_comes_again_each_minute_until_it_is_flat() -> None:
    two, pair = stuck()
    assert (alarm(two).code, alarm(two).subject) == ("PAIR_SHORT", pair.pair_id)
    first = parse_e8(alarm(two).closing_loss.removesuffix(" USDT"))
    assert first == pytest.approx(0.011 * pair.value_e8, rel=0.2)
    say(two, Acknowledge(id="a", who=ALICE, alarm="PAIR_SHORT"))
    assert alarm(two).acknowledged_by
    keep(two, 1960.0, 70.0)
    assert not alarm(two).acknowledged_by, "it is another alarm, and somebody has to acknowledge that too"
    assert parse_e8(alarm(two).closing_loss.removesuffix(" USDT")) > first
    assert len(two.near.notices("PAIR_SHORT")) == 2
    keep(two, 2005.0, 3.0)
    assert not two.desk.open
    two.squared()


def test_nothing_new_is_begun_meanwhile() -> None:
    two, pair = stuck()
    taken = two.desk.taken
    two.once((1980.0, 1995.0))
    assert two.desk.taken == taken
    assert two.desk.bar == "a pair in ETHUSDT is not flat, and would lose more than it may"
    assert pair.told_ns


@pytest.mark.parametrize("word", ["id", "symbol"])
def test_one_click_closes_it_at_about_the_price_that_was_shown(word: str) -> None:
    two, pair = stuck()
    loss = alarm(two).closing_loss.removesuffix(" USDT")
    reply = say(two, ClosePair(id="c", who=ALICE, pair=pair.pair_id if word == "id" else "eth", most_loss=loss))
    assert reply.ok, reply
    assert "Selling" in reply.text
    keep(two, 1980.0, 2.0)
    assert (two.desk.open, pair.net_e8) == ({}, 0)
    assert -pair.money_e8 == pytest.approx(parse_e8(loss), rel=0.01)
    assert [order.approved.origin for _, order in pair.legs][-1] == "slack:U01ALICE"
    two.squared()
    again = say(two, ClosePair(id="d", who=ALICE, pair=pair.pair_id, most_loss=loss))
    assert (again.ok, again.code) == (False, "NOT_FOUND")


def test_where_it_has_become_dearer_than_was_shown_nothing_is_done_but_telling_the_new_price() -> None:
    two, pair = stuck()
    loss = alarm(two).closing_loss.removesuffix(" USDT")
    keep(two, 1960.0, 1.0)
    orders = len(pair.legs)
    reply = say(two, ClosePair(id="c", who=ALICE, pair=pair.pair_id, most_loss=loss))
    assert (reply.ok, reply.code, len(pair.legs)) == (False, "CHANGED", orders)
    dearer = alarm(two).closing_loss.removesuffix(" USDT")
    assert parse_e8(dearer) > parse_e8(loss)
    assert say(two, ClosePair(id="d", who=ALICE, pair=pair.pair_id, most_loss=dearer)).ok
    keep(two, 1960.0, 2.0)
    assert (two.desk.open, pair.net_e8) == ({}, 0)
    two.squared()


def test_typed_without_an_amount_only_the_collar_counts() -> None:
    two, pair = stuck(1962.0)
    assert say(two, ClosePair(id="c", who=ALICE, pair="ETHUSDT")).ok
    keep(two, 1962.0, 2.0)
    assert pair.net_e8 == 0
    sold = [order for _, order in pair.legs if order.approved.side is SELL and order.filled_lots]
    assert all(order.approved.price_ticks >= 1962_00 * 97 // 100 for order in sold)
    assert any(order.approved.side is BUY for _, order in pair.legs)


def test_nonsense_and_strangers_change_nothing() -> None:
    two, pair = stuck()
    orders = len(pair.legs)
    for name, most_loss, code in (("eth", "much", "BAD_AMOUNT"), ("NOPE", "", "BAD_SYMBOL")):
        reply = say(two, ClosePair(id=name + most_loss, who=ALICE, pair=name, most_loss=most_loss))
        assert (reply.ok, reply.code) == (False, code)
    assert len(pair.legs) == orders
