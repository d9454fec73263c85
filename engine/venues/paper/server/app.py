"""Puts the doors together: one aiohttp application that speaks all of it on one port."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

import msgspec
from aiohttp import WSCloseCode, web

from engine.venues.paper.errors import Refused
from engine.venues.paper.server import listen_keys, rest, streams, ws_api
from engine.venues.paper.server.faults import Fault
from engine.venues.paper.server.lines import PING_EVERY_S, Line
from engine.venues.paper.server.venue import Venue
from engine.venues.paper.server.wreck import wreck

LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
GOODBYE_S: Final = 0.3


class Doors:
    """All doors of one venue, and who stands in them."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.lines: dict[Line, str] = {}
        """Open lines and their kind: raw, combined, ws_api, news."""
        self._ends: dict[Line, asyncio.TimerHandle] = {}

    def application(self) -> web.Application:
        """Return the aiohttp application."""
        app = web.Application(client_max_size=1024 * 1024)
        app.add_routes(rest.routes(self.venue))
        app.add_routes(listen_keys.routes(self.venue))
        app.add_routes(streams.routes(self.venue, self.keep, self.drop))
        app.add_routes(ws_api.routes(self.venue, self.keep, self.drop))
        app.add_routes(
            [
                web.get("/_tape", self._tape),
                web.get("/_news", self._news),
                web.post("/_fault", self._fault),
                web.get("/sapi/{path:.*}", _nothing),
            ]
        )
        app.on_shutdown.append(self._on_shutdown)
        return app

    def keep(self, line: Line, kind: str) -> None:
        """Note a line that came."""
        self.lines[line] = kind
        loop = asyncio.get_running_loop()
        self._ends[line] = loop.call_later(self.venue.options.connection_life_s, line.cut)

    def drop(self, line: Line) -> None:
        """Forget a line that went."""
        self.lines.pop(line, None)
        self._ends.pop(line).cancel()

    async def ping_all(self) -> None:
        """Ask every client for a sign of life, for ever."""
        while True:
            await asyncio.sleep(PING_EVERY_S)
            for line in tuple(self.lines):
                with suppress(ConnectionError):
                    await line.ping()

    async def _tape(self, request: web.Request) -> web.Response:
        tape = self.venue.tape
        return rest.json_response(
            {
                "tape": tape.spec,
                "tape_time_ms": self.venue.tape_ms,
                "speed": tape.speed,
                "lap": tape.lap,
                "ended": self.venue.is_over,
            }
        )

    async def _news(self, request: web.Request) -> web.StreamResponse:
        line = await Line.open(request, self.venue.options.latency_out_ms / 1000)
        self.keep(line, "news")
        try:
            self.venue.news.join(line, self.venue.tape_ms)
            await line.receive(lambda data: None)
        finally:
            self.venue.news.leave(line)
            self.drop(line)
        return line.socket

    async def _fault(self, request: web.Request) -> web.Response:
        if request.remote not in LOOPBACK:
            raise web.HTTPForbidden(text="faults are ordered on this machine only")
        try:
            order: dict[str, Any] = msgspec.json.decode(await request.read(), type=dict[str, Any])
            if not await wreck(self.venue, self.lines, order):
                self.venue.faults.order(msgspec.convert(order, Fault))
        except msgspec.MsgspecError as error:
            return rest.error_response(Refused(-1102, f"not a fault: {error}"))
        except Refused as refused:
            return rest.error_response(refused)
        return rest.json_response({})

    async def _on_shutdown(self, app: web.Application) -> None:
        """Say good-bye to everybody at once, and wait for nobody's answer long."""
        closing = [asyncio.create_task(line.close(WSCloseCode.GOING_AWAY)) for line in self.lines]
        if closing:
            _, late = await asyncio.wait(closing, timeout=GOODBYE_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*closing, return_exceptions=True)


async def _nothing(request: web.Request) -> web.Response:
    """Answer ccxt, which asks for coins and margin pairs while it loads markets: there are none here."""
    return rest.json_response([])
