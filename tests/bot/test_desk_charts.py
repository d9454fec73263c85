"""Charts in the real local Slack: asked for, below an alert, below a trade that is over, and below a digest."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from local_desk import (
    ALICE,
    BOB,
    CHANNEL,
    DRAWN_WITHIN_S,
    LocalSlack,
    ScriptedEngine,
    desk,
    embedded,
    local_slack,
    running_bot,
    short_home,
)
from msgspec.structs import replace
from sample_digest import DAILY
from sample_home import EQUITY
from sample_views import NOW_NS, filled, proposal, trade

from bot.memory import Memory, save
from bot.render.trade import outcome
from engine.wire.answers import CandlesView, CandleView, RoundTripsView, RoundTripView, WhyView
from engine.wire.digest import GetDigest
from engine.wire.events import OrderChanged, ProposalOpened, TradeChanged
from engine.wire.line import socket_path
from engine.wire.person import Who
from engine.wire.question_words import read_question
from engine.wire.questions import GetCandles, GetEquity, GetTrades, GetWhy
from engine.wire.views import OrderStampsView
from engine.wire.words import BadWords

BAR = 300 * 10**9
CANDLES = CandlesView(
    "ETHUSDT",
    "5m",
    BAR,
    tuple(CandleView(NOW_NS + (i - 10) * BAR, "2680", "2690", "2675", f"{2681 + i}", "12.5") for i in range(20)),
)
CLOSED = trade(
    is_open=False, qty="0", exit_price="2700", pnl_quote="1.13", pnl_pct=0.45, exit_reason="take_profit",
    ts_closed_ns=NOW_NS + 600 * 10**9,
)  # fmt: skip
TRIP = RoundTripView(CLOSED, "", "command:1", "250.10", "251.23", "0.50", 0.42, 600.0)
STAMPS = OrderStampsView("tr-1", "command", NOW_NS, {"decided": 40_000, "sent": 80_000, "filled": 1_250_000})
WHY = WhyView("trade", "trade-1", "bought", latency=STAMPS)


def drawing_engine() -> ScriptedEngine:
    engine = ScriptedEngine()
    engine.answer(GetCandles, CANDLES)
    engine.answer(GetTrades, RoundTripsView((TRIP,), 1))
    engine.answer(GetWhy, WHY)
    return engine


async def sees_chart(slack: LocalSlack, *parts: str, thread: str = "") -> dict[str, Any]:
    """Wait for an uploaded picture whose description holds all of these."""

    def is_it(message: dict[str, Any]) -> bool:
        files = message.get("files") or []
        return message.get("thread_ts", "") == thread and any(
            file["mimetype"] == "image/png" and all(part in file["alt_txt"] for part in parts) for file in files
        )

    return await slack.see(is_it, DRAWN_WITHIN_S)


async def test_a_chart_is_uploaded_where_it_was_asked_for_with_words_for_those_who_can_not_see_it() -> None:
    async with desk(drawing_engine()) as (slack, engine):
        await slack.command(BOB, "/chart", "eth 4h")
        shown = await sees_chart(slack, "ETHUSDT, 20 candles of 5m", "low 2675")
        assert shown["files"][0]["name"] == "ETHUSDT-5m.png"
        asked = await engine.has(GetCandles)
        assert (asked.symbol, asked.bar, asked.who.user_id) == ("eth", "4h", BOB)


async def test_what_can_not_be_drawn_is_said_in_private() -> None:
    async with desk(drawing_engine()) as (slack, engine):
        engine.answer(GetCandles, code="BAD_SYMBOL", text="XYZ is not traded here.")
        await slack.command(ALICE, "/chart", "xyz")
        assert await slack.sees_text("No chart: XYZ is not traded here.")
        engine.answer(GetCandles, CandlesView("ETHUSDT", "1h", BAR, ()))
        await slack.command(ALICE, "/chart", "eth 1h")
        assert await slack.sees_text("No chart: there is no candle of ETHUSDT yet.")
        await slack.command(ALICE, "/chart", "eth 7h")
        assert await slack.sees_text("'7h' is no length of a candle: `/chart SYMBOL [1m|5m|15m|1h|4h|1d]`")


async def test_an_alert_has_a_chart_with_its_levels_in_its_thread() -> None:
    async with desk(drawing_engine()) as (slack, engine):
        await engine.tell(ProposalOpened(ts_ns=NOW_NS, proposal=replace(proposal(), price="2690", stop_price="2650")))
        alert = await slack.sees_text("Buy IOTAUSDT?")
        assert await sees_chart(slack, "price 2690", "stop 2650", thread=alert["ts"])


async def test_a_closed_trade_has_its_chart_result_and_latency_in_its_thread_once_over_a_restart() -> None:
    """Bought and sold are marked; a bot that starts again does not bring the chart a second time."""
    engine = drawing_engine()
    with short_home() as home:
        async with local_slack(home) as slack, engine.serving(socket_path(home)):
            async with running_bot(embedded(slack.page, home)):
                await slack.sees_text("The engine is up")
                await engine.tell(OrderChanged(ts_ns=NOW_NS, order=filled()))
                await engine.tell(TradeChanged(ts_ns=NOW_NS, what="opened", trade=trade(), text="bought"))
                await engine.tell(TradeChanged(ts_ns=NOW_NS, what="closed", trade=CLOSED, text="sold"))
                root = await slack.sees_text("buys 0.0932 ETH", "Closed ETH by the take-profit")
                shown = await sees_chart(slack, "bought at 2682.51; sold at 2700", "stop 2628.86", thread=root["ts"])
                assert "ETHUSDT: +1.13 USDT (+0.45 %, +0.42 R)" in shown["text"]
                assert "Entry, in ms after the command event: decided 0.04, sent 0.08, filled 1.25." in shown["text"]
            async with running_bot(embedded(slack.page, home)):
                await slack.bot_is_there(times=2)
                await slack.command(ALICE, "/chart", "eth")
                await sees_chart(slack, "ETHUSDT, 20 candles")
                charts = [message for message in await slack.messages() if message.get("files")]
                assert len(charts) == 2


async def test_a_digest_that_was_missed_comes_with_the_equity_in_its_thread_once_over_a_restart() -> None:
    """The bot's memory says that a daily digest was posted once, long ago: another has been due since."""
    engine = ScriptedEngine()
    engine.answer(GetDigest, DAILY)
    engine.answer(GetEquity, EQUITY)
    with short_home() as home:
        save(home / "bot-state.json", Memory(CHANNEL, digested={"day": 1.0}))
        async with local_slack(home) as slack, engine.serving(socket_path(home)):
            async with running_bot(embedded(slack.page, home)):
                root = await slack.sees_text("Daily digest", within_s=DRAWN_WITHIN_S)
                shown = await sees_chart(slack, "Equity from", "largest drawdown", thread=root["ts"])
                assert shown["files"][0]["name"] == "equity-day.png"
                assert (await engine.has(GetEquity)).span_s == 86_400.0
                file = urlsplit(shown["files"][0]["permalink"]).path
                async with aiohttp.ClientSession() as session, session.get(slack.page + file) as response:
                    assert (await response.read()).startswith(b"\x89PNG")
            async with running_bot(embedded(slack.page, home)):
                await slack.bot_is_there(times=2)
                engine.answer(GetCandles, CANDLES)
                await slack.command(ALICE, "/chart", "eth")
                await sees_chart(slack, "ETHUSDT, 20 candles")
                assert len([message for message in await slack.messages() if message.get("files")]) == 2


@pytest.mark.parametrize(
    ("text", "bar"), [("eth", "5m"), ("ETH/USDT 4h", "4h"), ("ethusdt 1D", "1d"), ("eth 1M", "1m")]
)
def test_the_words_of_a_chart(text: str, bar: str) -> None:
    question = read_question("chart", text, "1", Who(ALICE, "alice", "slack"))
    assert isinstance(question, GetCandles)
    assert question.bar == bar


@pytest.mark.parametrize("text", ["", "eth 4h 5m", "eth hourly", "?"])
def test_words_that_are_no_chart_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadWords, match=r"chart eth 4h|ETHUSDT"):
        read_question("chart", text, "1", Who(ALICE, "alice", "slack"))


def test_an_outcome_without_a_stop_or_stamps_says_what_is_known() -> None:
    assert outcome(replace(TRIP, r_multiple=None), None) == (
        "*ETHUSDT: +1.13 USDT (+0.45 %)*. Fees 0.50 USDT, held for 10 min."
    )
    assert "−0.30 R" in outcome(replace(TRIP, r_multiple=-0.3), None)
