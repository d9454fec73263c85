"""The scheduler of digests: on time, late where it was missed, never twice, over restarts; and `/digest`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from local_desk import BOB, desk
from sample_digest import DAILY, QUIET
from sample_home import EQUITY
from test_posts import Channel, FakeSlack, channel

from bot.digests import Digests, last_due
from bot.render.blocks import Message
from bot.settings import DigestTimes
from engine.wire.commands import AnyCommand
from engine.wire.digest import GetDigest
from engine.wire.line import LineDown
from engine.wire.questions import GetEquity
from engine.wire.replies import Reply

MONDAY = datetime(2024, 8, 5, 7, 0, tzinfo=UTC)
SEVEN = DigestTimes(7 * 60, 0)


class Clock:
    """Says what time it is, and answers as the engine does, unless that is away."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.is_away = False

    def now_s(self) -> float:
        return self.now.timestamp()

    async def ask(self, command: AnyCommand) -> Reply:
        if self.is_away:
            raise LineDown("the engine doesn't answer")
        assert isinstance(command, GetDigest)
        return Reply(command.id, True, "OK", "", DAILY if command.period == "day" else QUIET)


async def look(desk_: Channel, clock: Clock, now: datetime) -> list[str]:
    """Let the scheduler look at a moment; return what digests the channel has then."""
    clock.now = now
    await Digests(clock.ask, desk_.posts, SEVEN, now_s=clock.now_s).look()
    await desk_.sent()
    await asyncio.sleep(0)
    return [text.split(":")[0] for text in desk_.slack.roots]


async def test_it_is_posted_on_time_once_and_not_for_the_time_before_it_was_there(tmp_path: Path) -> None:
    clock = Clock(MONDAY)
    async with channel(tmp_path) as desk_:
        assert await look(desk_, clock, MONDAY + timedelta(hours=1)) == []
        assert await look(desk_, clock, MONDAY + timedelta(hours=23, minutes=59)) == []
        assert await look(desk_, clock, MONDAY + timedelta(days=1)) == ["Daily digest"]
        assert await look(desk_, clock, MONDAY + timedelta(days=1, minutes=1)) == ["Daily digest"]


async def test_what_was_missed_comes_once_and_late_and_a_restart_does_not_repeat_it(tmp_path: Path) -> None:
    """The bot is away from Monday to the next Tuesday: one daily and one weekly digest, not seven."""
    clock, slack = Clock(MONDAY), FakeSlack()
    async with channel(tmp_path, slack) as desk_:
        await look(desk_, clock, MONDAY + timedelta(hours=1))
        desk_.posts.post(Message("note", []))
        await desk_.sent()
    for _ in range(2):
        async with channel(tmp_path, slack) as desk_:
            late = await look(desk_, clock, MONDAY + timedelta(days=8, hours=5))
            assert sorted(late) == ["Daily digest", "Weekly digest", "note"]


async def test_while_the_engine_is_away_it_waits(tmp_path: Path) -> None:
    clock = Clock(MONDAY)
    async with channel(tmp_path) as desk_:
        await look(desk_, clock, MONDAY)
        clock.is_away = True
        assert await look(desk_, clock, MONDAY + timedelta(days=1)) == []
        clock.is_away = False
        assert await look(desk_, clock, MONDAY + timedelta(days=1, hours=2)) == ["Daily digest"]


@pytest.mark.parametrize(
    ("times", "day", "week"),
    [
        (SEVEN, MONDAY, MONDAY),
        (DigestTimes(8 * 60, 0), MONDAY - timedelta(hours=23), MONDAY - timedelta(days=6, hours=23)),
        (DigestTimes(7 * 60, 4), MONDAY, MONDAY - timedelta(days=3)),
        (DigestTimes(7 * 60, None), MONDAY, None),
        (DigestTimes(None, 0), None, None),
    ],
)
def test_when_it_was_due(times: DigestTimes, day: datetime | None, week: datetime | None) -> None:
    assert last_due(times, "day", MONDAY) == day
    assert last_due(times, "week", MONDAY) == week


async def test_a_viewer_asks_for_it_in_slack() -> None:
    async with desk() as (slack, engine):
        engine.answer(GetDigest, QUIET, text="")
        engine.answer(GetEquity, EQUITY)
        await slack.command(BOB, "/digest", "week")
        shown = await slack.sees_text("Weekly digest")
        assert shown["ephemeral_to"] == BOB
        assert (await engine.has(GetDigest)).period == "week"
        await slack.command(BOB, "/digest", "fortnight")
        await slack.sees_text("Say of which time")
