"""One core and its venue: opened as the settings say, connected, and compared with its account while it runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Final, TypeVar

from engine.clock import now_ns
from engine.core.config import TradingConfig
from engine.core.reconcile import SETTLE_NS
from engine.live import Live
from engine.settings import Settings
from engine.venues.binance.errors import KeyRefused, NotTraded, VenueError
from engine.venues.binance.venue import ApiKeys, BinanceVenue, VenueUrls

ACCOUNT_EVERY_S: Final = 30.0
"""How often the account is compared (C14)."""
SETTLED_S: Final = SETTLE_NS / 1e9 + 0.1
"""After a fill the account is asked for when balances and fills can be compared again."""
HISTORY_CANDLES: Final = 200
_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@contextlib.asynccontextmanager
async def open_venue(settings: Settings, name: str) -> AsyncIterator[BinanceVenue]:
    """Wait until the venue is there, look what the key may do, and close it at the end.

    Raises KeyRefused for a key that may withdraw or may not trade, NotTraded for symbols that it does not have.
    """
    urls = VenueUrls(settings.rest_url, settings.stream_url, settings.ws_api_url)
    venue = BinanceVenue(urls, keys_of(settings), settings.symbols, now_ns)
    try:
        await _patiently(venue.load, f"the {name}")
        await _patiently(partial(venue.check_key, is_live=settings.is_live), f"what the key of the {name} may do")
        _check_quotes(venue, settings.trading)
        yield venue
    finally:
        await venue.close()


def keys_of(settings: Settings) -> ApiKeys:
    """Return the keys of the account that is traded."""
    return ApiKeys(settings.api_key.reveal(), settings.api_secret.reveal(), settings.private_key)


def _check_quotes(venue: BinanceVenue, trading: TradingConfig) -> None:
    """Refuse symbols that are priced in something else than what equity is counted in; a circle has one of them."""
    quote_asset, circle = trading.quote_asset, trading.strategies.arbitrage.circle
    others = [it.symbol for it in venue.instruments.values() if it.quote_asset != quote_asset]
    others = [name for name in others if name not in circle]
    if others:
        words = f"{', '.join(others[:5])} is not priced in {quote_asset}"
        raise NotTraded(f"{words}: correct ENGINE_SYMBOLS, or quote_asset in trader.toml.")


async def connect(venue: BinanceVenue, live: Live) -> None:
    """Warm up on the venue's candles, then connect to its market and its line for orders."""
    for symbol in live.engine.trading.markets:
        for candle in await _patiently(partial(venue.account.candles, symbol, HISTORY_CANDLES), "the candles"):
            live.on_candle(candle)
    live.on_clock_offset(venue.clock_offset_ms)
    venue.on_instrument, venue.on_clock_offset = live.on_instrument, live.on_clock_offset
    venue.on_silence = live.on_silenced
    live.orders = venue.orders
    if venue.orders is not None:
        venue.orders.on_line_stands = live.wants_account.set
    await venue.start(live, live)
    if venue.feed is not None:
        live.on_gap, live.has_caught_up = venue.feed.probe, venue.feed.has_caught_up


async def reconcile(venue: BinanceVenue, live: Live) -> None:
    """Compare the account at the start, every 30 s, when somebody asks, and once things have settled after a fill, and
    after the line for orders broke and stood again.

    Until it has been reconciled it is asked for every second: a person waits for it with ``/resume``.
    """
    while True:
        live.wants_account.clear()
        was_urgent, live.is_account_urgent = live.is_account_urgent, False
        live.on_account(await _patiently(venue.account.snapshot, "the account"))
        if not live.engine.trading.is_reconciled:
            await asyncio.sleep(1.0)
            continue
        if was_urgent and live.engine.trading.strangers.is_moving:
            live.wants_account.set()  # what could not be compared for somebody is, once things have settled
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ACCOUNT_EVERY_S):
                await live.wants_account.wait()
        if not live.is_account_urgent:
            await asyncio.sleep(SETTLED_S)


async def _patiently(ask: Callable[[], Awaitable[_T]], what: str) -> _T:
    """Ask the venue until it answers, with a growing pause and a line in the log for each time that it doesn't."""
    pause_s = 0.1
    while True:
        try:
            return await ask()
        except (NotTraded, KeyRefused):
            raise
        except VenueError as error:
            _log.warning("waiting for %s: %s", what, error)
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, 5.0)
