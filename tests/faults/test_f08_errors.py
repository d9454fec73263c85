"""F8: answers that say nothing about what was done: 5xx, -1006, -1007, 403, over the order line and over REST."""

from __future__ import annotations

from pathlib import Path

from fault_bench import IOTA, Scene, quiet, reserved_e8, together, trading

from engine.core.types import ClientOrderId, OrderState

ANSWERS = ((503, -1007), (500, -1000), (502, -1006), (403, 0))


async def _order_line_down(it: Scene) -> None:
    """Break the order line and refuse every new one, so that orders go over REST and no report comes."""
    await it.fault(kind="error", operation="userDataStream.subscribe.signature", times=10_000, code=-1000)
    await it.fault(kind="disconnect", lines="ws_api")
    await it.until(lambda: it.live.orders is not None and not it.live.orders.is_ready)


async def _answered_so(it: Scene, kind: str) -> list[ClientOrderId]:
    names = []
    for status, code in ANSWERS:
        await it.fault(kind=kind, operation="order.place", status=status, code=code)
        names.append(await it.bought())
        await it.until(lambda: it.order(names[-1]).state is OrderState.UNKNOWN)
    return names


async def test_f08_answer_that_says_nothing(tmp_path: Path) -> None:
    """Unknown, asked about, and reserved, over both doors."""
    await together(*(_is_unknown_until_asked(tmp_path / door, door) for door in ("ws", "rest")))


async def _is_unknown_until_asked(home: Path, door: str) -> None:
    """Of eight such answers four came after the order was carried out, and four instead."""
    async with trading(home, quiet(orders_per_s=100)) as it:
        if door == "rest":
            await _order_line_down(it)
        await it.fault(kind="drop", what="executionReport", times=10)
        missed = await _answered_so(it, "error")
        done = await _answered_so(it, "error_after")
        unknown = [it.order(name) for name in missed + done if it.order(name).state is OrderState.UNKNOWN]
        assert len(unknown) >= 4
        assert it.trading.facts(IOTA).symbol_exposure_e8 >= reserved_e8(unknown, it) > 0
        assert len(it.trading.orders.unsettled()) >= 4
        await it.until(lambda: all(it.order(name).state is OrderState.FILLED for name in done))
        assert {it.order(name).state for name in missed} == {OrderState.UNKNOWN}
        await it.until(lambda: all(it.order(name).state is OrderState.REJECTED for name in missed))
        await it.until(lambda: len(it.notices("ORDER_LOST")) == 4)
        for name in missed:
            assert it.order(name).changed_ns - it.order(name).sent_ns >= 6_000_000_000
        await it.squared()
