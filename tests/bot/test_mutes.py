"""What the channel does not want to hear: by kind, strategy and symbol, for a while, over restarts; and /health."""

from __future__ import annotations

from local_desk import ALICE, BOB, desk
from sample_views import NOW_NS, alarm, proposal, status

from bot.mutes import Mutes
from engine.wire.commands import GetStatus
from engine.wire.events import AlarmChanged, NewsHeard, Notice, ProposalOpened
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


def test_a_mute_hides_what_it_names_and_ends_by_itself() -> None:
    kept: dict[str, int] = {}
    mutes = Mutes(kept)
    mutes.set("ETHUSDT", 60.0)
    asked = proposal(symbol="ETHUSDT", ts_opened_ns=NOW_NS)
    assert mutes.hides(asked)
    assert not mutes.hides(proposal(symbol="IOTAUSDT"))
    assert not mutes.hides(proposal(symbol="ETHUSDT", state="acted")), "what was done is told"
    assert mutes.hides_news(("ETHUSDT",))
    assert not mutes.hides_news(("ETHUSDT", "IOTAUSDT"))
    assert Mutes(kept).hides(asked), "a restart knows it"
    kept["ETHUSDT"] = 1
    assert mutes.left_s() == {}
    assert not mutes.hides(asked)


def test_a_kind_and_a_strategy_are_muted_alike_and_one_or_all_end() -> None:
    mutes = Mutes({})
    for what in ("headlines", "news", "notices"):
        mutes.set(what, 60.0)
    assert mutes.hides(proposal(strategy="headlines"))
    assert mutes.hides_news(())
    assert mutes.hides_notices()
    assert mutes.end("news") == ("news",)
    assert mutes.end("news") == ()
    assert mutes.end() == ("headlines", "notices")


async def test_a_trader_mutes_the_channel_and_what_is_critical_comes_all_the_same() -> None:
    """In the local Slack: who may, what is refused in words, what is hidden, and that all see it."""
    async with desk() as (slack, engine):
        await slack.command(BOB, "/mute", "news")
        await slack.see(lambda m: m.get("ephemeral_to") == BOB and "traders only" in m["text"])
        await slack.command(ALICE, "/mute", "nonsense")
        await slack.see(
            lambda m: m.get("ephemeral_to") == ALICE and "'nonsense' is nothing that can be muted" in m["text"]
        )
        for words in ("news 2h", "notices", "eth for 30m"):
            await slack.command(ALICE, "/mute", words)
        await slack.sees_text(f"<@{ALICE}> muted news here for 2 h 0 min")
        await slack.sees_text(f"<@{ALICE}> muted ETHUSDT here for 30 min")
        await slack.command(ALICE, "/mute", "list")
        await slack.sees_text("Muted here: 3")
        await engine.tell(NEWS)
        await engine.tell(WARNING)
        await engine.tell(ProposalOpened(ts_ns=0, proposal=proposal(symbol="ETHUSDT")))
        await engine.tell(AlarmChanged(ts_ns=0, alarm=alarm()))
        await slack.sees_text("Critical: Nothing protects")
        await slack.command(ALICE, "/mute", "off")
        await slack.sees_text("ended the mute of")
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
