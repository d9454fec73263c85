"""The picture of a home's curve: no page waits for it, it is drawn now and then, and where Slack won't, it is text."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace
from sample_home import EQUITY, FACTS, MINUTE_NS, VIEWER
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient
from waiting import until

from bot.curve import Curve
from bot.drawing import Drawing, NotDrawn
from bot.home import Homes
from engine.wire.commands import AnyCommand, GetSnapshot
from engine.wire.questions import GetEquity
from engine.wire.replies import Reply

WITHIN_S = 30.0


class PictureSlack:
    """Takes files and pages, and refuses what it is told to."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.uploads = 0
        self.views: list[dict[str, Any]] = []
        self.bad_pictures = 0
        self.upload_error: Exception | None = None

    async def files_upload_v2(self, **file: Any) -> dict[str, Any]:
        assert "channel" not in file
        self.uploads += 1
        if self.upload_error is not None:
            raise self.upload_error
        self.files.append(f"F{self.uploads}")
        return {"files": [{"id": self.files[-1], "permalink": "http://127.0.0.1/equity.png"}]}

    async def files_delete(self, *, file: str) -> None:
        self.files.remove(file)

    async def views_publish(self, *, user_id: str, view: dict[str, Any]) -> None:
        assert user_id == "U1"
        if self.bad_pictures and has_picture(view):
            self.bad_pictures -= 1
            raise SlackApiError("no", SimpleNamespace(status_code=200, data={"error": "invalid_blocks"}))
        self.views.append(view)


class SlowHand:
    """Draws when it is let to."""

    def __init__(self) -> None:
        self.may_draw = asyncio.Event()
        self.drawn = 0

    async def draw(self, *_what: Any) -> bytes:
        await self.may_draw.wait()
        self.drawn += 1
        return b"png"


def has_picture(view: dict[str, Any]) -> bool:
    return any(block["type"] == "image" for block in view["blocks"])


@contextlib.asynccontextmanager
async def curve(slack: PictureSlack, hand: SlowHand) -> AsyncIterator[tuple[Curve, Homes]]:
    """Pages of one person who looks, with an engine that answers at once."""

    async def ask(command: AnyCommand) -> Reply:
        result = FACTS.now if isinstance(command, GetSnapshot) else EQUITY if isinstance(command, GetEquity) else None
        return Reply(command.id, True, "OK", "", result)

    client = cast(AsyncWebClient, slack)
    made = Curve(client, cast(Drawing, hand), "light", 0.0, by_address=False)
    homes = Homes(client, ask, lambda _: VIEWER, {}, 0.0, made)
    tasks = [asyncio.create_task(made.run()), asyncio.create_task(homes.run())]
    try:
        yield made, homes
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_page_is_published_with_its_curve_as_text_while_the_picture_is_drawn() -> None:
    slack, hand = PictureSlack(), SlowHand()
    async with curve(slack, hand) as (_made, homes):
        homes.on_opened("U1")
        await until(lambda: slack.views)
        assert not has_picture(slack.views[0])
        assert "▁" in str(slack.views[0])
        hand.may_draw.set()
        await until(lambda: has_picture(slack.views[-1]))
        assert "▁" not in str(slack.views[-1])


async def test_the_same_curve_is_drawn_once_and_old_pictures_do_not_pile_up() -> None:
    slack, hand = PictureSlack(), SlowHand()
    hand.may_draw.set()
    async with curve(slack, hand) as (made, homes):
        for number in range(1, 5):
            made.want(longer(number))
            await until(lambda number=number: slack.uploads == number)  # type: ignore[misc]
        await until(lambda: slack.files == ["F3", "F4"])
        made.want(longer(4))
        homes.on_opened("U1")
        await until(lambda: slack.uploads == 5)
        await until(lambda: slack.views and has_picture(slack.views[-1]))
        homes.on_opened("U1")
        published = len(slack.views)
        await until(lambda: len(slack.views) > published)
        assert slack.uploads == 5


def longer(minutes: int) -> Any:
    last = EQUITY.points[-1]
    more = tuple(replace(last, ts_ns=last.ts_ns + n * MINUTE_NS) for n in range(1, minutes + 1))
    return replace(EQUITY, points=EQUITY.points + more)


@pytest.mark.parametrize(("refusals", "is_kept"), [(1, True), (2, True), (3, False)])
async def test_a_page_that_slack_refuses_for_its_picture_is_published_without(refusals: int, is_kept: bool) -> None:
    slack, hand = PictureSlack(), SlowHand()
    hand.may_draw.set()
    slack.bad_pictures = refusals
    async with curve(slack, hand) as (made, homes):
        made.want(EQUITY)
        await until(lambda: made.picture)
        for count in range(1, refusals + 1):
            homes.on_opened("U1")
            await until(lambda count=count: slack.bad_pictures <= refusals - count)  # type: ignore[misc]
        await until(lambda: slack.views)
        assert not has_picture(slack.views[0])
        homes.on_opened("U1")
        await until(lambda: has_picture(slack.views[-1]) == is_kept)
        assert (made.picture is not None) == is_kept


@pytest.mark.parametrize(
    "error",
    [
        SlackApiError("no", SimpleNamespace(status_code=200, data={"error": "missing_scope"})),
        SlackRequestError("status: 500"),
        NotDrawn("No chart: the process that draws was ended. Try again."),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_where_it_can_not_be_drawn_or_uploaded_the_curve_stays_text_and_is_tried_again(error: Exception) -> None:
    slack, hand = PictureSlack(), SlowHand()
    hand.may_draw.set()
    slack.upload_error = error
    async with curve(slack, hand) as (made, homes):
        homes.on_opened("U1")
        await until(lambda: slack.uploads and slack.views)
        assert made.picture is None
        slack.upload_error = None
        made.want(longer(1))
        await until(lambda: has_picture(slack.views[-1]))
