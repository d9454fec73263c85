"""The breakers (C9): just inside a loss nothing happens, just outside entries are barred, further out trading halts."""

from __future__ import annotations

from typing import Any

import pytest
from core_builders import ALICE, ETH, Desk, S, codes, config, sent, written
from hypothesis import given
from hypothesis import strategies as st

from engine.core.bars import Bars, Lock
from engine.core.config import Breakers, Limits, TradingConfig
from engine.core.records import Refused
from engine.core.safeguard_records import BreakersReset, Tripped
from engine.core.types import OrderState
from engine.wire.commands import Close, GetRisk, LockSymbol, ResetBreakers

WIDE = Limits(max_order_pct=100.0, max_position_pct=100.0, max_gross_pct=100.0, orders_per_s=1000)
DAY_S = 86_400


def desk(**breakers: Any) -> Desk:
    """A desk with half of 100,000 in ETH at 2000.00, 25 of them, and a stop far below."""
    made = TradingConfig(mode="auto", limits=WIDE, breakers=Breakers(**breakers), strategies=config().strategies)
    ready = Desk(made).ready()
    ready.holding("50000", stop_pct=90.0, target_pct=900.0)
    ready.wait(2.1)
    ready.price(2000.0)
    return ready


def falls_to(ready: Desk, price: float) -> list[Any]:
    """Let the market move, and the timer look."""
    actions = ready.price(price)
    return actions + ready.wait(0.1)


def lose(ready: Desk, price: float = 1990.0) -> None:
    """Close what is held at a loss, and come back to 2000.00."""
    ready.price(price)
    for order in sent(ready.ask(Close(id=ready.new_id(), who=ALICE, symbol="eth"))[1]):
        ready.fill(order)
    ready.wait(2.0)
    ready.price(2000.0)


@pytest.mark.parametrize(
    ("settings", "inside", "outside", "code"),
    [
        ({"daily_loss_pct": 2.0}, 1920.01, 1920.0, "C9_DAILY_LOSS"),
        ({"daily_loss_pct": 100.0, "drawdown_pct": 3.0}, 1880.01, 1880.0, "C9_DRAWDOWN"),
    ],
)
def test_a_loss_bars_entries_and_lets_exits_through(
    settings: dict[str, float], inside: float, outside: float, code: str
) -> None:
    """25 ETH that fall by 80.00 cost 2,000 of 100,000, and positions count at their bid."""
    ready = desk(**settings)
    assert codes(falls_to(ready, inside + 0.01)) == []
    assert ready.buy("100")[0].ok
    assert codes(falls_to(ready, outside)) == [code]
    reply, actions = ready.buy("100")
    assert (reply.code, sent(actions)) == (code, [])
    assert [r.refusal.code for r in written(actions) if isinstance(r, Refused)] == [code]
    assert ready.engine.trading.is_armed
    assert ready.ask(Close(id="c", who=ALICE, symbol="eth"))[0].ok


def test_a_larger_loss_halts_as_well() -> None:
    """From one and a half times the limit on; told once."""
    ready = desk(daily_loss_pct=2.0, halt_at=1.5)
    falls_to(ready, 1900.0)
    assert ready.engine.trading.is_armed
    assert codes(falls_to(ready, 1880.0)) == ["C9_DAILY_LOSS"]
    assert not ready.engine.trading.is_armed
    assert codes(falls_to(ready, 1870.0)) == []
    assert ready.ask(Close(id="c", who=ALICE, symbol="eth"))[0].ok


def test_what_has_tripped_holds_when_the_price_comes_back_at_midnight_and_over_a_restart() -> None:
    ready = desk(daily_loss_pct=2.0)
    falls_to(ready, 1900.0)
    falls_to(ready, 2100.0)
    ready.wait(DAY_S)
    ready.price(2100.0)
    assert ready.buy("100")[0].code == "C9_DAILY_LOSS"
    again = ready.restarted()
    assert again.engine.trading.bars.tripped.keys() == {"C9_DAILY_LOSS"}
    assert again.engine.trading.bars.day_e8 == ready.engine.trading.bars.day_e8


def test_a_new_day_measures_from_its_own_beginning() -> None:
    """Twice 1.5 %, on two days, are not 3 % of one."""
    ready = desk(daily_loss_pct=2.0)
    falls_to(ready, 1940.0)
    ready.wait(DAY_S)
    assert codes(falls_to(ready, 1880.0)) == []
    assert codes(falls_to(ready, 1850.0)) == ["C9_DAILY_LOSS"]


def test_only_a_reset_with_a_reason_lets_entries_go_on_and_losses_count_from_there() -> None:
    ready = desk(daily_loss_pct=2.0)
    falls_to(ready, 1900.0)
    told = ready.engine.people.breakers.reset("cli:ann", "seen, it was the listing")
    actions = ready.keep(ready.engine.trading.take())
    assert told[0].startswith("limit=2.00% loss=2.5")
    assert [type(record) for record in written(actions)] == [BreakersReset]
    assert ready.buy("100")[0].ok
    assert codes(falls_to(ready, 1890.0)) == []
    assert ready.restarted().engine.trading.bars.tripped == {}


def test_losses_in_a_row_bar_entries_and_a_win_ends_the_row() -> None:
    ready = desk(losses=3, daily_loss_pct=100.0, drawdown_pct=100.0, cooldown_s=0.0)
    lose(ready)
    for price in (1990.0, 2010.0, 1990.0, 1990.0):
        ready.holding("1000", stop_pct=90.0, target_pct=900.0)
        lose(ready, price)
    assert not ready.engine.trading.bars.tripped
    ready.holding("1000", stop_pct=90.0, target_pct=900.0)
    lose(ready)
    assert ready.engine.trading.bars.tripped == {"C9_LOSS_STREAK": "limit=3 losses=3 in a row"}
    assert ready.buy("100")[0].code == "C9_LOSS_STREAK"
    assert any(isinstance(record, Tripped) for record in ready.journal)


def test_a_symbol_cools_down_after_a_loss_also_over_a_restart() -> None:
    ready = desk(cooldown_s=60.0)
    lose(ready)
    assert ready.buy("100")[0].code == "C9_COOL_DOWN"
    again = ready.restarted()
    assert again.engine.trading.bars.of(ETH, again.now_ns)[0] == "C9_COOL_DOWN"
    ready.wait(58.1)
    ready.price(2000.0)
    assert ready.buy("100")[0].ok
    assert not ready.engine.trading.bars.are_any


@pytest.mark.parametrize(("waited_s", "left"), [(0.0, 60), (1.0, 59), (59.0, 1), (59.7, 1), (59.999, 1)])
def test_what_is_barred_still_is_never_said_to_be_over(waited_s: float, left: int) -> None:
    """Whole seconds, rounded up, of a rest after a loss and of a lock alike."""
    bars, now_ns = Bars(), 60 * S
    bars.locks[ETH] = Lock(now_ns + 60 * S, "slack:U01ALICE", "")
    assert bars.of(ETH, now_ns + int(waited_s * S)) == ("C9_LOCKED", f"symbol=ETHUSDT by=slack:U01ALICE left={left}s")
    bars.cooling[ETH] = now_ns + 60 * S
    assert bars.of(ETH, now_ns + int(waited_s * S)) == ("C9_COOL_DOWN", f"left={left}s after a loss in ETHUSDT")


def test_a_locked_symbol_has_no_entries_until_its_time_is_over() -> None:
    ready = Desk(config(WIDE)).ready()
    breakers = ready.engine.people.breakers
    breakers.lock(ETH, ready.now_ns + 3600 * S, "slack:U01ALICE", "unlock event")
    ready.keep(ready.engine.trading.take())
    reply = ready.buy("100")[0]
    assert (reply.code, "unlock event" in reply.text) == ("C9_LOCKED", True)
    assert ready.restarted().engine.trading.bars.of(ETH, ready.now_ns)[0] == "C9_LOCKED"
    breakers.lock(ETH, 0, "slack:U01ALICE", "")
    assert ready.buy("100")[0].ok


@given(st.lists(st.sampled_from([1700.0, 1880.0, 1919.0, 1950.0, 2000.0, 2200.0, -1.0]), max_size=25))
def test_no_entry_leaves_while_a_loss_is_above_its_limit(prices: list[float]) -> None:
    """Whatever the market does, with restarts in between (-1)."""
    ready = desk(daily_loss_pct=2.0, drawdown_pct=5.0, cooldown_s=0.0)
    for price in prices:
        if price < 0:
            ready = ready.restarted()
            for order in list(ready.engine.trading.orders.working()):
                ready.execute(order.approved, OrderState.EXPIRED)
            ready.wait(5.0)
            ready.ready()
            continue
        falls_to(ready, price)
        bars, equity = ready.engine.trading.bars, ready.engine.trading.equity_e8()
        reply, actions = ready.buy("100")
        if sent(actions):
            assert not bars.tripped
            assert equity > bars.day_e8 * 0.98 - 1
            assert equity > bars.peak_e8 * 0.95 - 1
            ready.execute(sent(actions)[0], OrderState.EXPIRED)
        assert reply.ok or bars.tripped


# ---------------------------------------------------------------- what people type


def test_risk_shows_the_limits_and_what_has_tripped_and_only_a_reason_resets_it() -> None:
    ready = desk(daily_loss_pct=2.0, cooldown_s=60.0)
    assert ready.ask(ResetBreakers(id="0", who=ALICE, reason="x"))[0].code == "NOT_FOUND"
    falls_to(ready, 1900.0)
    view: Any = ready.ask(GetRisk(id="1", who=ALICE))[0].result
    used = {(row.code, row.name): row.used for row in view.limits}
    assert used["C9", "daily_loss_pct"].startswith("2.5")
    assert used["C3", "max_gross_pct"] == "47,499.75"
    assert [words.partition(":")[0] for words in view.tripped] == ["C9_DAILY_LOSS"]
    assert ready.ask(ResetBreakers(id="2", who=ALICE, reason=" "))[0].code == "BAD_REQUEST"
    reply = ready.ask(ResetBreakers(id="3", who=ALICE, reason="seen"))[0]
    assert reply.text.endswith("Losses count from here on. Trading is armed.")
    assert ready.buy("100")[0].ok


def test_a_symbol_is_locked_and_unlocked_in_words() -> None:
    ready = Desk(config(WIDE)).ready()
    reply = ready.ask(LockSymbol(id="1", who=ALICE, symbol="eth", seconds=3600.0, reason="the unlock"))[0]
    assert reply.text == "ETHUSDT has no entries for 60 min; closes and exits go on."
    assert ready.buy("100")[0].code == "C9_LOCKED"
    view: Any = ready.ask(GetRisk(id="2", who=ALICE))[0].result
    assert [(lock.symbol, lock.left_s, lock.why) for lock in view.locks] == [
        ("ETHUSDT", 3600.0, "C9_LOCKED: slack:U01ALICE the unlock")
    ]
    assert ready.ask(LockSymbol(id="3", who=ALICE, symbol="eth", seconds=0.0))[0].ok
    assert ready.buy("100")[0].ok
    for seconds in (-1.0, float("nan"), 1e9):
        assert (
            ready.ask(LockSymbol(id=f"x{seconds}", who=ALICE, symbol="eth", seconds=seconds))[0].code == "BAD_REQUEST"
        )
