"""The market streams: ``/ws``, ``/ws/<stream>`` and ``/stream?streams=a/b``, with live (un)subscribing.

Source: Binance spot, "WebSocket Streams". A request looks so, and is answered ``{"result":null,"id":1}``::

    {"method":"SUBSCRIBE","params":["ethusdt@trade","ethusdt@depth@100ms"],"id":1}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from aiohttp import web

from engine.venues.paper.server.klines import INTERVALS
from engine.venues.paper.server.lines import Line
from engine.venues.paper.server.venue import Venue

KINDS: Final = frozenset(
    {"trade", "bookTicker", "depth", "depth@100ms", "depth@1000ms", *(f"kline_{name}" for name in INTERVALS)}
)
MOST_STREAMS: Final = 1_024
"""On one connection. Source: "WebSocket Streams", Websocket Limits."""


class _Request(msgspec.Struct):
    method: str
    id: int | str | None = None
    params: list[Any] = []


_decode = msgspec.json.Decoder(_Request).decode


def routes(venue: Venue, keep: Callable[[Line, str], None], drop: Callable[[Line], None]) -> list[web.RouteDef]:
    """Return the routes; ``keep`` and ``drop`` hear of lines that come and go."""

    async def serve(request: web.Request, names: list[str], is_combined: bool) -> web.StreamResponse:
        """Serve one connection until it ends."""
        line = await Line.open(request, venue.options.latency_out_ms / 1000)
        listener = _Listener(venue, line, is_combined)
        keep(line, "combined" if is_combined else "raw")
        try:
            listener.subscribe(names)
            await line.receive(listener.on_message)
        finally:
            venue.market_hub.leave(line)
            drop(line)
        return line.socket

    async def raw(request: web.Request) -> web.StreamResponse:
        return await serve(request, _names(request.match_info.get("stream", "")), False)

    async def combined(request: web.Request) -> web.StreamResponse:
        return await serve(request, _names(request.query.get("streams", "")), True)

    return [web.get("/ws", raw), web.get("/ws/{stream:.*}", raw), web.get("/stream", combined)]


class _Listener:
    """One connection's subscriptions."""

    def __init__(self, venue: Venue, line: Line, is_combined: bool) -> None:
        self._venue = venue
        self._line = line
        self._is_combined = is_combined

    def subscribe(self, names: list[str]) -> None:
        """Listen to streams; one that doesn't exist stays silent, as at Binance."""
        for name in names[:MOST_STREAMS]:
            if name.partition("@")[2] in KINDS or name in self._venue.listen_keys:
                self._venue.market_hub.subscribe(self._line, name, is_combined=self._is_combined)

    def on_message(self, data: bytes) -> None:
        """Answer a request."""
        try:
            request = _decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._refuse(None, 3, f"Invalid JSON: {error}")
            return
        if request.method == "LIST_SUBSCRIPTIONS":
            self._reply(request.id, self._venue.market_hub.streams_of(self._line))
        elif request.method in ("SUBSCRIBE", "UNSUBSCRIBE"):
            self._change(request)
        else:
            self._refuse(request.id, 2, "Invalid request: unknown variant")

    def _change(self, request: _Request) -> None:
        names = [name for name in request.params if isinstance(name, str)]
        if not names:
            self._refuse(request.id, 2, "Invalid request: params must be a list of streams")
            return
        self._reply(request.id, None)
        if request.method == "SUBSCRIBE":
            self.subscribe(names)
        else:
            for name in names:
                self._venue.market_hub.unsubscribe(self._line, name)

    def _reply(self, request_id: int | str | None, result: Any) -> None:
        self._line.send(msgspec.json.encode({"result": result, "id": request_id}))

    def _refuse(self, request_id: int | str | None, code: int, message: str) -> None:
        self._line.send(msgspec.json.encode({"error": {"code": code, "msg": message}, "id": request_id}))


def _names(text: str) -> list[str]:
    return [name for name in text.split("/") if name]
