"""The app's own scheduler: a digest each day and each week, one that was missed once and late, none twice."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.posts import Posts
from bot.settings import DigestTimes
from engine.wire.commands import AnyCommand
from engine.wire.digest import DigestPeriod, DigestView, GetDigest
from engine.wire.line import LineDown
from engine.wire.person import Who
from engine.wire.replies import Reply

_log: Final = logging.getLogger(__name__)
_ME: Final = Who("bot", "bot", "bot")
_LOOK_S: Final = 20.0
_PERIODS: Final[tuple[DigestPeriod, ...]] = ("day", "week")
Ask = Callable[[AnyCommand], Awaitable[Reply]]


class Digests:
    """Posts what is due. When the last one was due is kept with the posts, in the same file, in the same write."""

    def __init__(self, ask: Ask, posts: Posts, times: DigestTimes, *, now_s: Callable[[], float] = time.time) -> None:
        """``times`` says when each is due; what has no time is never posted by itself."""
        self._ask = ask
        self._posts = posts
        self._times = times
        self._now_s = now_s

    async def run(self) -> None:
        """Look again and again, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_S)

    async def look(self) -> None:
        """Post what is due and was not posted; what was due before the bot was first here is not."""
        now = datetime.fromtimestamp(self._now_s(), UTC)
        for period in _PERIODS:
            due = last_due(self._times, period, now)
            if due is None:
                continue
            last_s = self._posts.digested.setdefault(period, due.timestamp())
            if due.timestamp() > last_s:
                await self._post(period, due)

    async def _post(self, period: DigestPeriod, due: datetime) -> None:
        try:
            reply = await self._ask(GetDigest(id=f"bot:{uuid.uuid4().hex}", who=_ME, period=period))
        except LineDown:
            return  # the next look asks again
        if isinstance(reply.result, DigestView):
            self._posts.digest(reply.result, due.timestamp())
        else:
            _log.warning("a digest was left out", extra={"period": period, "why": reply.text})


def last_due(times: DigestTimes, period: DigestPeriod, now: datetime) -> datetime | None:
    """Return when a digest was due last, at or before ``now``; None for one that nobody wants."""
    if times.minute is None or (period == "week" and times.weekday is None):
        return None
    due = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=times.minute)
    if due > now:
        due -= timedelta(days=1)
    if period == "week" and times.weekday is not None:
        due -= timedelta(days=(due.weekday() - times.weekday) % 7)
    return due
