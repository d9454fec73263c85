"""One run: an event is written, its order awaited, and the next one follows a gap later; everything is counted.

The gap begins when the order has been received: a client that is slower than the gap is measured on each event, and
not on the queue of those before it. An order that comes after its event was given up counts with the time that it
took, and the run goes on waiting for the order of the event that it sent last, so that one late order leaves no
queue behind. The server spins meanwhile, so that its own wake-up is in no figure.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from typing import Final

from benchmarks.lab.server import LoadServer, Peer

MISSING_NS: Final = 1_000_000_000
"""The next event waits for an order so long and no longer."""
MISSING_MOST: Final = 20
"""So many events without an order, and the run is given up: the client has stopped answering."""
_QUOTE_EVERY: Final = 50
_DEPTH_EVERY: Final = 200
"""Frames of the other kinds between the trades, after so many of them and in the middle of a gap: their time isn't
taken, but the quote must keep up with the price (C4)."""


class Run:
    """Sends events and pairs each with its order; make one for each run.

    Trades are written to a market's connection, and their orders known by their price; headlines to one of news, and
    their orders known by their name. Between two headlines the market goes on: a trade and a quote follow each order.
    """

    def __init__(self, server: LoadServer, peer: Peer, gap_ns: int, price_of: Callable[[int], int]) -> None:
        self.latencies_ns: list[int] = []
        self.events = 0
        self.duplicates = 0
        """Orders of an event that had one already, or of none."""
        self._server = server
        self._peer = peer
        self._gap_ns = gap_ns
        self._price_of = price_of
        self._open: dict[int | str, int] = {}
        """When each event that has no order yet was written, by the price or the name of that order."""
        self._awaited: int | str = 0
        """The price or the name of the order that the next event waits for."""
        self._next_ns = self._since_ns = 0
        self._left = 0
        self._done: asyncio.Future[None] | None = None

    @property
    def missing(self) -> int:
        """How many events have no order."""
        return len(self._open)

    async def events_and_orders(self, count: int) -> None:
        """Send so many events and return when each has its order, or had its time.

        Raises RuntimeError when the client hangs up or has stopped answering.
        """
        loop = asyncio.get_running_loop()
        self._left, self._done = count, loop.create_future()
        self._next_ns = time.perf_counter_ns() + self._gap_ns
        self._server.on_order = self._on_order
        gc.collect()
        gc.disable()
        try:
            loop.call_soon(self._spin)
            await self._done
        finally:
            gc.enable()

    def forget(self) -> None:
        """Throw the figures of the warm-up away, late orders of it too; what was missing or twice stays counted."""
        self.latencies_ns.clear()
        self._since_ns = time.perf_counter_ns()

    def _spin(self) -> None:
        assert self._done is not None
        now_ns = time.perf_counter_ns()
        if now_ns >= self._next_ns:
            if self._left == 0:
                self._done.set_result(None)
                return
            if self.missing > MISSING_MOST:
                self._done.set_exception(RuntimeError(f"{self.missing} of {self.events} events have no order"))
                return
            try:
                self._send()
            except OSError:
                self._done.set_exception(RuntimeError("the client has hung up: see its words on standard error"))
                return
        asyncio.get_running_loop().call_soon(self._spin)

    def _send(self) -> None:
        market = self._server.market
        if self._peer.role == "news":
            frame, self._awaited = market.headline(), market.headlines.order
        else:
            frame, self._awaited = market.trade(), self._price_of(market.ticks)
        self._open[self._awaited] = began_ns = self._peer.write_now(frame)
        self._next_ns = began_ns + MISSING_NS
        self.events += 1
        self._left -= 1

    def _on_order(self, ticks: int, now_ns: int) -> None:
        name = self._server.last_name if self._peer.role == "news" else ticks or self._awaited  # an echo has no price
        began_ns = self._open.pop(name, None)
        if began_ns is None:
            self.duplicates += 1
            return
        if began_ns >= self._since_ns:
            self.latencies_ns.append(now_ns - began_ns)
        if name != self._awaited:
            return
        self._next_ns = now_ns + self._gap_ns
        if self._peer.role == "news":
            self._server.tell_market(self._server.market.trade() + self._server.market.quote())
        if self._peer.role != "echo":
            self._tell_more()

    def _tell_more(self) -> None:
        """Let the rest of the market follow, half a gap before the next event."""
        later_s = self._gap_ns / 2e9
        loop, market = asyncio.get_running_loop(), self._server.market
        if self.events % _QUOTE_EVERY == 0:
            loop.call_later(later_s, lambda: self._server.tell_market(market.quote()))
        if self.events % _DEPTH_EVERY == 0:
            loop.call_later(later_s, lambda: self._server.tell_market(market.depth()))
