"""The exchange inside the process: same matching, the core's own types, and time only from events."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from engine.core.instrument import E8, Instrument
from engine.core.types import (
    ApprovedOrder,
    ApprovedProtection,
    BookUpdate,
    ClientOrderId,
    ExecutionReport,
    OrderListId,
    OrderState,
    OrderType,
    Quote,
    ReplaceMode,
    SendFailed,
    Side,
    Symbol,
    TimeInForce,
    Trade,
    TradeId,
)
from engine.venues.paper.local import LocalExchange

ETH = Symbol("ETHUSDT")
INSTRUMENT = Instrument(ETH, "ETH", "USDT", E8 // 100, E8 // 10_000, 1, 10_000_000, 5 * E8, 0, 1, 10_000_000, True)
MS = 1_000_000


def _exchange(latency_ns: int = 0, jitter_ns: int = 0, seed: int = 0) -> LocalExchange:
    local = LocalExchange(
        {ETH: INSTRUMENT}, {"USDT": 1_000 * E8}, latency_ns=latency_ns, jitter_ns=jitter_ns, seed=seed
    )
    bids, asks = np.array([[10_000, 10_000]]), np.array([[10_100, 10_000], [10_200, 20_000]])
    local.on_book(BookUpdate(ETH, True, 1, 1, bids, asks, 0, 0))
    return local


def _order(client_id: str, lots: int, ticks: int = 0, *, tif: TimeInForce = TimeInForce.GTC) -> ApprovedOrder:
    return ApprovedOrder(
        ClientOrderId(client_id),
        ETH,
        Side.BUY,
        OrderType.LIMIT if ticks else OrderType.MARKET,
        tif,
        lots,
        ticks,
        False,
        0,
        0,
        "cause",
        "test",
        TradeId("t"),
        10_050,
        0,
    )


def _reports(answers: list[ExecutionReport | SendFailed]) -> list[ExecutionReport]:
    return [answer for answer in answers if isinstance(answer, ExecutionReport)]


def test_an_order_is_reported_in_ticks_and_lots() -> None:
    """New, then each fill with its fee, each once."""
    local = _exchange()
    local.send(_order("a", 15_000), 5)
    reports = _reports(local.due(5))
    assert [report.state for report in reports] == [
        OrderState.WORKING,
        OrderState.PARTIALLY_FILLED,
        OrderState.FILLED,
    ]
    assert [(report.last_qty_lots, report.last_price_ticks) for report in reports[1:]] == [
        (10_000, 10_100),
        (5_000, 10_200),
    ]
    assert reports[-1].cum_quote_e8 == 152 * E8
    assert reports[-1].fee_asset == "ETH"
    assert len({report.fill_id for report in reports[1:]}) == 2
    assert local.due(6) == []


def test_latency_passes_in_both_directions() -> None:
    """The order meets the book as it is when it arrives, and its report comes as much later."""
    local = _exchange(latency_ns=10 * MS)
    local.send(_order("a", 1_000, 10_200, tif=TimeInForce.IOC), 0)
    local.on_book(BookUpdate(ETH, False, 2, 2, np.empty((0, 2), np.int64), np.array([[10_100, 0]]), 0, 5 * MS))
    assert local.due(19 * MS) == []
    reports = _reports(local.due(20 * MS))
    assert (reports[-1].state, reports[-1].last_price_ticks) == (OrderState.FILLED, 10_200)
    assert (reports[-1].ts_exchange_ns, reports[-1].ts_recv_ns) == (10 * MS, 20 * MS)


def test_a_trade_fills_what_rests() -> None:
    """A resting bid is filled by the tape and reported at the trade's time."""
    local = _exchange()
    local.send(_order("a", 1_000, 10_000), 1)
    local.due(1)
    local.on_trade(Trade(ETH, 1, 9_999, 5, True, 7, 7))
    (filled,) = _reports(local.due(7))
    assert (filled.state, filled.is_maker, filled.ts_exchange_ns) == (OrderState.FILLED, True, 7)


def test_a_quote_counts_between_book_updates() -> None:
    """The best bid and ask are the newer word."""
    local = _exchange()
    local.on_quote(Quote(ETH, 2, 10_000, 10_000, 10_150, 30_000, 3))
    local.send(_order("a", 1_000), 4)
    assert _reports(local.due(4))[-1].last_price_ticks == 10_150


def test_refusals_cancels_and_queries_come_back() -> None:
    """A refusal is a failure that is not ambiguous; so is a cancel or a query of nothing."""
    local = _exchange()
    local.send(_order("poor", 1_000_000, 9_000), 1)
    local.cancel(ETH, ClientOrderId("nothing"), 1)
    local.query(ETH, ClientOrderId("nothing"), 1)
    failures = [answer for answer in local.due(1) if isinstance(answer, SendFailed)]
    assert [(failure.code, failure.is_ambiguous) for failure in failures] == [
        (-2010, False),
        (-2011, False),
        (-2013, False),
    ]
    local.send(_order("rest", 1_000, 9_000), 2)
    local.query(ETH, ClientOrderId("rest"), 3)
    local.cancel(ETH, ClientOrderId("rest"), 4)
    states = [report.state for report in _reports(local.due(4))]
    assert states == [OrderState.WORKING, OrderState.WORKING, OrderState.CANCELED]


def test_the_account_can_be_read() -> None:
    """Balances in 1e-8 with what is locked, and the open orders."""
    local = _exchange()
    local.send(_order("rest", 10_000, 9_000), 1)
    snapshot = local.account(1)
    assert [(b.asset, b.free_e8, b.locked_e8) for b in snapshot.balances] == [("USDT", 910 * E8, 90 * E8)]
    assert [order.client_order_id for order in snapshot.open_orders] == ["rest"]


def _leg(client_id: str, kind: OrderType, *, price: int = 0, stop: int = 0) -> ApprovedOrder:
    order = replace(_order(client_id, 1_000, 10_000), side=Side.SELL, order_type=kind)
    return replace(order, price_ticks=price, stop_ticks=stop, reduce_only=True)


def _stop(client_id: str, ticks: int, limit: int = 0) -> ApprovedOrder:
    kind = OrderType.STOP_LOSS_LIMIT if limit else OrderType.STOP_LOSS
    return _leg(client_id, kind, price=limit, stop=ticks)


def _held() -> tuple[LocalExchange, ApprovedProtection]:
    """An exchange that holds 0.3 ETH for us, the last trade at 100.50, and a stop and a target for a third of it."""
    local = _exchange()
    local.on_trade(Trade(ETH, 1, 10_050, 5, True, 1, 1))
    local.send(_order("entry", 3_000), 2)
    target = _leg("target", OrderType.LIMIT_MAKER, price=11_000)
    protection = ApprovedProtection(OrderListId("pair"), target, _stop("stop", 9_500), 2)
    local.send_protection(protection, 2)
    local.due(2)
    return local, protection


def _states(local: LocalExchange, ts_ns: int) -> list[tuple[str, OrderState | int]]:
    """What came back: names with states, or with the codes of failures."""
    return [
        (answer.client_order_id, answer.state if isinstance(answer, ExecutionReport) else answer.code)
        for answer in local.due(ts_ns)
    ]


def test_a_stop_and_a_target_rest_until_one_of_them_trades() -> None:
    """Both are open; when the stop's price trades, the target expires and the stop sells."""
    local, protection = _held()
    assert {order.client_order_id for order in local.account(3).open_orders} == set(protection.legs)
    local.on_trade(Trade(ETH, 2, 9_490, 5, True, 4, 4))
    assert _states(local, 4) == [
        ("target", OrderState.EXPIRED),
        ("stop", OrderState.WORKING),
        ("stop", OrderState.FILLED),
    ]
    local.cancel(ETH, protection.target.client_order_id, 5)
    assert _states(local, 5) == [("target", -2011)]


def test_a_pair_is_cancelled_as_one_and_refused_as_one() -> None:
    """Where the stop is on the wrong side, neither order exists."""
    local, protection = _held()
    local.cancel(ETH, protection.target.client_order_id, 3)
    assert _states(local, 3) == [("target", OrderState.CANCELED), ("stop", OrderState.CANCELED)]
    local.send_protection(replace(protection, stop=_stop("stop", 10_060)), 4)
    assert _states(local, 4) == [("target", -2010), ("stop", -2010)]


def test_a_stop_that_triggered_and_rests_is_cancelled_alone() -> None:
    """Its target is gone by then; what is left of the stop goes too."""
    local, protection = _held()
    local.cancel(ETH, protection.target.client_order_id, 3)
    local.send_protection(replace(protection, stop=_stop("stop", 9_500, limit=10_040)), 3)
    local.on_trade(Trade(ETH, 2, 9_490, 5, True, 4, 4))
    local.due(4)
    local.cancel(ETH, protection.stop.client_order_id, 5)
    assert _states(local, 5) == [("stop", OrderState.CANCELED)]


def test_a_stop_takes_the_place_of_a_pair_or_nothing_happens() -> None:
    """The whole pair goes; a stop that breaks a filter, or whose cancel fails, is not placed and touches nothing."""
    local, _ = _held()
    names = ClientOrderId("stop"), (ClientOrderId("target"),)
    local.replace(_stop("bad", 9_600, limit=10**9), *names, ReplaceMode.STOP_ON_FAILURE, 3)
    assert _states(local, 3) == [("bad", -1013)]
    local.replace(_stop("moved", 9_600), *names, ReplaceMode.STOP_ON_FAILURE, 4)
    states = [("target", OrderState.CANCELED), ("stop", OrderState.CANCELED), ("moved", OrderState.WORKING)]
    assert _states(local, 4) == states
    local.replace(_stop("again", 9_700), *names, ReplaceMode.STOP_ON_FAILURE, 5)
    assert _states(local, 5) == [("stop", -2011), ("target", -2011), ("again", -2022)]
    local.replace(_stop("besides", 9_700), *names, ReplaceMode.ALLOW_FAILURE, 6)
    assert _states(local, 6)[2:] == [("besides", OrderState.WORKING)]
    local.cancel_all(ETH, 7)
    assert _states(local, 7) == [("moved", OrderState.CANCELED), ("besides", OrderState.CANCELED)]


@pytest.mark.parametrize("seed", [0, 1])
def test_jitter_is_the_seeds_and_nothing_overtakes(seed: int) -> None:
    """The same seed gives the same arrivals, in the order of sending."""

    def arrivals() -> list[tuple[str, int]]:
        local = _exchange(latency_ns=MS, jitter_ns=5 * MS, seed=seed)
        for i in range(20):
            local.send(_order(f"o{i}", 1_000, 9_000), i * 1_000)
        return [(report.client_order_id, report.ts_recv_ns) for report in _reports(local.due(10**9))]

    first = arrivals()
    assert first == arrivals()
    assert [name for name, _ in first] == [f"o{i}" for i in range(20)]
    assert [at for _, at in first] == sorted(at for _, at in first)
