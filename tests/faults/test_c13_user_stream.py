"""C13 through real sockets: the venue tells nothing of our orders any more, for longer than a reconnect takes."""

from __future__ import annotations

from pathlib import Path

from fault_bench import ANN, new_id, placed, quiet, trading

from engine.core.types import OrderState
from engine.wire.commands import Amount, Buy

SUBSCRIBE = "userDataStream.subscribe.signature"
SOON = quiet(user_stream_s=0.5, user_stream_cancel_s=1.5)


async def test_c13_user_stream_lost_for_long(tmp_path: Path) -> None:
    """Entries stop, the one that is open is cancelled over REST, what is held can be closed; then all is as before."""
    async with trading(tmp_path, SOON) as it:
        await it.bought()
        limit = it.market.instrument.price_text(it.market.bid_ticks * 9 // 10)
        amount = Amount("quote", "100")
        resting = Buy(id=new_id(), who=ANN, symbol="iota", amount=amount, limit_price=limit, stop_pct=2.0)
        entry = placed(await it.ask(resting))
        await it.until(lambda: it.order(entry).state is OrderState.WORKING)
        await it.fault(kind="error", operation=SUBSCRIBE, times=1_000)
        await it.fault(kind="disconnect", lines="ws_api")
        await it.until(lambda: it.notices("C13_USER_STREAM"))
        refused = await it.buy()
        assert refused.code == "C13_USER_STREAM"
        assert "limit=0.5s" in refused.text
        await it.until(lambda: it.order(entry).state is OrderState.CANCELED)
        assert not it.venue.orders or not it.venue.orders.is_ready
        closed = await it.close()
        await it.until(lambda: it.order(closed).state is OrderState.FILLED)
        await it.fault(kind="none")
        await it.until(lambda: len(it.notices("C13_USER_STREAM")) == 3)
        await it.bought()
        await it.squared()


async def test_c13_user_stream_that_is_back_soon(tmp_path: Path) -> None:
    """A cut that the next connection mends stops nothing and is worth no word."""
    async with trading(tmp_path, quiet(user_stream_s=5.0)) as it:
        await it.fault(kind="disconnect", lines="ws_api")
        await it.until(lambda: it.notices("ORDER_LINE_LOST"))
        await it.until(lambda: it.venue.orders and it.venue.orders.is_streaming)
        await it.bought()
        await it.squared()
        assert not it.notices("C13_USER_STREAM")
