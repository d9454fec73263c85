"""Market streams: one connection for all symbols; each frame is decoded and handed on in the socket's callback."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from engine.core.instrument import Instrument
from engine.core.types import Symbol
from engine.venues.binance.codec import snapshot_frame
from engine.venues.binance.errors import VenueError
from engine.venues.binance.reader import MarketReader
from engine.venues.binance.rest import RestClient
from engine.venues.binance.websocket import PING_S, Connection, KeptSocket
from engine.venues.sinks import MarketSink

_log = logging.getLogger(__name__)

Tap = Callable[[int, bytes], None]

_STREAMS: Final = ("trade", "bookTicker", "depth@100ms")
_STREAMS_MAX: Final = 1024
"""On one connection. Source: Binance, WebSocket streams, "General information"."""
_DEPTH_LIMIT: Final = 1000
_RETRY_S: Final = 0.5


class MarketFeed:
    """Follows the market of some instruments and calls the sink synchronously.

    ``tap(ts_recv_ns, frame)`` sees every frame after it was handled, snapshots included as ``depthSnapshot``.
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
    ) -> None:
        known = tuple(instruments)
        streams = [f"{instrument.symbol.lower()}@{stream}" for instrument in known for stream in _STREAMS]
        if not 0 < len(streams) <= _STREAMS_MAX:
            raise ValueError(f"{len(known)} symbols: one connection carries 1 to {_STREAMS_MAX // len(_STREAMS)}")
        self.reader = MarketReader(known, sink, self._ask_snapshot, self._on_shutdown)
        self.ts_last_frame_ns = 0
        self._rest = rest
        self._clock_ns = clock_ns
        self._tap = tap
        self._asked: dict[Symbol, asyncio.Task[None]] = {}
        self._socket = KeptSocket(
            f"{stream_url}/stream?streams={'/'.join(streams)}",
            self._on_frame,
            clock_ns,
            _nothing_more,
            self._on_lost,
            ping_s,
        )

    @property
    def is_connected(self) -> bool:
        """True while the streams are open."""
        return self._socket.is_ready

    async def start(self) -> None:
        """Connect, and return when the first connection stands."""
        self._socket.start()
        await self._socket.wait_ready()

    async def close(self) -> None:
        """Close the connection and forget what was asked."""
        await self._socket.close()
        asked = tuple(self._asked.values())
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    def _on_frame(self, frame: bytes, ts_recv_ns: int) -> None:
        self.ts_last_frame_ns = ts_recv_ns
        self.reader.on_frame(frame, ts_recv_ns)
        if self._tap is not None:
            self._tap(ts_recv_ns, frame)

    def _on_lost(self) -> None:
        for task in self._asked.values():
            task.cancel()
        self._asked.clear()
        self.reader.on_disconnect(self._clock_ns())

    def _on_shutdown(self) -> None:
        self._socket.renew()

    def _ask_snapshot(self, symbol: Symbol) -> None:
        """Fetch a snapshot beside the hot path, one at a time for each symbol."""
        asked = self._asked.get(symbol)
        is_asking_again = asked is not None and asked is asyncio.current_task()
        if asked is None or asked.done() or is_asking_again:
            delay_s = _RETRY_S if is_asking_again else 0.0
            self._asked[symbol] = asyncio.create_task(self._fetch_snapshot(symbol, delay_s))

    async def _fetch_snapshot(self, symbol: Symbol, delay_s: float) -> None:
        while True:
            await asyncio.sleep(delay_s)
            delay_s = _RETRY_S
            try:
                data = await self._rest.get("/api/v3/depth", {"symbol": symbol, "limit": _DEPTH_LIMIT})
                break
            except VenueError as error:
                _log.warning("no snapshot of %s: %s", symbol, error)
        self._on_frame(snapshot_frame(data, symbol), self._clock_ns())


async def _nothing_more(connection: Connection) -> None:
    """Subscriptions are in the URL, so an open connection needs nothing more."""
