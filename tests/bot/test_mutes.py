"""What the channel does not want to hear: by kind, strategy and symbol, as the engine says; and /health."""

from __future__ import annotations

import time

from local_desk import ALICE, BOB, CHANNEL, desk
from sample_views import NOW_NS, alarm, proposal, status

from bot.mutes import Mutes
from engine.wire.commands import GetStatus
from engine.wire.events import AlarmChanged, MutesChanged, NewsHeard, Notice, ProposalOpened
from engine.wire.mutes import EndMute, GetMutes, MutesView, MuteView, SetMute
from engine.wire.views import HealthView

WARNING = Notice(ts_ns=0, severity="warning", code="C7_SILENCE", text="The venue wants silence.")
NEWS = NewsHeard(
    ts_ns=0,
    source="story",
    news_id="1",
    title="IOTA rises",
    url="",
    verdict="ignored",
    symbols=("ETHUSDT",),
    confidence=0.2,
)


MUTED = ("news", "notices", "ETHUSDT")
HOUR_NS = 3_600_000_000_000


def mute(what: str, until_ns: int = NOW_NS + HOUR_NS) -> MuteView:
    return MuteView(what, until_ns, f"slack:{ALICE}", NOW_NS)


def test_a_mute_hides_what_it_names_until_its_time_is_over() -> None:
    mutes = Mutes()
    mutes.take([mute("ETHUSDT", time.time_ns() + HOUR_NS)])
    asked = proposal(symbol="ETHUSDT", ts_opened_ns=NOW_NS)
    assert mutes.hides(asked)
    assert not mutes.hides(proposal(symbol="IOTAUSDT"))
    assert not mutes.hides(proposal(symbol="ETHUSDT", state="acted")), "what was done is told"
    assert mutes.hides_news(("ETHUSDT",))
    assert not mutes.hides_news(("ETHUSDT", "IOTAUSDT"))
    mutes.take([mute("ETHUSDT")])
    assert not mutes.hides_news(("ETHUSDT",)), "that time is past"
    assert mutes.hides(asked), "what nobody was asked at the time is not shown afterwards"
    assert not mutes.hides(proposal(symbol="ETHUSDT", ts_opened_ns=NOW_NS + HOUR_NS))
    mutes.take([])
    assert not mutes.hides(asked)


def test_a_kind_a_strategy_and_one_of_its_symbols_are_muted_alike() -> None:
    mutes = Mutes()
    later_ns = time.time_ns() + HOUR_NS
    mutes.take([mute(what, later_ns) for what in ("headlines on IOTAUSDT", "news", "notices")])
    assert mutes.hides(proposal(strategy="headlines", symbol="IOTAUSDT"))
    assert not mutes.hides(proposal(strategy="headlines", symbol="ETHUSDT"))
    assert not mutes.hides(proposal(strategy="sma_cross", symbol="IOTAUSDT"))
    assert mutes.hides_news(())
    assert mutes.hides_notices()
    for what in ("headlines", "proposals"):
        mutes.take([mute(what, later_ns)])
        assert mutes.hides(proposal(strategy="headlines", symbol="ETHUSDT"))


async def test_a_trader_mutes_the_channel_and_what_is_critical_comes_all_the_same() -> None:
    """In the local Slack: who may, what the engine is asked, what it refuses, what is hidden, and that all see it."""
    async with desk() as (slack, engine):
        await slack.command(BOB, "/mute", "news")
        await slack.see(lambda m: m.get("ephemeral_to") == BOB and "traders only" in m["text"])
        engine.answer(SetMute, text="'nonsense' is nothing that can be muted.", code="NOT_FOUND")
        await slack.command(ALICE, "/mute", "nonsense")
        await slack.see(lambda m: m.get("ephemeral_to") == ALICE and "nothing that can be muted" in m["text"])
        engine.answer(SetMute)
        await slack.command(ALICE, "/mute", "eth for 30m")
        asked = await engine.has(SetMute, 2)
        assert (asked.what, asked.seconds, asked.who.user_id, asked.who.channel) == ("eth", 1_800.0, ALICE, CHANNEL)
        later_ns = time.time_ns() + 2 * HOUR_NS
        muted = tuple(MuteView(what, later_ns, f"slack:{ALICE}", later_ns - HOUR_NS) for what in MUTED)
        await engine.tell(MutesChanged(ts_ns=0, by=f"slack:{ALICE}", muted=muted[-1], ended=(), mutes=muted))
        await slack.sees_text(f"<@{ALICE}> muted ETHUSDT here for 60 min")
        engine.answer(GetMutes, MutesView(muted))
        await slack.command(ALICE, "/mute", "list")
        await slack.see(lambda m: m.get("ephemeral_to") == ALICE and m["text"] == "Muted here: 3")
        await engine.tell(NEWS)
        await engine.tell(WARNING)
        await engine.tell(ProposalOpened(ts_ns=0, proposal=proposal(symbol="ETHUSDT")))
        await engine.tell(AlarmChanged(ts_ns=0, alarm=alarm()))
        await slack.sees_text("Critical: Nothing protects")
        engine.answer(EndMute)
        await slack.command(ALICE, "/mute", "off")
        assert (await engine.has(EndMute)).what == ""
        await engine.tell(MutesChanged(ts_ns=0, by="cli:ann", muted=None, ended=MUTED, mutes=()))
        await slack.sees_text("ann (the command line) ended the mute of news, notices, ETHUSDT")
        await engine.tell(WARNING)
        await slack.sees_text("Warning: The venue wants silence.")
        texts = [message["text"] for message in await slack.messages()]
        assert not any("IOTA rises" in text or text.startswith("Buy ETHUSDT?") for text in texts)
        assert sum("wants silence" in text for text in texts) == 1


async def test_health_shows_engine_bot_and_open_alarms_also_while_the_engine_is_away() -> None:
    async with desk() as (slack, engine):
        engine.answer(GetStatus, status(health=(HealthView("journal", False, "disk full"),)))
        await engine.tell(AlarmChanged(ts_ns=0, alarm=alarm()))
        await slack.sees_text("Critical: Nothing protects")
        await slack.command(BOB, "/health")
        shown = await slack.sees_text("NOT WELL: 1 part ill, 1 alarm open")
        assert shown["ephemeral_to"] == BOB
        said = str(shown["blocks"])
        assert all(words in said for words in ("journal – disk full", "Slack – heard", "NAKED_POSITION"))
        await engine.stop()
        await slack.command(BOB, "/health")
        await slack.see(lambda m: "NOT WELL: 2 parts ill" in m["text"])
