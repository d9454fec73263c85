"""An order takes another's place at a real exchange, the paper one, over both doors; and what if half of it fails."""

from __future__ import annotations

import asyncio

import pytest
from protection_bench import DOORS, SYMBOL, Door, scene, stop_of

from engine.core.types import ClientOrderId, OrderState, ReplaceMode

WORKING, CANCELED, REJECTED = OrderState.WORKING, OrderState.CANCELED, OrderState.REJECTED
UNKNOWN = OrderState.UNKNOWN
STOP_ON_FAILURE, ALLOW_FAILURE = ReplaceMode
OLD, NEW = ClientOrderId("tr-old"), ClientOrderId("tr-new")
MOVES = 20
both_doors = pytest.mark.parametrize("door", DOORS)


@both_doors
async def test_a_stop_moves_and_is_never_away(door: Door) -> None:
    """Whenever one looks, the exchange has one stop, and the core's table at least one that works."""
    async with scene(door) as it:
        at_the_exchange: set[int] = set()
        in_the_table: set[bool] = set()

        async def watch() -> None:
            while True:
                at_the_exchange.add(len(it.exchange.stops()))
                in_the_table.add(WORKING in it.desk.states(*names))
                await asyncio.sleep(0)

        names = [(await it.rests(stop_of("tr-0", 90.0, limit=0.0))).client_order_id]
        watching = asyncio.create_task(watch())
        for number in range(1, MOVES + 1):
            moved = stop_of(f"tr-{number}", 90.0 + number / 4, limit=0.0)
            it.desk.table.open(moved)
            names.append(moved.client_order_id)
            it.orders.replace(moved, names[-2])
            it.exchange.trade(100.5)
            await it.desk.until_states((names[-2], CANCELED), (names[-1], WORKING))
        watching.cancel()
        assert (at_the_exchange, in_the_table) == ({1}, {True})
        assert it.exchange.stops() == [95.0]
        assert (len(it.desk.sent), it.desk.failures) == (MOVES + 1, [])


@both_doors
async def test_a_stop_takes_the_place_of_a_pair(door: Door) -> None:
    """With an order of a list the whole list goes; what stands is the new stop alone."""
    async with scene(door) as it:
        protection = await it.protected("tr-1")
        target, stop = protection.legs
        moved = stop_of(NEW, 97.0)
        it.desk.table.open(moved)
        it.orders.replace(moved, stop, along=(target,))
        await it.desk.until_states((NEW, WORKING), (stop, CANCELED), (target, CANCELED))
        assert it.exchange.open_names() == {NEW}


@both_doors
@pytest.mark.parametrize(
    ("mode", "is_old_there", "new_stop", "new_state", "codes", "there"),
    [
        pytest.param(STOP_ON_FAILURE, True, 97.0, WORKING, {}, {NEW}, id="both succeed"),
        pytest.param(STOP_ON_FAILURE, False, 97.0, REJECTED, {OLD: -2011, NEW: -2022}, set(), id="not attempted"),
        pytest.param(ALLOW_FAILURE, False, 97.0, WORKING, {OLD: -2011}, {NEW}, id="only the new one"),
        pytest.param(STOP_ON_FAILURE, True, 100.6, REJECTED, {NEW: -2010}, set(), id="only the cancel"),
        pytest.param(ALLOW_FAILURE, True, 100.6, REJECTED, {NEW: -2010}, set(), id="only the cancel, allowed"),
        pytest.param(ALLOW_FAILURE, False, 100.6, REJECTED, {OLD: -2011, NEW: -2010}, set(), id="neither"),
        pytest.param(STOP_ON_FAILURE, True, 0.02, REJECTED, {NEW: -1013}, {OLD}, id="a filter: nothing is touched"),
    ],
)
async def test_each_half_has_its_own_outcome(
    door: Door,
    mode: ReplaceMode,
    is_old_there: bool,
    new_stop: float,
    new_state: OrderState,
    codes: dict[ClientOrderId, int],
    there: set[str],
) -> None:
    """A new order that failed is certainly not there; an old one that could not be cancelled is asked about."""
    async with scene(door) as it:
        old, new = stop_of(OLD), stop_of(NEW, new_stop, limit=0.0)
        if is_old_there:
            await it.rests(old)
        it.desk.table.open(new)
        it.orders.replace(new, OLD, mode=mode)
        await it.desk.until_states((NEW, new_state))
        await it.desk.until(lambda: {one.client_order_id: one.code for one in it.desk.failures} == codes)
        assert {one.client_order_id: one.is_ambiguous for one in it.desk.failures} == {
            name: name == OLD for name in codes
        }
        if is_old_there:
            await it.desk.until_states((OLD, WORKING if OLD in there else CANCELED))
        assert it.exchange.open_names() == there


@both_doors
@pytest.mark.parametrize(
    ("fault", "old_state", "codes"),
    [("lose_reply", CANCELED, []), ("lose_request", WORKING, [-2013])],
    ids=["carried out", "never arrived"],
)
async def test_without_an_answer_both_are_unknown_and_queries_settle_it(
    door: Door, fault: str, old_state: OrderState, codes: list[int]
) -> None:
    async with scene(door) as it:
        await it.rests(stop_of(OLD))
        it.exchange.fault(kind=fault, operation="order.cancelReplace")
        it.exchange.fault(kind="drop", what="user", times=20)
        new = stop_of(NEW, 97.0)
        it.desk.table.open(new)
        it.orders.replace(new, OLD)
        await it.desk.until_states((OLD, UNKNOWN), (NEW, UNKNOWN))
        for name in (OLD, NEW):
            it.orders.query(SYMBOL, name)
        await it.desk.until_states((OLD, old_state))
        await it.desk.until(lambda: it.desk.state(NEW) is WORKING or it.desk.failures[2:])
        assert [failure.code for failure in it.desk.failures[2:]] == codes
        assert len(it.exchange.stops()) == 1


async def test_a_late_half_failure_is_understood() -> None:
    """The line's answer comes after it was given up: the new order failed, and the old one is gone."""
    async with scene("ws") as it:
        await it.rests(stop_of(OLD))
        it.exchange.fault(kind="drop", what="user", times=20)
        it.exchange.fault(kind="late_reply", operation="order.cancelReplace", ms=700)
        new = stop_of(NEW, 100.6, limit=0.0)
        it.desk.table.open(new)
        it.orders.replace(new, OLD)
        await it.desk.until_states((OLD, UNKNOWN), (NEW, UNKNOWN))
        await it.desk.until_states((OLD, CANCELED), (NEW, REJECTED))


async def test_nothing_but_what_the_gate_approved_is_sent() -> None:
    async with scene("ws") as it:
        for other in (None, object(), {"symbol": SYMBOL}):
            for send in (it.orders.send, it.orders.send_protection, lambda wrong: it.orders.replace(wrong, OLD)):
                with pytest.raises(TypeError, match="only an Approved"):
                    send(other)  # type: ignore[arg-type]
        assert (it.desk.sent, it.desk.failures) == ([], [])


async def test_a_replacement_that_makes_no_sense_never_leaves_and_touches_nothing() -> None:
    async with scene("ws") as it:
        await it.rests(stop_of(OLD))
        new = stop_of(NEW, 0.0, limit=96.0)
        it.desk.table.open(new)
        assert not it.orders.replace(new, OLD)
        assert (it.desk.states(OLD, NEW), len(it.desk.sent)) == ([WORKING, REJECTED], 1)
        assert [(failure.client_order_id, failure.is_ambiguous) for failure in it.desk.failures] == [(NEW, False)]
