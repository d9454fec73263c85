"""F5: connections that stand and are silent."""

from __future__ import annotations

from pathlib import Path

from fault_bench import IOTA, together, trading

from engine.core.types import OrderState
from engine.venues.binance.websocket import PING_S


async def test_f05_half_open_sockets(tmp_path: Path) -> None:
    """The market's, and the one for orders."""
    await together(_silent_market(tmp_path / "market"), _silent_order_line(tmp_path / "orders"))


async def _silent_market(home: Path) -> None:
    """C5 closes after two seconds; the socket itself is given up after a ping that nobody answered."""
    async with trading(home, ping_s=1.5) as it:
        await it.bought()
        await it.fault(kind="half_open", lines="combined")
        heard_ns = it.market.heard_ns
        await it.until(lambda: it.trading.now_ns - heard_ns > 2_000_000_000)
        assert it.venue.feed is not None
        assert it.venue.feed.is_connected
        assert (await it.buy()).code == "C5_STALE_DATA"
        await it.until(lambda: it.market.heard_ns > heard_ns)
        assert it.trading.now_ns - heard_ns < 2 * 1_500_000_000 + 1_000_000_000
        await it.until(lambda: it.market.book.is_in_sync)
        await it.bought()
        await it.squared()
    assert PING_S <= 5.0


async def _silent_order_line(home: Path) -> None:
    """The exchange took the order and its answers never came: asked over a new line, it is known, and once there."""
    async with trading(home, ping_s=1.0) as it:
        await it.fault(kind="half_open", lines="ws_api")
        name = await it.bought()
        await it.until(lambda: it.order(name).state is OrderState.UNKNOWN)
        facts = it.trading.facts(IOTA)
        assert facts.symbol_exposure_e8 > 0
        await it.squared()
        assert it.order(name).state is OrderState.FILLED
        assert it.notices("ORDER_LINE_LOST")
