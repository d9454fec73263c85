"""Orders that rest at a real exchange, the paper one, over both of its doors: on good days and on bad ones."""

from __future__ import annotations

import pytest
from protection_bench import DOORS, SYMBOL, Door, order_of, scene, stop_of, target_of, ticks

from engine.core.types import ClientOrderId, OrderState, OrderType

WORKING, CANCELED, EXPIRED = OrderState.WORKING, OrderState.CANCELED, OrderState.EXPIRED
FILLED, UNKNOWN, REJECTED = OrderState.FILLED, OrderState.UNKNOWN, OrderState.REJECTED
both_doors = pytest.mark.parametrize("door", DOORS)


@both_doors
async def test_a_stop_and_a_target_rest_as_one_list_until_it_is_cancelled(door: Door) -> None:
    """One list of ours with two orders of ours, which share what they lock; cancelled, nothing of it is left."""
    async with scene(door) as it:
        protection = await it.protected("tr-1")
        assert it.exchange.lists() == [("tr-1", False)]
        assert it.exchange.open_names() == set(protection.legs)
        assert it.exchange.held() == (4 * 10**8, 10**8)
        it.cancel(protection)
        await it.until(protection, CANCELED, CANCELED)
        assert (it.exchange.held(), it.exchange.open_orders()) == ((5 * 10**8, 0), [])
        assert it.exchange.lists() == [("tr-1", True)]
        assert not it.desk.failures


@both_doors
@pytest.mark.parametrize("limit", [0.0, 90.0], ids=["stop at market", "stop with a limit"])
async def test_when_the_stop_trades_the_target_expires(door: Door, limit: float) -> None:
    async with scene(door) as it:
        protection = await it.protected("tr-1", stop=stop_of("tr-1-stop", limit=limit))
        it.exchange.trade(94.9)
        if door == "rest":
            it.query(protection)
        await it.until(protection, EXPIRED, FILLED)
        stop = it.desk.table.get("tr-1-stop")
        assert stop is not None
        assert (stop.filled_lots, len(stop.fill_ids)) == (10_000, 1)
        assert it.exchange.held() == (4 * 10**8, 0)


@both_doors
@pytest.mark.parametrize("limit", [0.0, 99.0], ids=["target in the book", "target that waits"])
async def test_when_the_target_trades_the_stop_expires(door: Door, limit: float) -> None:
    async with scene(door) as it:
        protection = await it.protected("tr-1", target=target_of("tr-1-target", limit=limit))
        it.exchange.trade(110.1)
        if door == "rest":
            it.query(protection)
        await it.until(protection, FILLED, EXPIRED)
        assert it.exchange.held() == (4 * 10**8, 0)


@both_doors
async def test_cancelling_one_of_the_two_cancels_both(door: Door) -> None:
    """The answer to the cancel of one order is about the whole list, and is understood."""
    async with scene(door) as it:
        protection = await it.protected("tr-1")
        it.orders.cancel(SYMBOL, protection.stop.client_order_id)
        await it.until(protection, CANCELED, CANCELED)
        assert not it.desk.failures


@both_doors
async def test_everything_of_a_symbol_is_cancelled_at_once(door: Door) -> None:
    """Single orders and lists alike; an expected one that was not open any more becomes unknown."""
    async with scene(door) as it:
        protection = await it.protected("tr-1")
        single = await it.rests(stop_of("tr-2"))
        gone = it.desk.table.open(stop_of("tr-3")).approved
        it.orders.cancel_all(SYMBOL, (*protection.legs, single.client_order_id, gone.client_order_id))
        await it.until(protection, CANCELED, CANCELED)
        await it.desk.until_states(("tr-2", CANCELED), ("tr-3", UNKNOWN))
        assert it.exchange.open_orders() == []
        it.orders.cancel_all(SYMBOL, [gone.client_order_id])
        await it.desk.until(lambda: it.desk.failures[-1].code == -2011)


@both_doors
@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        (OrderType.LIMIT, {"price_ticks": ticks(120)}),
        (OrderType.LIMIT_MAKER, {"price_ticks": ticks(120)}),
        (OrderType.STOP_LOSS, {"stop_ticks": ticks(95)}),
        (OrderType.STOP_LOSS_LIMIT, {"stop_ticks": ticks(95), "price_ticks": ticks(94)}),
        (OrderType.TAKE_PROFIT, {"target_ticks": ticks(110)}),
        (OrderType.TAKE_PROFIT_LIMIT, {"target_ticks": ticks(110), "price_ticks": ticks(109)}),
    ],
)
async def test_every_type_of_order_rests_and_is_cancelled(door: Door, kind: OrderType, terms: dict[str, int]) -> None:
    async with scene(door) as it:
        await it.rests(order_of("tr-1", kind, **terms))
        (order,) = it.exchange.open_orders()
        assert order.request.type is kind
        assert order.price == terms.get("price_ticks", 0) * 10**6
        trigger = terms.get("stop_ticks", 0) or terms.get("target_ticks", 0)
        assert order.request.stop_price == trigger * 10**6
        it.orders.cancel(SYMBOL, ClientOrderId("tr-1"))
        await it.desk.until_states(("tr-1", CANCELED))


@both_doors
async def test_a_pair_on_the_wrong_side_of_the_market_is_refused_for_both(door: Door) -> None:
    """The market has passed the stop: neither order exists, and both are told so for certain."""
    async with scene(door) as it:
        protection = it.protect("tr-1", stop=stop_of("tr-1-stop", stop=100.6, limit=99.0))
        await it.until(protection, REJECTED, REJECTED)
        assert {(failure.code, failure.is_ambiguous) for failure in it.desk.failures} == {(-2010, False)}
        assert it.exchange.lists() == []


@both_doors
async def test_a_pair_that_cannot_be_worded_never_leaves(door: Door) -> None:
    async with scene(door) as it:
        protection = it.protect("tr-1", target=target_of("tr-1-target", target=94.0))
        assert it.desk.states(*protection.legs) == [REJECTED, REJECTED]
        assert "must lie above" in it.desk.failures[0].reason
        assert (it.desk.sent, it.exchange.lists()) == ([], [])


@both_doors
async def test_a_lost_answer_makes_both_unknown_and_the_query_settles_it(door: Door) -> None:
    """Exactly one list is there, and it is found."""
    async with scene(door) as it:
        it.exchange.fault(kind="lose_reply", operation="orderList.place.oco")
        it.exchange.fault(kind="drop", what="executionReport", times=2)
        protection = it.protect("tr-1")
        await it.until(protection, UNKNOWN, UNKNOWN)
        it.query(protection)
        await it.until(protection, WORKING, WORKING)
        assert it.exchange.lists() == [("tr-1", False)]
        assert len(it.exchange.open_orders()) == 2


@both_doors
async def test_a_lost_request_makes_both_unknown_and_the_query_finds_neither(door: Door) -> None:
    """Whether to believe it is for the core, which is told when it was asked."""
    async with scene(door) as it:
        it.exchange.fault(kind="lose_request", operation="orderList.place.oco")
        protection = it.protect("tr-1")
        await it.until(protection, UNKNOWN, UNKNOWN)
        it.query(protection)
        await it.desk.until(lambda: [failure.code for failure in it.desk.failures[-2:]] == [-2013, -2013])
        assert {failure.client_order_id for failure in it.desk.failures[-2:]} == set(protection.legs)
        assert all(failure.ts_asked_ns and not failure.is_ambiguous for failure in it.desk.failures[-2:])
        assert it.desk.states(*protection.legs) == [UNKNOWN, UNKNOWN]


@both_doors
async def test_a_server_error_after_the_fact_is_unknown_and_not_a_refusal(door: Door) -> None:
    async with scene(door) as it:
        it.exchange.fault(kind="drop", what="executionReport", times=2)
        it.exchange.fault(kind="error_after", operation="orderList.place.oco", status=503, code=-1007)
        protection = it.protect("tr-1")
        await it.until(protection, UNKNOWN, UNKNOWN)
        it.query(protection)
        await it.until(protection, WORKING, WORKING)


async def test_a_list_that_is_open_already_is_not_placed_twice() -> None:
    """The same names again are refused as duplicates, which proves nothing: unknown, and found to be there."""
    async with scene("ws") as it:
        protection = await it.protected("tr-1")
        it.orders.send_protection(protection)
        await it.until(protection, UNKNOWN, UNKNOWN)
        it.query(protection)
        await it.until(protection, WORKING, WORKING)
        assert it.exchange.lists() == [("tr-1", False)]


async def test_a_line_that_breaks_makes_both_unknown_and_rest_finds_them() -> None:
    async with scene("ws") as it:
        it.exchange.fault(kind="lose_reply", operation="orderList.place.oco")
        it.exchange.fault(kind="drop", what="executionReport", times=2)
        protection = it.protect("tr-1")
        assert it.orders.outstanding == 1
        await it.exchange.until(it.exchange.lists)
        it.exchange.cut()
        await it.until(protection, UNKNOWN, UNKNOWN)
        assert (it.desk.failures[0].reason, it.orders.is_ready) == (
            "the line for orders broke before the answer",
            False,
        )
        it.query(protection)
        await it.until(protection, WORKING, WORKING)


async def test_a_late_answer_is_understood() -> None:
    """Also a refusal: after it both are known not to exist."""
    async with scene("ws") as it:
        it.exchange.fault(kind="drop", what="executionReport", times=2)
        it.exchange.fault(kind="late_reply", operation="orderList.place.oco", ms=700, times=2)
        placed, refused = it.protect("tr-1"), it.protect("tr-2", stop=stop_of("tr-2-stop", stop=100.6, limit=99.0))
        await it.until(placed, UNKNOWN, UNKNOWN)
        await it.until(refused, UNKNOWN, UNKNOWN)
        await it.until(placed, WORKING, WORKING)
        await it.until(refused, REJECTED, REJECTED)


async def test_the_end_of_a_list_makes_an_order_doubtful_whose_own_report_was_lost() -> None:
    async with scene("ws") as it:
        protection = await it.protected("tr-1")
        it.exchange.fault(kind="drop", what="executionReport", times=10)
        it.exchange.trade(94.9)
        await it.until(protection, UNKNOWN, UNKNOWN)
        it.query(protection)
        await it.until(protection, EXPIRED, FILLED)


@both_doors
async def test_a_list_that_is_done_cannot_be_cancelled_and_is_asked_about(door: Door) -> None:
    """It may have filled meanwhile: -2011 makes unknown what was to be cancelled, where its end was not heard."""
    async with scene(door) as it:
        protection = await it.protected("tr-1")
        it.exchange.fault(kind="drop", what="user", times=20)
        it.exchange.trade(94.9)
        it.cancel(protection)
        await it.until(protection, UNKNOWN, WORKING)
        assert {failure.code for failure in it.desk.failures} == {-2011}
        it.query(protection)
        await it.until(protection, EXPIRED, FILLED)


@both_doors
async def test_a_lost_answer_to_a_cancel_makes_it_unknown(door: Door) -> None:
    async with scene(door) as it:
        protection = await it.protected("tr-1")
        it.exchange.fault(kind="drop", what="user", times=20)
        it.exchange.fault(kind="lose_reply", operation="order.cancel")
        it.cancel(protection)
        await it.until(protection, UNKNOWN, WORKING)
        it.query(protection)
        await it.until(protection, CANCELED, CANCELED)


async def test_a_pair_counts_as_two_orders_against_the_limits() -> None:
    """Of ten in ten seconds nine may be used: four pairs, and the fifth stays here."""
    async with scene("ws", order_limit_10s=10) as it:
        pairs = [
            await it.protected("tr-0", lots=1_000),
            *(it.protect(f"tr-{number}", lots=1_000) for number in range(1, 5)),
        ]
        assert len(it.desk.sent) == 4
        assert {failure.client_order_id for failure in it.desk.failures} == set(pairs[-1].legs)
        assert not any(failure.is_ambiguous for failure in it.desk.failures)


@both_doors
async def test_in_a_silence_a_cancel_is_unknown_and_a_pair_is_certainly_not_sent(door: Door) -> None:
    async with scene(door) as it:
        protection = await it.protected("tr-1")
        it.exchange.fault(kind="rate_limit", operation="order.cancel", seconds=30)
        it.cancel(protection)
        await it.until(protection, UNKNOWN, WORKING)
        sent = len(it.desk.sent)
        it.orders.cancel(SYMBOL, protection.stop.client_order_id)
        second = it.protect("tr-2")
        assert it.desk.states(*protection.legs, *second.legs) == [UNKNOWN, UNKNOWN, REJECTED, REJECTED]
        assert len(it.desk.sent) == sent
