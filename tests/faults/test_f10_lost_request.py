"""F10: the order never reached the venue."""

from __future__ import annotations

from pathlib import Path

from fault_bench import IS_FULL, Scene, together, trading

from engine.core.types import ClientOrderId, OrderState

LONG_S = 30.0


def _again(it: Scene, name: str) -> ClientOrderId | None:
    """Return the name of an order's second try, if there is one."""
    cause = it.order(name).approved.cause_id + ":again"
    return next((o.approved.client_order_id for o in it.trading.orders if o.approved.cause_id == cause), None)


async def test_f10_request_lost(tmp_path: Path) -> None:
    """Once, and it is sent again; twice, and it is given up (which takes twice as long to be known)."""
    twice = [_lost_twice_is_given_up(tmp_path / "twice")] if IS_FULL else []
    await together(_is_sent_once_more(tmp_path / "once"), *twice)


async def _is_sent_once_more(home: Path) -> None:
    """A signal's order is, after the window and at a fresh price; a person's is not, and both are told."""
    async with trading(home) as it:
        await it.fault(kind="lose_request", operation="order.place", times=2)
        typed, signalled = await it.bought(), await it.signal()
        lost = it.order(signalled).approved
        await it.until(lambda: it.order(signalled).state is OrderState.UNKNOWN)
        assert it.trading.facts(lost.symbol).symbol_exposure_e8 > 0
        await it.until(lambda: _again(it, signalled), LONG_S)
        again = it.order(_again(it, signalled) or "").approved
        assert again.ts_ns - lost.ts_ns >= 6_000_000_000
        assert (again.origin, again.qty_lots <= lost.qty_lots) == (lost.origin, True)
        assert it.order(signalled).state is OrderState.REJECTED
        await it.until(lambda: it.order(again.client_order_id).state is OrderState.FILLED)
        await it.until(lambda: it.order(typed).state is OrderState.REJECTED)
        await it.until(lambda: len(it.notices("ORDER_LOST")) == 2)
        assert {("sent once more" in text, "Type it again" in text) for text in it.notices("ORDER_LOST")} == {
            (True, False),
            (False, True),
        }
        assert _again(it, typed) is None
        assert len(await it.asked("allOrders", symbol=lost.symbol)) == 1
        await it.squared()


async def _lost_twice_is_given_up(home: Path) -> None:
    """There is no third try, and a person is told."""
    async with trading(home) as it:
        await it.fault(kind="lose_request", operation="order.place", times=2)
        name = await it.signal()
        await it.until(lambda: len(it.notices("ORDER_LOST")) == 2, LONG_S)
        assert "second try already" in it.notices("ORDER_LOST")[1]
        assert it.order(_again(it, name) or "").state is OrderState.REJECTED
        assert await it.asked("allOrders", symbol="IOTAUSDT") == []
        await it.squared()
