"""Realised is what sales made over the cost of what they sold, unrealised what the rest would make: by hand, to the
cent, at every place that shows either."""

from __future__ import annotations

from itertools import pairwise

import pytest
from core_builders import ALICE, E8, ETH, T0, Desk, S, approved, config, instrument, sent, told, written
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.core.account import Balance
from engine.core.actions import Action
from engine.core.kept import decode_kept, encode_kept
from engine.core.orders import Fill
from engine.core.portfolio import Portfolio, RoundTrip
from engine.core.types import ClientOrderId, Side
from engine.wire import events, questions
from engine.wire.answers import PnlView, RoundTripsView
from engine.wire.commands import BuyExits, Close, GetPositions
from engine.wire.digest import DigestView
from engine.wire.questions import PeriodName
from engine.wire.views import PositionsView

IT = instrument()
DAY_NS = 86_400 * S
CENT = E8 // 100


def portfolio() -> Portfolio:
    made = Portfolio("USDT")
    made.on_balances((Balance("USDT", 10_000 * E8, 0),))
    return made


def take(held: Portfolio, side: Side, eth: float, price: float, fee: float = 0.0, at_ns: int = T0) -> RoundTrip:
    """Fill 0.0001 ETH or more; the fee in USDT."""
    made = Fill(ETH, ClientOrderId("t"), side, 1, round(eth * 1e4), round(price * 100), round(fee * E8), "USDT", at_ns)
    return held.on_fill(made, approved(side=side), IT)


def test_partial_sales_at_other_prices_with_fees_and_a_buy_between_them() -> None:
    """1 ETH for 2002.00. 0.4 sold for 839.16, which had cost 800.80; 0.3 for 659.34, which had cost 600.60; 0.3 more
    bought for 570.57; the 0.6 that are left, which cost 1171.17, sold for 1168.83."""
    held = portfolio()
    trip = take(held, Side.BUY, 1.0, 2000.0, 2.0)
    assert (trip.realised_e8(), trip.unrealised_e8(199_000)) == (0, -12 * E8)
    take(held, Side.SELL, 0.4, 2100.0, 0.84)
    assert (trip.realised_e8(), trip.open_cost_e8) == (3836 * CENT, 120_120 * CENT)
    assert trip.unrealised_e8(199_000) == -720 * CENT, "0.6 at 1990 is 1194.00"
    take(held, Side.SELL, 0.3, 2200.0, 0.66)
    assert (trip.realised_e8(), trip.open_cost_e8) == (9710 * CENT, 60_060 * CENT)
    take(held, Side.BUY, 0.3, 1900.0, 0.57)
    assert (trip.realised_e8(), trip.open_cost_e8) == (9710 * CENT, 117_117 * CENT)
    assert trip.unrealised_e8(200_000) == 2883 * CENT, "0.6 at 2000 is 1200.00"
    assert held.realised_e8 == 9710 * CENT
    take(held, Side.SELL, 0.6, 1950.0, 1.17)
    assert (trip.realised_e8(), trip.unrealised_e8(200_000)) == (9476 * CENT, 0)
    assert held.realised_e8 == trip.pnl_e8(0) == 9476 * CENT


def test_a_fee_in_coins_is_a_loss_of_what_is_left() -> None:
    """1 ETH for 2000.00, of which 0.001 went: 0.999 at 2000 is 1998.00. Half of it sold is half of that loss."""
    held = portfolio()
    bought = Fill(ETH, ClientOrderId("t"), Side.BUY, 1, 10_000, 200_000, E8 // 1000, "ETH", T0)
    trip = held.on_fill(bought, approved(), IT)
    assert (trip.realised_e8(), trip.unrealised_e8(200_000)) == (0, -2 * E8)
    take(held, Side.SELL, 0.4995, 2000.0)
    assert (trip.realised_e8(), trip.unrealised_e8(200_000)) == (-1 * E8, -1 * E8)


def test_what_the_venue_does_not_have_was_lost_and_not_sold() -> None:
    """1 ETH for 2000.00 of which 0.25 are gone: 500.00 lost; the rest unrealised. Dust that nobody can sell is lost."""
    held = portfolio()
    trip = take(held, Side.BUY, 1.0, 2000.0)
    held.shrink_to(trip, 3 * E8 // 4, T0)
    assert (trip.realised_e8(), trip.unrealised_e8(210_000)) == (-500 * E8, 75 * E8)
    held.shrink_to(trip, IT.lot_e8 // 2, T0)
    assert (trip.realised_e8(), held.realised_e8, trip.unrealised_e8(210_000)) == (-2000 * E8, -2000 * E8, 0)


_FILLS = st.lists(
    st.tuples(st.booleans(), st.integers(1, 50_000), st.integers(1, 500_000), st.integers(0, 1000)), max_size=30
)


@given(_FILLS)
def test_both_together_are_the_profit_whatever_was_traded(fills: list[tuple[bool, int, int, int]]) -> None:
    """And no part of the cost is counted twice: what is open never cost more than all."""
    held = portfolio()
    for number, (is_buy, lots, ticks, fee_ppm) in enumerate(fills):
        lots = lots if is_buy else min(lots, held.position_lots(ETH))
        if not lots:
            continue
        fee_e8 = IT.notional_e8(ticks, lots) * fee_ppm // 1_000_000
        side = Side.BUY if is_buy else Side.SELL
        at_ns = T0 + number * 20 * S
        trip = held.on_fill(
            Fill(ETH, ClientOrderId("t"), side, 1, lots, ticks, fee_e8, "USDT", at_ns), approved(side=side), IT
        )
        assert trip.realised_e8() + trip.unrealised_e8(ticks) == trip.pnl_e8(ticks)
        assert 0 <= trip.open_cost_e8 <= trip.cost_e8
        assert len({ts_ns // (60 * S) for ts_ns, _ in trip.sales}) == len(trip.sales)
        assert all(one <= other for (one, _), (other, _) in pairwise(trip.sales))
    assert held.realised_e8 == sum(trip.realised_e8() for trip in held.trips())


# ---------------------------------------------------------------- as it is shown


def partly(desk: Desk) -> list[Action]:
    """Buy 0.4 ETH at 2000, sell half of it by its first target at 2040, and be at 2100 for the rest: 8 and 20 made."""
    desk.price(2000.0)
    entry = sent(desk.buy("800", exits=BuyExits(steps=((2.0, 50.0),), target=False))[1])[0]
    desk.fill(entry, 2000.0)
    (half,) = sent(desk.price(2040.01) + desk.wait(1.0))
    assert half.origin.startswith("exit:take_profit")
    actions = desk.fill(half, 2040.0)
    desk.price(2100.01)
    desk.wait(1.0)
    return actions


def pnl(desk: Desk, period: PeriodName = "all") -> PnlView:
    """What `/pnl` shows."""
    view = desk.ask(questions.GetPnl(id=desk.new_id(), who=ALICE, period=period))[0].result
    assert isinstance(view, PnlView)
    return view


def positions(desk: Desk) -> PositionsView:
    """What `/positions`, App Home and the snapshot show."""
    view = desk.ask(GetPositions(id=desk.new_id(), who=ALICE))[0].result
    assert isinstance(view, PositionsView)
    return view


def test_every_place_tells_the_sold_and_the_open_part_apart() -> None:
    """0.2 at 2040 and 0.2 at the bid of 2100, both bought at 2000: 8.00 realised, 20.00 unrealised, 28.00 together."""
    desk = Desk(config()).ready()
    actions = partly(desk)
    now = positions(desk)
    assert (now.realised_quote, now.unrealised_quote) == ("8.00", "20.00")
    (trade,) = now.positions
    assert (trade.pnl_quote, trade.realised_quote, trade.pnl_pct) == ("28.00", "8.00", pytest.approx(3.5))
    total = pnl(desk).total
    assert (total.realised_quote, total.unrealised_quote, total.trades) == ("8.00", "20.00", 0)
    digest = desk.ask(questions.GetDigest(id=desk.new_id(), who=ALICE, period="day"))[0].result
    assert isinstance(digest, DigestView)
    assert (digest.pnl.total.realised_quote, digest.pnl.total.unrealised_quote) == ("8.00", "20.00")
    assert digest.positions[0].realised_quote == "8.00"
    trips = desk.ask(questions.GetTrades(id=desk.new_id(), who=ALICE))[0].result
    assert isinstance(trips, RoundTripsView)
    assert trips.trips[0].trade.realised_quote == "8.00"
    assert [event.trade.realised_quote for event in told(actions, events.TradeChanged)][-1] == "8.00"


def test_a_position_of_which_nothing_was_sold_has_nothing_realised() -> None:
    desk = Desk(config()).ready().holding("800")
    (trade,) = positions(desk).positions
    assert trade.realised_quote == ""
    assert positions(desk).realised_quote == "0.00"


def test_a_sale_counts_in_the_period_in_which_it_was() -> None:
    """Half of it sold two days before the other half: each day has its own, and no money counts twice."""
    desk = Desk(config()).ready()
    partly(desk)
    assert pnl(desk, "today").total.realised_quote == "8.00"
    desk.now_ns += 2 * DAY_NS
    desk.price(2100.01)
    assert pnl(desk, "day").total.realised_quote == "0.00"
    (rest,) = sent(desk.ask(Close(id=desk.new_id(), who=ALICE, symbol="eth"))[1])
    desk.fill(rest, 2100.0)
    day, week = pnl(desk, "day"), pnl(desk, "week")
    assert (day.total.realised_quote, day.total.unrealised_quote, day.total.trades) == ("20.00", "0.00", 1)
    assert (week.total.realised_quote, week.symbols[0].realised_quote) == ("28.00", "28.00")
    assert positions(desk).realised_quote == "28.00"


@pytest.mark.parametrize("from_snapshot", [False, True])
def test_a_restart_knows_the_sold_part(from_snapshot: bool) -> None:
    """From the journal, and from a snapshot of what it came to."""
    desk = Desk(config()).ready()
    partly(desk)
    again = desk.restarted()
    if from_snapshot:
        kept: list[bytes] = []
        desk._new_engine().restore(list(desk.journal), desk.now_ns, keep=lambda it: kept.append(encode_kept(it)))
        again.engine = again._new_engine()
        again.journal = written(again.engine.restore([], desk.now_ns, kept=decode_kept(kept[0])))
    again.price(2100.01)
    again.account()
    assert replace(positions(again), balances=()) == replace(positions(desk), balances=())
    assert pnl(again) == pnl(desk)
