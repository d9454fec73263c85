"""A thread over what no bot saw: its trade's end, its stop's moves, and by which clock entry and exit are marked."""

from __future__ import annotations

from pathlib import Path

from local_desk import ScriptedEngine, embedded, local_slack, running_bot, short_home
from msgspec.structs import replace
from sample_views import NOW_NS, PRICE, filled, positions, trade
from test_posts import changed, channel, snapshot, told

from engine.wire.answers import RoundTripsView, RoundTripView
from engine.wire.events import PricesMoved, TradeChanged
from engine.wire.line import socket_path
from engine.wire.questions import GetTrades

CLOSED = trade(is_open=False, qty="0", exit_price="2700", pnl_quote="1.13", pnl_pct=0.45, exit_reason="take_profit")


async def test_entry_and_exit_are_marked_by_the_markets_own_clock(tmp_path: Path) -> None:
    """On a tape it runs elsewhere, and faster."""
    async with channel(tmp_path) as desk:
        for ts_ns, what, view in ((5, "opened", trade()), (9, "closed", CLOSED)):
            moved = PricesMoved(ts_ns=NOW_NS, prices=(replace(PRICE, ts_exchange_ns=ts_ns),))
            await desk.hears(moved, told(what, view, what))
        card = desk.posts._memory.card_of_trade("trade-1")
        assert card is not None
        assert (card.market_opened_ns, card.market_closed_ns) == (5, 9)


async def test_a_stop_that_moved_while_no_bot_was_there_is_told_once_in_the_thread(tmp_path: Path) -> None:
    raised = trade(stop_price="2690.00", stop_kind="trailing_stop")
    async with channel(tmp_path) as desk:
        await desk.hears(changed(filled()), told("opened", trade(), "opened"))
        slack = desk.slack
    for _ in range(2):
        async with channel(tmp_path, slack) as desk:
            await desk.hears(snapshot(raised))
    assert len([text for text in slack.replies if "While I was away" in text and "trailing stop 2,690.00" in text]) == 1


async def test_a_trade_that_ended_while_no_bot_was_there_is_told_with_its_result() -> None:
    engine = ScriptedEngine()
    engine.positions = positions(trade())
    engine.answer(GetTrades, RoundTripsView((RoundTripView(CLOSED, "", "c", "250", "251", "0.5", 0.42, 60.0),), 1))
    with short_home() as home:
        async with local_slack(home) as slack, engine.serving(socket_path(home)):
            async with running_bot(embedded(slack.page, home)):
                await engine.tell(TradeChanged(ts_ns=NOW_NS, what="opened", trade=trade(), text="bought"))
                await slack.sees_text("Trade ETHUSDT", "Holding 0.0932 ETH")
            engine.positions = positions()
            async with running_bot(embedded(slack.page, home)):
                assert await slack.sees_text("Trade ETHUSDT", "Closed ETH by the take-profit at 2,700.00: +1.13 USDT")
