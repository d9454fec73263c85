"""App Home: published to whoever opened it lately, anew when something happened, at Slack's pace."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.curve import Curve
from bot.outbox import reason_of, wait_asked_for
from bot.render import home as render
from bot.render.home import Facts, May
from engine.wire.answers import EquityView, PnlView
from engine.wire.commands import AnyCommand, GetRisk, GetSnapshot
from engine.wire.events import AnyEvent, NewsHeard, PricesMoved, StoryChanged
from engine.wire.line import LineDown
from engine.wire.person import Who
from engine.wire.questions import GetEquity, GetPnl
from engine.wire.replies import Reply, Snapshot
from engine.wire.safeguard_views import RiskView

_log: Final = logging.getLogger(__name__)
_ME: Final = Who("bot", "bot", "bot")
_KEPT_S: Final = 8 * 3_600.0
"""So long after somebody opened their home it is kept up to date."""
_REFRESH_S: Final = 60.0
"""Prices move without an event that counts; results are this old at most."""
_WEEK_S: Final = 7 * 86_400.0
_BAD_BLOCKS: Final = "invalid_blocks"
"""Slack's word for a view that it won't show."""
_SPELLS_S: Final = 30.0
"""How long the answer to somebody's click stands on their page."""
_IDLE: Final = (PricesMoved, NewsHeard, StoryChanged)
"""What changes nothing on a home."""
Ask = Callable[[AnyCommand], Awaitable[Reply]]


class Homes:
    """Knows who opened their home, and keeps those pages up to date."""

    def __init__(
        self,
        client: AsyncWebClient,
        ask: Ask,
        may: Callable[[str], May | None],
        opened: dict[str, float],
        gap_s: float,
        curve: Curve,
    ) -> None:
        """Publish at most once each ``gap_s`` seconds: what happens meanwhile is one round.

        ``may`` says what somebody may do, None for nothing at all.

        ``opened`` is part of the bot's memory: when each person last opened it, in seconds since the epoch.
        """
        self._client = client
        self._ask = ask
        self._may = may
        self._opened = opened
        self._gap_s = gap_s
        self._curve = curve
        curve.on_new = self._due_again
        self._answers: dict[str, tuple[str, float]] = {}
        self._due = asyncio.Event()

    def on_opened(self, user_id: str) -> None:
        """Take that somebody looks at their home."""
        self._opened[user_id] = time.time()
        self._due.set()

    def on_heard(self, heard: Snapshot | AnyEvent) -> None:
        """Take what the engine told."""
        if not isinstance(heard, _IDLE):
            self._due.set()

    def answer(self, user_id: str, text: str) -> None:
        """Show somebody on their page what became of their click."""
        self._answers[user_id] = text, time.time() + _SPELLS_S
        self._due.set()

    def _due_again(self) -> None:
        self._due.set()

    async def run(self) -> None:
        """Publish what is due, for ever."""
        while True:
            try:
                async with asyncio.timeout(_REFRESH_S):
                    await self._due.wait()
            except TimeoutError:
                pass
            self._due.clear()
            if watching := self._watching():
                await self._publish_to(watching)
            await asyncio.sleep(self._gap_s)

    def _watching(self) -> list[str]:
        now_s = time.time()
        for user_id in [user_id for user_id, at_s in self._opened.items() if now_s - at_s > _KEPT_S]:
            del self._opened[user_id]
        return list(self._opened)

    async def _publish_to(self, watching: list[str]) -> None:
        facts, why = None, ""
        try:
            facts = await self._look()
        except LineDown as error:
            why = str(error)
        for user_id in watching:
            may = self._may(user_id)
            if may is None:
                view = render.away("Your role here shows you nothing: ask an admin of the trader to add you.")
            elif facts is None:
                view = render.away(why or "The engine doesn't say how it is. Look at the terminal of `trader run`.")
            else:
                await self._publish_desk(user_id, facts, may)
                continue
            await self._publish(user_id, view)

    async def _publish_desk(self, user_id: str, facts: Facts, may: May) -> None:
        answer = self._answer_for(user_id)
        if (picture := self._curve.picture) is not None:
            if await self._publish(user_id, render.home(facts, may, answer, picture)) != _BAD_BLOCKS:
                return
            self._curve.refused()
        await self._publish(user_id, render.home(facts, may, answer))

    async def _look(self) -> Facts | None:
        """Ask the engine for all that a home shows; raises LineDown."""
        now = (await self._ask(GetSnapshot(id=_new_id(), who=_ME))).result
        if not isinstance(now, Snapshot):
            return None
        equity = (await self._ask(GetEquity(id=_new_id(), who=_ME, span_s=_WEEK_S, points=200))).result
        if isinstance(equity, EquityView):
            self._curve.want(equity)
        today = (await self._ask(GetPnl(id=_new_id(), who=_ME, period="today"))).result
        week = (await self._ask(GetPnl(id=_new_id(), who=_ME, period="week"))).result
        risk = (await self._ask(GetRisk(id=_new_id(), who=_ME))).result
        return Facts(
            now,
            equity if isinstance(equity, EquityView) else None,
            today if isinstance(today, PnlView) else None,
            week if isinstance(week, PnlView) else None,
            risk if isinstance(risk, RiskView) else None,
        )

    def _answer_for(self, user_id: str) -> str:
        text, until_s = self._answers.get(user_id, ("", 0.0))
        return text if time.time() < until_s else ""

    async def _publish(self, user_id: str, view: render.View) -> str:
        """Send a page; return Slack's own word for what is wrong with it, empty where nothing is."""
        try:
            await self._client.views_publish(user_id=user_id, view=view)
        except SlackApiError as error:
            wait_s, why = wait_asked_for(error, self._gap_s), reason_of(error)
            _log.warning("a home was not published", extra={"user": user_id, "why": why})
            if wait_s:
                self._due.set()
                await asyncio.sleep(wait_s)
            return why
        except (aiohttp.ClientError, TimeoutError) as error:
            _log.warning("a home was not published", extra={"user": user_id, "why": repr(error)})
        return ""


def _new_id() -> str:
    return f"bot:{uuid.uuid4().hex}"
