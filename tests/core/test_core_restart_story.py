"""The desk through faults and restarts: what is halted, what is known again, and what people see of it."""

from __future__ import annotations

from typing import Any

import pytest
from core_builders import (
    ALICE,
    BTC,
    ETH,
    T0,
    Desk,
    S,
    codes,
    config,
    instrument,
    sent,
    told,
    written,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from order_story import bought, fails, queries

from engine.core.actions import Send
from engine.core.config import TradingConfig
from engine.core.engine import Engine
from engine.core.instrument import E8
from engine.core.orders import Order
from engine.core.queries import Identity
from engine.core.records import Answered, Intended, Listed, Reported, Started
from engine.core.types import (
    Candle,
    ClientOrderId,
    Mode,
    OrderState,
    Side,
    Symbol,
)
from engine.core.warm import warm_up
from engine.wire import events
from engine.wire.commands import Close, GetPositions, Halt, SetMode

X = OrderState


# ---------------------------------------------------------------- faults


def test_a_fault_halts_says_so_once_and_what_was_half_decided_is_not_sent() -> None:
    desk = Desk().ready()
    desk.engine.trading.submit(desk.engine.trading.entry(ETH, "signal:x", "strategy:x", 500, 196_000, 0))
    actions = desk.keep(desk.engine.on_fault("KeyError on a trade", desk.now_ns))
    assert not [action for action in actions if isinstance(action, Send)]
    assert not [record for record in written(actions) if isinstance(record, Intended)]
    assert told(actions, events.TradingHalted)[0].by == "FAULT"
    assert codes(actions) == ["FAULT"]
    assert desk.engine.on_fault("KeyError on a trade", desk.now_ns + S) == []
    assert codes(desk.engine.on_fault("KeyError on a trade", desk.now_ns + 61 * S)) == ["FAULT"]
    assert desk.buy()[0].code == "HALTED"


def test_after_a_fault_positions_can_still_be_closed() -> None:
    desk = Desk().ready().holding()
    desk.engine.on_fault("ValueError on a quote", desk.now_ns)
    assert desk.ask(Close(id="c", who=ALICE, symbol="eth"))[0].ok


def test_a_lost_book_is_told_once_and_no_entry_rests_on_it_until_the_next_snapshot() -> None:
    """F3."""
    desk = Desk().ready()
    assert codes(desk.engine.on_book_lost(ETH, "gap", desk.now_ns)) == ["C5_BOOK_OUT_OF_SYNC"]
    assert desk.engine.on_book_lost(ETH, "gap", desk.now_ns) == []
    assert desk.buy()[0].code == "C5_BOOK_OUT_OF_SYNC"
    desk.snapshot()
    assert desk.buy()[0].ok


def test_new_rules_count_for_the_next_order_and_for_what_is_held() -> None:
    """F25."""
    desk = Desk().ready().holding()
    assert desk.engine.on_instrument(instrument(min_notional_e8=500 * E8)) == []
    assert desk.buy("200")[0].code == "C8_NOTIONAL"
    desk.engine.on_instrument(instrument(is_trading=False))
    assert desk.buy("600")[0].code == "C8_NOT_TRADING"
    desk.engine.on_instrument(instrument())
    assert desk.ask(Close(id="c", who=ALICE, symbol="eth"))[0].ok


@pytest.mark.parametrize("units", [{"tick_e8": 100_000}, {"lot_e8": 100_000}])
def test_new_units_stop_trading_because_what_is_held_is_counted_in_the_old_ones(units: dict[str, int]) -> None:
    desk = Desk().ready().holding()
    actions = desk.engine.on_instrument(instrument(**units))
    assert codes(actions) == ["C8_UNITS"]
    assert told(actions, events.TradingHalted)[0].by == "C8_UNITS"
    assert desk.ask(Close(id="c", who=ALICE, symbol="eth"))[0].code == "C8_NOT_TRADING"
    assert desk.engine.trading.portfolio.position_lots(ETH) == 4500


def test_equity_is_counted_in_one_currency() -> None:
    ethbtc = instrument(Symbol("ETHBTC"), base_asset="ETH", quote_asset="BTC")
    with pytest.raises(ValueError, match="ETHBTC is priced in BTC, but equity is counted in USDT"):
        Engine(config(), {ethbtc.symbol: ethbtc}, "paper", Identity("", "", "", 0))


# ---------------------------------------------------------------- restart


def state_of(desk: Desk) -> dict[str, Any]:
    """Everything that a restart must bring back."""
    trading = desk.engine.trading
    trips = [
        {name: getattr(trip, name) for name in trip.__slots__ if name != "instrument"}
        for trip in trading.portfolio.trips()
    ]
    orders = [
        (o.approved, o.cum_lots, o.filled_lots, o.cum_quote_e8, o.fee_e8, sorted(o.fill_ids), o.is_open)
        for o in trading.orders
    ]
    modes = (trading.modes.everything, dict(trading.modes.own))
    return {"trips": trips, "orders": orders, "modes": modes, "realised": trading.portfolio.realised_e8}


def test_a_restart_knows_positions_stops_modes_orders_and_answers_and_starts_halted() -> None:
    desk = Desk(symbols=(ETH, BTC)).ready().holding(stop_pct=3.0).holding(symbol=BTC)
    desk.fill(sent(desk.ask(Close(id="c", who=ALICE, symbol="btc"))[1])[0], 2050.0)
    desk.ask(SetMode(id="m1", who=ALICE, mode="ask"))
    desk.ask(SetMode(id="m2", who=ALICE, mode="off", strategy="sma_cross"))
    pending = bought(desk, "100")
    reply = desk.ask(Halt(id="h", who=ALICE))[0]
    again = desk.restarted()
    assert state_of(again) == state_of(desk)
    trading = again.engine.trading
    assert trading.portfolio.open[ETH].stop_ticks == 194_000
    assert (trading.modes.everything, trading.modes.own["sma_cross"]) == (Mode.ASK, Mode.OFF)
    assert (trading.is_armed, trading.halt_reason) == (False, "the engine has just started")
    assert again.order(pending).state is X.UNKNOWN
    assert again.ask(Halt(id="h", who=ALICE)) == (reply, [])
    assert queries(again.wait(0.6)) == [pending.client_order_id]
    (start,) = [number for number, record in enumerate(again.journal) if isinstance(record, Started)]
    units = again.journal[start + 1 : start + 3]
    assert [(it.symbol, it.tick_e8, it.lot_e8) for it in units if isinstance(it, Listed)] == [
        (ETH, E8 // 100, E8 // 10_000),
        (BTC, E8 // 100, E8 // 10_000),
    ]


def test_a_restored_stop_sells_as_soon_as_prices_come_armed_or_not() -> None:
    again = Desk().ready().holding().restarted()
    assert [order.origin for order in sent(again.price(1950.0))] == ["exit:stop_loss"]


def test_records_of_symbols_that_are_not_followed_any_more_are_passed_over() -> None:
    desk = Desk(symbols=(ETH, BTC)).ready().holding(symbol=BTC)
    desk.instruments = {ETH: desk.instruments[ETH]}
    again = desk.restarted()
    assert (list(again.engine.trading.orders), again.engine.trading.portfolio.open) == ([], {})


def left_to_fill(order: Order, held_lots: int) -> int:
    """Return how much of an order may still fill: no venue sells what the account doesn't hold."""
    left = order.approved.qty_lots - order.cum_lots
    return left if order.approved.side is Side.BUY else min(left, held_lots)


STEPS = st.lists(st.tuples(st.sampled_from("bbsfffpexuca"), st.integers(0, 5), st.integers(1, 3000)), max_size=25)


@given(STEPS)
@settings(max_examples=60)
def test_whatever_happened_a_restart_knows_it(steps: list[tuple[str, int, int]]) -> None:
    """Buys, closes, fills, ends, unknown outcomes, copies and cancels in any order: nothing lost, nothing twice."""
    desk = Desk().ready()
    bought_lots = sold_lots = 0
    for kind, which, lots in steps:
        desk.now_ns += S // 10
        desk.quote()
        known = [order.approved for order in desk.engine.trading.orders]
        order = known[which % len(known)] if known else None
        if kind == "b":
            desk.buy("150")
        elif kind == "c":
            desk.ask(Close(id=desk.new_id(), who=ALICE, symbol="eth"))
        elif kind == "a":
            desk.account()
        elif order is None:
            continue
        elif kind == "x":
            desk.execute(order, X.EXPIRED, desk.order(order).cum_lots)
        elif kind == "u":
            fails(desk, order, ambiguous=True)
        elif kind == "e":
            desk.execute(order, X.WORKING)
        elif left := left_to_fill(desk.order(order), bought_lots - sold_lots):
            part = min(lots, left) if kind == "p" else left
            desk.fill(order, lots=part)
            bought_lots, sold_lots = (
                bought_lots + part * (order.side is Side.BUY),
                sold_lots + part * (order.side is Side.SELL),
            )
    assert desk.engine.trading.portfolio.position_lots(ETH) == bought_lots - sold_lots
    assert desk.engine.trading.portfolio.cash_e8 == desk.balances["USDT"]
    again = desk.restarted()
    expected = state_of(desk)
    assert state_of(again) == expected
    assert all(order.state is X.UNKNOWN for order in again.engine.trading.orders.working())
    assert state_of(again.restarted()) == expected


def test_the_records_of_a_whole_story_are_written_and_read_back() -> None:
    from engine.core.record_codec import decode_record, encode_record

    desk = Desk().ready().holding()
    desk.fill(sent(desk.price(1950.0))[0], 1950.0)
    desk.ask(SetMode(id="m", who=ALICE, mode="ask"))
    kinds = {type(record) for record in desk.journal}
    assert {Intended, Reported, Answered} <= kinds
    assert [decode_record(encode_record(record)) for record in desk.journal] == desk.journal


# ---------------------------------------------------------------- the rest of the page


def test_prices_are_told_about_once_a_second() -> None:
    desk = Desk().ready()
    told_at = [len(told(desk.wait(0.1), events.PricesMoved)) for _ in range(25)]
    assert sum(told_at) == 3
    desk.trade(2100.0)
    price = told(desk.wait(1.1), events.PricesMoved)[0].prices[0]
    assert (price.symbol, price.bid, price.last, price.is_fresh) == ("ETHUSDT", "1999.99", "2100.00", True)
    assert price.change_pct == pytest.approx(5.0)
    assert told(desk.wait(3.0), events.PricesMoved)[0].prices[0].is_fresh is False


def test_candles_of_history_bring_the_cross_to_its_first_signal_sooner() -> None:
    desk = Desk(TradingConfig(mode="auto"))
    cross, flow = (desk.engine.technical[name] for name in ("sma_cross", "order_flow"))
    minds = desk.engine.trading.markets[ETH].minds
    fresh = minds[flow.state].tolist()
    minute_ns = 60 * S
    for i in range(30):
        desk.engine.on_candle(
            Candle(ETH, T0 // minute_ns * minute_ns + i * minute_ns, 60 * S, 100, 100, 100, 100 + i, 5)
        )
    assert minds[cross.state][2] == 29.0
    assert minds[flow.state].tolist() == fresh


def test_positions_show_what_is_held_and_what_it_is_worth() -> None:
    desk = Desk().ready().holding()
    desk.price(2020.01)
    view: Any = desk.ask(GetPositions(id="p", who=ALICE))[0].result
    assert (view.equity_quote, view.unrealised_quote, view.realised_quote) == ("100009.00", "9.00", "0.00")
    trade = view.positions[0]
    assert (trade.qty, trade.entry_price, trade.pnl_quote, trade.is_open) == ("0.4500", "2000.00", "9.00", True)
    assert trade.pnl_pct == pytest.approx(1.0)
    assert [(row.asset, row.free) for row in view.balances] == [("USDT", "99100.00000000")]


def test_warming_up_sends_hundreds_of_orders_on_state_of_its_own() -> None:
    assert warm_up() > 500


def test_outside_health_is_shown() -> None:
    from engine.wire.views import HealthView

    desk = Desk().ready()
    desk.engine.on_outside_health((HealthView("feed", False, "silent for 3 s"),))
    assert desk.engine.people.status().health[-1].detail == "silent for 3 s"
    assert ClientOrderId("tr-1") not in [o.approved.client_order_id for o in desk.engine.trading.orders]
