"""Sizes: each way rounds down, is clamped by the gate, and refuses to guess where what it rests on is missing."""

from __future__ import annotations

from typing import Any

import pytest
from core_builders import ALICE, ETH, LIMITS, T0, Desk, config, facts, instrument, sent, told
from hypothesis import given
from hypothesis import strategies as st

from engine.core.config import Limits, Sizing
from engine.core.instrument import E8
from engine.core.portfolio import RoundTrip
from engine.core.risk import Gate
from engine.core.sizing import NO_RECORD, Record, Sized, record_of, size_entry
from engine.core.types import Candle, TradeId
from engine.core.volatility import true_range_ticks
from engine.wire import events
from engine.wire.commands import Decide

MINUTE = 60_000_000_000
WIDE = Gate(Limits(max_order_pct=50.0, max_position_pct=50.0, max_gross_pct=50.0))
PRICE = 200_000


def with_candles(count: int, high: int = 200_500, low: int = 199_500, close: int = PRICE) -> Any:
    """Facts whose market has so many finished candles of a range of 10.00, and one that is being made."""
    now = facts()
    for i in range(count + 1):
        now.market.on_candle(Candle(ETH, T0 + i * MINUTE, MINUTE, PRICE, high, low, close, 5))
    return now


def trip(origin: str, cost: int, proceeds: int) -> RoundTrip:
    made = RoundTrip(TradeId("t"), instrument(), origin, T0)
    made.cost_e8, made.proceeds_e8 = cost * E8, proceeds * E8
    return made


@pytest.mark.parametrize(
    ("sizing", "lots"),
    [
        (Sizing(), 0),
        (Sizing(method="fixed", fixed_quote=250.0), 1250),
        (Sizing(method="fixed", fixed_quote=0.3), 1),
        (Sizing(method="percent", percent=2.5), 12_500),
        (Sizing(method="volatility", atr_bars=5, atr_multiple=2.0), 250_000),
        (Sizing(method="kelly", kelly_part=0.25, kelly_most_pct=10.0), 24_999),
        (Sizing(method="kelly", kelly_part=0.25, kelly_most_pct=3.0), 15_000),
    ],
)
def test_a_size_is_what_its_way_says_rounded_down(sizing: Sizing, lots: int) -> None:
    """At 2000.00 and 100,000 of equity: 0.5 % over two ranges of 10.00 is 25 ETH; 60 % won at even odds bets 20 %,
    of which a quarter, rounded down from what floats make of it."""
    record = Record(100, 60, 2.0, 2.0)
    size = size_entry(sizing, PRICE, with_candles(6), WIDE, record)
    assert size == Sized(min(lots, WIDE.largest_lots(facts())), "")


def test_no_way_passes_by_the_limits() -> None:
    """One order may be 1 % of equity at the collar's price, whatever a strategy would like."""
    gate, now = Gate(LIMITS), with_candles(20)
    most = gate.largest_lots(now)
    for method in ("fixed", "percent", "volatility", "kelly"):
        most_of_all = {"fixed_quote": 1e9, "percent": 100.0, "kelly_part": 1.0, "kelly_most_pct": 100.0}
        greedy = Sizing(method=method, atr_multiple=0.01, **most_of_all)  # type: ignore[arg-type]
        assert size_entry(greedy, PRICE, now, gate, Record(100, 90, 5.0, 1.0)) == Sized(most)


@pytest.mark.parametrize(
    ("sizing", "record", "candles"),
    [
        (Sizing(method="volatility", atr_bars=14), NO_RECORD, 14),
        (Sizing(method="kelly"), Record(100, 30, 1.0, 1.0), 0),
        (Sizing(method="kelly"), Record(100, 100, 1.0, 0.0), 0),
        (Sizing(method="fixed", fixed_quote=0.0001), NO_RECORD, 0),
    ],
)
def test_what_can_not_be_sized_says_why(sizing: Sizing, record: Record, candles: int) -> None:
    """Too few candles, a record that loses or has never lost, and less than one lot."""
    lots, why = size_entry(sizing, PRICE, with_candles(candles), WIDE, record)
    assert (lots, why.partition(":")[0]) == (0, "SIZE")


def test_a_flat_market_has_no_volatility_to_size_by() -> None:
    flat = with_candles(20, PRICE, PRICE)
    assert size_entry(Sizing(method="volatility"), PRICE, flat, WIDE, NO_RECORD).why_not.startswith("SIZE")


def test_a_short_record_is_sized_by_risk() -> None:
    """Kelly's rule on a handful of trades would bet on chance."""
    sizing, record = Sizing(method="kelly", kelly_trades=30), Record(29, 20, 2.0, 1.0)
    assert size_entry(sizing, PRICE, facts(), WIDE, record) == Sized(0)


def test_the_true_range_counts_a_gap_between_two_candles() -> None:
    """A candle of no height that opens 50.00 above the last close has a range of 50.00."""
    now = facts()
    for i, close in enumerate((PRICE, PRICE + 5_000, PRICE + 5_000, PRICE)):
        now.market.on_candle(Candle(ETH, T0 + i * MINUTE, MINUTE, close, close, close, close, 5))
    assert true_range_ticks(now.market, 2) == 2_500.0
    assert true_range_ticks(now.market, 3) == 0.0


def test_a_record_counts_the_strategys_own_trades_only() -> None:
    closed = [
        trip("strategy:order_flow", 100, 110),
        trip("strategy:order_flow", 100, 95),
        trip("strategy:order_flow", 100, 100),
        trip("strategy:sma_cross", 100, 200),
        trip("slack:U01ALICE", 100, 200),
    ]
    record = record_of("order_flow", closed)
    assert record == Record(3, 1, 10.0, 2.5)
    assert record.kelly() == pytest.approx(1 / 3 - (2 / 3) * 2.5 / 10.0)


@given(
    st.integers(0, 200),
    st.integers(0, 200),
    st.floats(0.0, 1e3, allow_nan=False),
    st.floats(0.0, 1e3, allow_nan=False),
    st.integers(1, 10**9),
    st.sampled_from(["fixed", "percent", "volatility", "kelly"]),
)
def test_a_size_never_exceeds_what_the_gate_allows(
    trades: int, won: int, win: float, loss: float, price: int, method: str
) -> None:
    """Whatever the record says."""
    gate, now = Gate(LIMITS), with_candles(15)
    sized = size_entry(Sizing(method=method), price, now, gate, Record(trades, min(won, trades), win, loss))  # type: ignore[arg-type]
    assert 0 <= sized.lots <= gate.largest_lots(now)
    assert not sized.lots or not sized.why_not


# ---------------------------------------------------------------- through the bands


def acting(**sizing: Any) -> list[Any]:
    """Return what a strategy that is sized so does about a headline that it acts on."""
    return Desk(config(sizing=Sizing(**sizing))).ready().headline(0.95)


def test_an_automatic_entry_has_the_size_that_its_strategy_is_set_to() -> None:
    """100 USDT at 2000.00 are 0.05 ETH."""
    actions = acting(method="fixed", fixed_quote=100.0)
    assert [order.qty_lots for order in sent(actions)] == [500]


def test_an_entry_that_can_not_be_sized_is_refused_and_says_why() -> None:
    actions = acting(method="volatility", atr_bars=14)
    assert sent(actions) == []
    refused = told(actions, events.SignalActed)[0].proposal
    assert (refused.state, refused.outcome.partition(":")[0]) == ("refused", "SIZE")


def test_a_click_is_sized_the_same_way() -> None:
    """An alert shows the size, and the click on it buys that."""
    desk = Desk(config(sizing=Sizing(method="fixed", fixed_quote=100.0))).ready()
    proposal = told(desk.headline(0.7), events.ProposalOpened)[0].proposal
    assert proposal.qty == "0.0500"
    click = Decide(id="c", who=ALICE, proposal_id=proposal.proposal_id, fingerprint=proposal.fingerprint, choice="buy")
    assert [order.qty_lots for order in sent(desk.ask(click)[1])] == [500]
