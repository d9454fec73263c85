"""Binance spot as one thing: what it trades, its market, its line for orders, its account, and how it is doing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from engine.core.facts import CLOCK_LIMIT_MS, clock_words
from engine.core.instrument import Instrument
from engine.core.types import Symbol
from engine.venues.binance.account import Account
from engine.venues.binance.errors import NotTraded, RequestRefused, VenueError
from engine.venues.binance.feed import MarketFeed, Tap
from engine.venues.binance.limits import Budget
from engine.venues.binance.line import OrderLine
from engine.venues.binance.orders import REPLY_S, BinanceOrders, OrderLineSink
from engine.venues.binance.orders_codec import OrderEncoder
from engine.venues.binance.permissions import check_key
from engine.venues.binance.rest import RestClient
from engine.venues.binance.sign import make_signer
from engine.venues.binance.urls import ApiKeys, VenueUrls
from engine.venues.binance.websocket import PING_S
from engine.venues.sinks import MarketSink

__all__ = ["ApiKeys", "BinanceVenue", "VenueUrls"]

_log = logging.getLogger(__name__)

REFRESH_S: Final = 60.0
"""How often the clock and the instruments' limits are asked for again (C17, F25): 25 of the minute's 6,000 weight."""
_REFRESH_PAUSE_S: Final = 5.0
"""At least so long between two of these, whatever asks for them; and so often while something keeps us from trading."""

_BAD_SYMBOL: Final = -1121
"""Source: Binance, "Error codes": BAD_SYMBOL."""

HealthPart = tuple[str, bool, str]


class BinanceVenue:
    """Talks to Binance, or with other URLs to anything that speaks its protocol.

    ``load`` first, which asks for instruments and the clock, then ``start``. Without keys there is no line for
    orders; without symbols all that the venue trades are followed. Raises VenueError for a key that can't be read.
    """

    def __init__(
        self,
        urls: VenueUrls,
        keys: ApiKeys | None,
        symbols: Iterable[str],
        clock_ns: Callable[[], int],
        tap: Tap | None = None,
        *,
        reply_s: float = REPLY_S,
        ping_s: float = PING_S,
    ) -> None:
        self.instruments: dict[Symbol, Instrument] = {}
        """What is traded, by symbol; kept up to date in place."""
        self.on_instrument: Callable[[Instrument], None] = _nothing
        """Called with an instrument whose limits or status changed while running (F25)."""
        self.on_clock_offset: Callable[[int], None] = _nothing
        """Called with the venue's clock less ours, in ms, each time that it was measured (C17)."""
        self.orders: BinanceOrders | None = None
        self.feed: MarketFeed | None = None
        self._urls = urls
        self._symbols = tuple(symbols)
        self._clock_ns = clock_ns
        self._tap = tap
        self._ping_s = ping_s
        self._new_units: set[Symbol] = set()
        self._refreshing: asyncio.Task[None] | None = None
        self._refresh_now = asyncio.Event()
        self._budget = Budget()
        self._encoder: OrderEncoder | None = None
        if keys is None:
            self._rest = RestClient(urls.rest, None, None, self._budget, clock_ns)
        else:
            signer = make_signer(keys)
            self._encoder = OrderEncoder((), keys, signer)
            self._rest = RestClient(urls.rest, keys, self._encoder, self._budget, clock_ns)
            self.orders = BinanceOrders(
                OrderLine(urls.ws_api, self._encoder, signer, self._budget, self._rest.venue_ms, clock_ns, ping_s),
                self._rest,
                self._encoder,
                self.instruments,
                self._budget,
                clock_ns,
                reply_s,
            )
            self.orders.on_stale_facts = self._rest.on_stale_clock = self._refresh_now.set
        self.account = Account(self._rest, self.instruments, self._budget, clock_ns)

    @property
    def on_silence(self) -> Callable[[bool, float], None]:
        """Called when the venue asks for silence: whether it has banned us, and for how many seconds (F7)."""
        return self._budget.on_silence

    @on_silence.setter
    def on_silence(self, listener: Callable[[bool, float], None]) -> None:
        self._budget.on_silence = listener

    @property
    def clock_offset_ms(self) -> int:
        """The venue's clock less ours."""
        return self._rest.clock_offset_ms

    async def load(self) -> None:
        """Ask for instruments and measure the clock.

        Raises NotTraded for a symbol that the venue doesn't have, VenueError while it doesn't answer.
        """
        self._rest.clock_offset_ms = await self.account.measure_clock()
        self.on_clock_offset(self._rest.clock_offset_ms)
        found = await self._find_instruments()
        for instrument in found.values():
            self._take(instrument)
        if self._encoder is not None:
            self._encoder.set_instruments(self.instruments.values())

    async def _find_instruments(self) -> dict[Symbol, Instrument]:
        named = ", ".join(self._symbols)
        try:
            # By name once they are known: only so a suspended one is listed too (F25).
            found = await self.account.fetch_instruments(self._symbols or self.instruments)
        except RequestRefused as error:
            if error.code != _BAD_SYMBOL:
                raise
            raise NotTraded(f"The venue doesn't know one of {named}: correct ENGINE_SYMBOLS.") from None
        missing = [symbol for symbol in self._symbols if symbol not in found]
        if missing or not found:
            raise NotTraded(f"The venue doesn't trade {', '.join(missing) or 'anything'}: correct ENGINE_SYMBOLS.")
        return found

    async def check_key(self, *, is_live: bool) -> None:
        """Ask what the key may do (C18); raises as ``permissions.check_key`` does."""
        if self.orders is not None:
            await check_key(self._rest, "the account's API key", is_live=is_live)

    async def start(self, market_sink: MarketSink, order_sink: OrderLineSink) -> None:
        """Connect the line for orders, then the market, and return when both stand."""
        if self.orders is not None:
            await self.orders.start(order_sink)
        self.feed = MarketFeed(
            self._urls.stream,
            self._rest,
            self.instruments.values(),
            market_sink,
            self._clock_ns,
            self._tap,
            self._ping_s,
        )
        self._refreshing = asyncio.create_task(self._refresh())
        await self.feed.start()

    async def close(self) -> None:
        """Close every connection."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)
        if self.feed is not None:
            await self.feed.close()
        if self.orders is not None:
            await self.orders.close()
        await self._rest.close()

    def health(self) -> tuple[HealthPart, ...]:
        """Say how each part is: its name, whether it is well, and a few words."""
        offset_ms = self.clock_offset_ms
        parts: list[HealthPart] = [
            ("clock", abs(offset_ms) <= CLOCK_LIMIT_MS, clock_words(offset_ms)),
            ("rest", not self._budget.is_banned, f"{self._rest.used_weight} of the minute's weight used"),
        ]
        if self.orders is not None:
            is_ready = self.orders.is_ready
            parts.append(("order line", is_ready, "connected" if is_ready else "down: orders go over REST"))
        if self.feed is not None:
            parts.append(("market stream", self.feed.is_connected, self.feed.summary))
        if self._new_units:
            changed = ", ".join(sorted(self._new_units))
            parts.append(("instruments", False, f"new tick or lot size of {changed}: restart the engine"))
        return tuple(parts)

    def _take(self, instrument: Instrument) -> None:
        """Take an instrument's limits. Its units stay as they were while we run: the core counts in them.

        A symbol whose tick or lot size changed is therefore no longer traded until a restart (F25).
        """
        known = self.instruments.get(instrument.symbol)
        kept = instrument
        if known is not None and (known.tick_e8, known.lot_e8) != (instrument.tick_e8, instrument.lot_e8):
            self._new_units.add(instrument.symbol)
            kept, instrument = (msgspec.structs.replace(it, is_trading=False) for it in (known, instrument))
        self.instruments[instrument.symbol] = kept
        if known is not None and known != kept:
            _log.warning("the venue changed its rules for %s", instrument.symbol)
            self.on_instrument(instrument)

    def _is_tradable(self) -> bool:
        """Say whether clock and instruments are as they should be."""
        is_trading = all(it.is_trading or it.symbol in self._new_units for it in self.instruments.values())
        return is_trading and abs(self.clock_offset_ms) <= CLOCK_LIMIT_MS

    async def _refresh(self) -> None:
        """Ask again from time to time, and soon when the venue refused our clock or a limit."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._refresh_now.wait(), REFRESH_S if self._is_tradable() else 0.0)
            self._refresh_now.clear()
            try:
                await self.load()
            except VenueError as error:
                _log.warning("clock and limits were not refreshed: %s", error)
            await asyncio.sleep(_REFRESH_PAUSE_S)


def _nothing(heard: object) -> None:
    """Stand in until somebody listens."""
