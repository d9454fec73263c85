"""Market streams: as many connections as the symbols need; each frame is handed on in its socket's own callback."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, NamedTuple

from engine.core.instrument import Instrument
from engine.core.types import Symbol
from engine.venues.binance import shares
from engine.venues.binance.codec import snapshot_frame
from engine.venues.binance.errors import Throttled, VenueError
from engine.venues.binance.express import ExpressReader
from engine.venues.binance.limits import Attempts
from engine.venues.binance.reader import MarketReader
from engine.venues.binance.rest import RestClient
from engine.venues.binance.websocket import PING_S, Connection, KeptSocket
from engine.venues.sinks import ExpressSink, MarketSink

_log = logging.getLogger(__name__)

Tap = Callable[[int, bytes], None]

_ATTEMPTS: Final = 240
_ATTEMPTS_SPAN_S: Final = 300.0
"""Of 300 connections that an address may try in 5 minutes, the line for orders keeps its part.
Source: Binance, WebSocket streams, "Websocket Limits"."""

_DEPTHS: Final = ((60, 1000), (120, 500))
_DEPTH_OF_MANY: Final = 100
"""How many levels a snapshot has where there are so many symbols at most: snapshots of all of them fit into half of a
minute's 6,000 weight, up to 600 symbols. Of a book that begins with fewer, more becomes known as it changes.
Source: Binance, REST API, "Order book": 100 levels weigh 5, 500 weigh 25, 1,000 weigh 50."""
_FETCHES: Final = 4
"""Snapshots that are fetched at the same time: each answer says what is left of the minute's weight."""
_RETRY_S: Final = 0.5


class _Share(NamedTuple):
    """The symbols of one connection."""

    symbols: tuple[Symbol, ...]
    socket: KeptSocket


class MarketFeed:
    """Follows the market of some instruments and calls the sink synchronously, by the express lane if it offers one.

    ``tap(ts_recv_ns, frame)`` sees every frame after it was handled, snapshots included as ``depthSnapshot``.
    ``streams_max`` is what the venue lets one connection carry. Raises ValueError where there is nothing to follow.
    """

    def __init__(
        self,
        stream_url: str,
        rest: RestClient,
        instruments: Iterable[Instrument],
        sink: MarketSink,
        clock_ns: Callable[[], int],
        tap: Tap | None = None,
        ping_s: float = PING_S,
        streams_max: int = shares.STREAMS_MAX,
    ) -> None:
        known = tuple(instruments)
        self.reader = self._reader(known, sink)
        self._rest = rest
        self._clock_ns = clock_ns
        self._tap = tap
        self._ping_s = ping_s
        self._depth = next((depth for most, depth in _DEPTHS if len(known) <= most), _DEPTH_OF_MANY)
        self._asked: dict[Symbol, asyncio.Task[None]] = {}
        self._fetches = asyncio.Semaphore(_FETCHES)
        self._attempts = Attempts(_ATTEMPTS, _ATTEMPTS_SPAN_S)
        split = shares.split([instrument.symbol for instrument in known], stream_url, streams_max)
        self._shares = tuple(_Share(symbols, self._socket(stream_url, symbols)) for symbols in split)

    @property
    def is_connected(self) -> bool:
        """True while every connection is open."""
        return all(share.socket.is_ready for share in self._shares)

    @property
    def summary(self) -> str:
        """How much was heard, and how many connections are open, in a few words."""
        is_open = sum(share.socket.is_ready for share in self._shares)
        return f"{self.reader.frames} frames, {is_open} of {len(self._shares)} connections open"

    def probe(self) -> None:
        """Begin to find out when everything has been heard that was sent before now."""
        for share in self._shares:
            share.socket.probe()

    def has_caught_up(self) -> bool:
        """Say whether, on every connection, all has been heard that was sent before the last ``probe``."""
        return all(share.socket.has_caught_up for share in self._shares)

    async def start(self) -> None:
        """Connect, and return when every first connection stands."""
        for share in self._shares:
            share.socket.start()
        for share in self._shares:
            await share.socket.wait_ready()

    async def close(self) -> None:
        """Close the connections and forget what was asked."""
        await asyncio.gather(*(share.socket.close() for share in self._shares))
        asked = tuple(self._asked.values())
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    def _reader(self, known: tuple[Instrument, ...], sink: MarketSink | ExpressSink) -> MarketReader:
        if isinstance(sink, ExpressSink) and sink.express is not None:
            return ExpressReader(sink.express, sink, self._ask_snapshot, self._on_shutdown)
        return MarketReader(known, sink, self._ask_snapshot, self._on_shutdown)

    def _socket(self, stream_url: str, symbols: tuple[Symbol, ...]) -> KeptSocket:
        return KeptSocket(
            shares.address(stream_url, symbols),
            self._on_frame if self._tap else self.reader.on_frame,
            self._clock_ns,
            _nothing_more,
            partial(self._on_lost, symbols),
            self._ping_s,
            admit=self._admit,
        )

    async def _admit(self) -> None:
        """Wait until the venue's limit of connections allows another one."""
        while wait_s := self._attempts.take(asyncio.get_running_loop().time()):
            _log.warning("too many connections were tried: the next one waits %.0f s", wait_s)
            await asyncio.sleep(wait_s)

    def _on_frame(self, frame: bytes, ts_recv_ns: int) -> None:
        self.reader.on_frame(frame, ts_recv_ns)
        if self._tap is not None:
            self._tap(ts_recv_ns, frame)

    def _on_lost(self, symbols: tuple[Symbol, ...]) -> None:
        for symbol in symbols:
            if task := self._asked.pop(symbol, None):
                task.cancel()
        self.reader.on_disconnect(symbols, self._clock_ns())

    def _on_shutdown(self) -> None:
        """Replace every connection: a frame doesn't say which one it came over, and a successor loses nothing."""
        for share in self._shares:
            share.socket.renew()

    def _ask_snapshot(self, symbol: Symbol) -> None:
        """Fetch a snapshot beside the hot path, one at a time for each symbol."""
        asked = self._asked.get(symbol)
        is_asking_again = asked is not None and asked is asyncio.current_task()
        if asked is None or asked.done() or is_asking_again:
            delay_s = _RETRY_S if is_asking_again else 0.0
            self._asked[symbol] = asyncio.create_task(self._fetch_snapshot(symbol, delay_s))

    async def _fetch_snapshot(self, symbol: Symbol, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        async with self._fetches:
            data = await self._get_snapshot(symbol)
        self._on_frame(snapshot_frame(data, symbol), self._clock_ns())

    async def _get_snapshot(self, symbol: Symbol) -> bytes:
        """Ask until there is an answer."""
        while True:
            try:
                return await self._rest.get("/api/v3/depth", {"symbol": symbol, "limit": self._depth}, is_bulk=True)
            except VenueError as error:
                _log.warning("no snapshot of %s: %s", symbol, error)
                await asyncio.sleep(error.wait_s if isinstance(error, Throttled) else _RETRY_S)


async def _nothing_more(connection: Connection) -> None:
    """Subscriptions are in the address, so an open connection needs nothing more."""
