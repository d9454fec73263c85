"""What we hold and what it is worth, to the last 1e-8: fees, partial sales, dust, and no money from nothing."""

from __future__ import annotations

import pytest
from core_builders import ETH, T0, approved, instrument
from hypothesis import given
from hypothesis import strategies as st

from engine.core.account import Balance
from engine.core.instrument import E8
from engine.core.orders import Fill
from engine.core.portfolio import Portfolio, RoundTrip
from engine.core.types import ClientOrderId, Side

IT = instrument()
CASH = 10_000 * E8


def account() -> Portfolio:
    portfolio = Portfolio("USDT")
    portfolio.on_balances((Balance("USDT", CASH - E8, E8), Balance("ETH", 0, 0)))
    return portfolio


def fill(side: Side, lots: int, ticks: int = 200_000, fee_e8: int = 0, fee_asset: str = "USDT", at: int = T0) -> Fill:
    return Fill(ETH, ClientOrderId("tr-1"), side, 1, lots, ticks, fee_e8, fee_asset, at)


def take(portfolio: Portfolio, made: Fill, **changed: object) -> RoundTrip:
    return portfolio.on_fill(made, approved(side=made.side, **changed), IT)  # type: ignore[arg-type]


def test_free_and_locked_cash_is_cash() -> None:
    assert account().cash_e8 == CASH


def test_a_buy_opens_a_round_trip_with_its_exits() -> None:
    portfolio = account()
    trip = take(portfolio, fill(Side.BUY, 10_000))
    assert portfolio.open == {ETH: trip}
    assert (trip.lots, trip.cost_e8, trip.stop_ticks, trip.target_ticks) == (10_000, 2000 * E8, 196_000, 208_000)
    assert portfolio.cash_e8 == CASH - 2000 * E8
    assert (trip.is_open, trip.entry_ticks(), trip.exit_ticks(), trip.fills) == (True, 200_000.0, 0.0, 1)
    assert portfolio.equity_e8({ETH: 201_000}) == CASH + 10 * E8


def test_a_fee_in_the_quote_asset_is_paid_on_both_ways() -> None:
    portfolio = account()
    trip = take(portfolio, fill(Side.BUY, 10_000, fee_e8=2 * E8))
    take(portfolio, fill(Side.SELL, 10_000, ticks=210_000, fee_e8=3 * E8))
    assert trip.pnl_e8(0) == 100 * E8 - 5 * E8
    assert portfolio.cash_e8 == CASH + 95 * E8
    assert (portfolio.realised_e8, portfolio.open) == (95 * E8, {})


def test_a_fee_in_the_base_asset_makes_the_position_smaller_and_only_whole_lots_can_be_sold() -> None:
    portfolio = account()
    trip = take(portfolio, fill(Side.BUY, 10_005, fee_e8=100_050, fee_asset="ETH"))
    assert (trip.base_e8, trip.lots) == (10_005 * IT.lot_e8 - 100_050, 9_994)
    take(portfolio, fill(Side.SELL, 9_994))
    assert (trip.is_open, trip.lots) == (False, 0)
    assert trip.base_e8 == 9_950


def test_a_fee_in_a_third_asset_touches_neither() -> None:
    portfolio = account()
    trip = take(portfolio, fill(Side.BUY, 10_000, fee_e8=99, fee_asset="BNB"))
    assert (trip.base_e8, portfolio.cash_e8) == (E8, CASH - 2000 * E8)


def test_partial_sales_keep_the_trip_open_and_its_profit_counts_what_is_left_at_the_bid() -> None:
    portfolio = account()
    trip = take(portfolio, fill(Side.BUY, 10_000))
    take(portfolio, fill(Side.SELL, 4_000, ticks=210_000))
    assert (trip.is_open, portfolio.position_lots(ETH)) == (True, 6_000)
    assert trip.pnl_e8(200_000) == 40 * E8
    assert trip.exit_ticks() == 210_000.0
    assert portfolio.equity_e8({ETH: 200_000}) == CASH + 40 * E8
    take(portfolio, fill(Side.SELL, 6_000, ticks=190_000, at=T0 + 5), origin="exit:stop_loss")
    assert (trip.exit_reason, trip.closed_ns, portfolio.realised_e8) == ("stop_loss", T0 + 5, -20 * E8)
    assert list(portfolio.trips()) == [trip]


def test_a_second_buy_joins_the_trip_and_brings_its_exits() -> None:
    portfolio = account()
    trip = take(portfolio, fill(Side.BUY, 10_000))
    assert take(portfolio, fill(Side.BUY, 10_000, ticks=220_000), stop_ticks=210_000, target_ticks=0) is trip
    assert (trip.stop_ticks, trip.target_ticks, trip.entry_ticks()) == (210_000, 208_000, 210_000.0)


def test_dust_is_closed_only_when_asked_and_only_below_one_lot() -> None:
    portfolio = account()
    assert portfolio.close_dust(ETH, T0) is None
    trip = take(portfolio, fill(Side.BUY, 1, fee_e8=1, fee_asset="ETH"))
    assert (trip.lots, trip.is_open) == (0, True)
    assert portfolio.close_dust(ETH, T0 + 1) is trip
    assert (trip.exit_reason, portfolio.open) == ("dust", {})
    whole = take(portfolio, fill(Side.BUY, 1))
    assert portfolio.close_dust(ETH, T0) is None
    assert whole.is_open


def test_a_position_follows_the_venue_down_and_closes_below_one_lot() -> None:
    portfolio = account()
    trip = take(portfolio, fill(Side.BUY, 10_000))
    portfolio.shrink_to(trip, 50 * IT.lot_e8, T0)
    assert (trip.lots, trip.is_open) == (50, True)
    portfolio.shrink_to(trip, IT.lot_e8 - 1, T0)
    assert (trip.exit_reason, portfolio.position_lots(ETH)) == ("reconciled", 0)


def test_a_sale_that_comes_after_the_close_still_brings_its_money() -> None:
    portfolio = account()
    trip = take(portfolio, fill(Side.BUY, 10_000))
    portfolio.shrink_to(trip, 0, T0)
    take(portfolio, fill(Side.SELL, 10_000))
    assert (portfolio.open, portfolio.cash_e8, portfolio.realised_e8) == ({}, CASH, 0)


def test_only_the_last_round_trips_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.core.portfolio.CLOSED_KEPT", 200)
    portfolio = account()
    for i in range(205):
        take(portfolio, fill(Side.BUY, 1, at=T0 + i))
        take(portfolio, fill(Side.SELL, 1, at=T0 + i))
    assert len(portfolio.closed) == 200
    assert next(portfolio.trips()).opened_ns == T0 + 204


@pytest.mark.parametrize("bids", [{}, {ETH: 0}])
def test_a_position_without_a_bid_adds_nothing_to_equity(bids: dict) -> None:  # type: ignore[type-arg]
    portfolio = account()
    take(portfolio, fill(Side.BUY, 10_000))
    assert portfolio.equity_e8(bids) == CASH - 2000 * E8


TRADES = st.lists(
    st.tuples(
        st.booleans(),
        st.integers(1, 500_000),
        st.integers(1, 5_000_000),
        st.integers(0, 1000),
        st.sampled_from(["USDT", "ETH", "BNB"]),
    ),
    max_size=40,
)


@given(TRADES)
def test_no_sequence_of_fills_creates_or_loses_money(trades: list[tuple[bool, int, int, int, str]]) -> None:
    """A ledger of both assets beside it: cash agrees exactly, and positions plus closed dust are what was bought."""
    portfolio, cash_e8, base_e8 = account(), CASH, 0
    for is_buy, lots, ticks, fee_ppm, fee_asset in trades:
        held = portfolio.position_lots(ETH)
        if not is_buy:
            lots = min(lots, held)
        if not lots:
            continue
        side, quote_e8 = Side.BUY if is_buy else Side.SELL, IT.notional_e8(ticks, lots)
        fee_e8 = (quote_e8 if fee_asset == "USDT" else lots * IT.lot_e8) * fee_ppm // 1_000_000
        if fee_asset == "ETH" and not is_buy:
            fee_asset = "BNB"  # the base asset's fee is taken from what was bought; there is none to take on a sale
        take(portfolio, fill(side, lots, ticks, fee_e8, fee_asset))
        cash_e8 -= side * quote_e8 + (fee_e8 if fee_asset == "USDT" else 0)
        base_e8 += side * lots * IT.lot_e8 - (fee_e8 if fee_asset == "ETH" else 0)
        assert portfolio.cash_e8 == cash_e8
        assert sum(trip.base_e8 for trip in portfolio.trips()) == base_e8
        assert all(0 <= trip.base_e8 < IT.lot_e8 for trip in portfolio.closed)
        assert all(trip.base_e8 >= 0 for trip in portfolio.open.values())
    paid = sum(trip.cost_e8 - trip.proceeds_e8 for trip in portfolio.trips())
    assert CASH - portfolio.cash_e8 == paid
    open_e8 = sum(trip.realised_e8() for trip in portfolio.open.values())
    assert portfolio.realised_e8 == open_e8 + sum(trip.pnl_e8(0) for trip in portfolio.closed)
    assert portfolio.equity_e8({ETH: 200_000}) == portfolio.cash_e8 + sum(
        trip.value_e8(200_000) for trip in portfolio.open.values()
    )
