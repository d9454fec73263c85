"""The bot's side of the line: what it last heard of the engine, and how a person's command gets there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from typing import Final

from bot.home import Homes
from bot.modals import Modals
from bot.posts import Posts
from bot.render import notes
from engine.wire.answers import RoundTripsView
from engine.wire.commands import AnyCommand, SetQuiet, TurnAway, Who
from engine.wire.events import AnyEvent, TradeChanged
from engine.wire.line import EngineLine, LineDown
from engine.wire.questions import GetTrades
from engine.wire.replies import Reply, Snapshot
from engine.wire.views import HealthView, PersonView, StatusView

_log = logging.getLogger(__name__)
_ME: Final = Who("bot", "bot", "bot")
_ENDED: Final = 200
_GONE_S: Final = 10.0
"""A restart takes less; after this the channel is told."""
_FIRST_S: Final = 120.0
"""A first start compiles its kernels; an engine that was never heard is missed only after this."""


class Desk:
    """Asks the engine for people, and hands what it tells to the posts."""

    def __init__(self, line: EngineLine, posts: Posts) -> None:
        self._line = line
        self.posts = posts
        self.modals = Modals()
        self.health: Callable[[], tuple[HealthView, ...]] = tuple
        """How the bot is, part by part."""
        self.others: Callable[[], Awaitable[dict[str, tuple[HealthView, ...]]]]
        """How the other processes of this home are."""
        self.homes: Homes
        """Everybody's App Home."""
        self.hearers: list[Callable[[Snapshot | AnyEvent], None]] = []
        """Who besides the posts follows what the engine tells."""
        self.status: StatusView | None = None
        """As of the last snapshot; None until there was one."""

    @property
    def is_connected(self) -> bool:
        """True while the engine can be asked."""
        return self._line.is_connected

    @property
    def is_paper(self) -> bool:
        """True once the engine said that its account is paper."""
        return self.status is not None and self.status.account == "paper"

    async def ask(self, command: AnyCommand) -> Reply:
        """Put a person's command to the engine and log both; raises LineDown."""
        reply = await self._line.ask(command)
        facts = {"command": type(command).__name__, "command_id": command.id, "by": command.who.user_id}
        _log.info("a person's command", extra={**facts, "ok": reply.ok, "code": reply.code})
        return reply

    def row_of(self, user_id: str) -> PersonView | None:
        """Return what the engine was told of a person; None where it was told nothing."""
        people = self.status.people if self.status is not None else ()
        return next((row for row in people if row.user_id == user_id), None)

    async def note_refusal(self, who: Who, asked: str, why: str) -> None:
        """Have the engine write down who was refused what; while it is away, the log has it alone."""
        with contextlib.suppress(LineDown):
            await self._line.ask(TurnAway(id=f"slack:refused:{uuid.uuid4().hex}", who=who, asked=asked, why=why))

    async def note_quiet(self, who: Who, what: str, seconds: float | None) -> None:
        """Have the engine write down what somebody wants to be named in no more; the log has it in any case."""
        _log.info("a person's own mute", extra={"by": who.user_id, "what": what, "seconds": seconds})
        with contextlib.suppress(LineDown):
            await self._line.ask(SetQuiet(id=f"slack:quiet:{uuid.uuid4().hex}", who=who, what=what, seconds=seconds))

    async def follow(self) -> None:
        """Keep the channel in step with the engine, for ever."""
        async for heard in self._line.events():
            if isinstance(heard, Snapshot):
                self.status = heard.status
                await self._tell_ends(heard)
                self.posts.on_snapshot(heard)
            else:
                self.posts.on_event(heard)
            for hear in self.hearers:
                hear(heard)

    async def _tell_ends(self, snapshot: Snapshot) -> None:
        """Tell how trades ended while no bot was there, as if it were told now; what isn't known stays untold."""
        ended = self.posts.unknown_ends(snapshot)
        if not ended:
            return
        with contextlib.suppress(LineDown):
            reply = await self._line.ask(GetTrades(id=f"bot:{uuid.uuid4().hex}", who=_ME, most=_ENDED))
            trips = reply.result.trips if isinstance(reply.result, RoundTripsView) else ()
            for trade in [trip.trade for trip in trips if trip.trade.trade_id in ended and not trip.trade.is_open]:
                text = "closed while the bot was away"
                self.posts.on_event(TradeChanged(ts_ns=trade.ts_closed_ns, what="closed", trade=trade, text=text))

    async def watch(self, gone_s: float = _GONE_S, first_s: float = _FIRST_S) -> None:
        """Tell the channel when the engine is gone for longer than a restart takes, and when it is back."""
        while True:
            await self._line.wait_until(connected=False)
            try:
                async with asyncio.timeout(gone_s if self.status is not None else first_s):
                    await self._line.wait_until(connected=True)
            except TimeoutError:
                self.posts.post(notes.engine_lost())
                await self._line.wait_until(connected=True)
                self.posts.post(notes.engine_back())
