"""Plays Binance's live public market as it happens; no key is needed.

The bytes of its streams go out unchanged. Books begin with a snapshot fetched after the streams are open; when an
update is missing, or the line breaks, everything is subscribed and fetched again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import aiohttp
import msgspec

from engine import clock
from engine.venues.paper.rules import SymbolRules
from engine.venues.paper.tape.events import BookSnapshot, Frame, Kline, TapeError, TapeEvent
from engine.venues.paper.tape.raw import decode_combined, decode_depth
from engine.venues.paper.tape.survey import pairs_e8
from engine.venues.paper.units import quote_of, to_e8

PUBLIC_REST: Final = "https://data-api.binance.vision"
PUBLIC_STREAM: Final = "wss://data-stream.binance.vision"
"""Binance's hosts for public data only. Source: Binance spot, "General API Information"."""
STREAMS: Final = ("trade", "bookTicker", "depth@100ms")
TIMEOUT: Final = aiohttp.ClientTimeout(total=20)
RETRY_S: Final = 3.0


class LiveTape:
    """Binance's public market, now."""

    has_news = False
    speed = 1.0
    lap = 0

    def __init__(self, symbols: Sequence[str], rest: str, stream: str) -> None:
        self.spec = "binance"
        self._symbols = list(symbols)
        self._rest = rest.rstrip("/")
        self._stream = stream.rstrip("/")
        self._rules: list[SymbolRules] = []
        self._history: dict[str, list[Kline]] = {}
        self._started_ns = 0

    async def prepare(self) -> None:
        """Fetch the symbols' rules and the last candles; raises TapeError where Binance can't be reached."""
        try:
            async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
                names = msgspec.json.encode(self._symbols).decode()
                info = await self._get(session, "exchangeInfo", symbols=names)
                self._rules = [rules_from(symbol) for symbol in info["symbols"]]
                for symbol in self._symbols:
                    rows = await self._get(session, "klines", symbol=symbol, interval="1m", limit="120")
                    self._history[symbol] = [_kline(row) for row in rows]
        except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as error:
            raise TapeError(
                f"Binance's public market can't be reached at {self._rest} ({error or type(error).__name__}). "
                "Check the network, or play the story: --tape story."
            ) from None

    @property
    def rules(self) -> Sequence[SymbolRules]:
        """Return the rules that exchangeInfo gave."""
        return self._rules

    def snapshots(self) -> Sequence[BookSnapshot]:
        """Return nothing: books come with the streams."""
        return ()

    def history(self, symbol: str) -> Sequence[Kline]:
        """Return the candles fetched at the beginning."""
        return self._history.get(symbol, ())

    async def play(self, listener: Callable[[TapeEvent], None]) -> None:
        """Follow the streams for ever, connecting again whenever the line breaks or an update is missing."""
        self._started_ns = clock.now_ns()
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            while True:
                # A broken line needs no word here: its silence makes every client's data stale, which they refuse.
                with suppress(aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError, TapeError):
                    await self._follow(session, listener)
                await asyncio.sleep(RETRY_S)

    async def _follow(self, session: aiohttp.ClientSession, listener: Callable[[TapeEvent], None]) -> None:
        names = "/".join(f"{symbol.lower()}@{kind}" for symbol in self._symbols for kind in STREAMS)
        async with session.ws_connect(f"{self._stream}/stream?streams={names}", heartbeat=20) as line:
            expected = {}
            for symbol in self._symbols:
                snapshot = await self._fetch_snapshot(session, symbol)
                expected[symbol] = snapshot.last_update_id
                listener(snapshot)
            async for message in line:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return
                combined = decode_combined(message.data)
                if combined.stream and not self._pass_on(combined.stream, bytes(combined.data), expected, listener):
                    return

    def _pass_on(
        self, stream: str, data: bytes, expected: dict[str, int], listener: Callable[[TapeEvent], None]
    ) -> bool:
        """Hand a message on; return False where an update before it is missing."""
        symbol, _, kind = stream.partition("@")
        if kind.startswith("depth"):
            depth = decode_depth(data)
            if depth.first_update_id > expected[symbol.upper()] + 1:
                return False
            expected[symbol.upper()] = max(depth.final_update_id, expected[symbol.upper()])
        now_ns = clock.now_ns()
        listener(Frame(now_ns - self._started_ns, now_ns // 1_000_000, stream, data))
        return True

    async def _fetch_snapshot(self, session: aiohttp.ClientSession, symbol: str) -> BookSnapshot:
        book = await self._get(session, "depth", symbol=symbol, limit="1000")
        now_ns = clock.now_ns()
        return BookSnapshot(
            at_ns=now_ns - self._started_ns,
            ts_ms=now_ns // 1_000_000,
            symbol=symbol,
            last_update_id=book["lastUpdateId"],
            bids=pairs_e8(book["bids"]),
            asks=pairs_e8(book["asks"]),
        )

    async def _get(self, session: aiohttp.ClientSession, what: str, **params: str) -> Any:
        async with session.get(f"{self._rest}/api/v3/{what}", params=params) as response:
            body = await response.read()
            if response.status != 200:
                raise TapeError(f"Binance refuses {what} for {params}: {body[:200].decode('utf-8', 'replace')}")
            return msgspec.json.decode(body)


def rules_from(info: dict[str, Any]) -> SymbolRules:
    """Read one symbol of exchangeInfo."""
    filters = {entry["filterType"]: entry for entry in info["filters"]}
    price, lot, notional = filters["PRICE_FILTER"], filters["LOT_SIZE"], filters.get("NOTIONAL", {})
    market_lot = to_e8(filters.get("MARKET_LOT_SIZE", {}).get("maxQty", lot["maxQty"]))
    return SymbolRules(
        symbol=info["symbol"],
        base_asset=info["baseAsset"],
        quote_asset=info["quoteAsset"],
        tick=to_e8(price["tickSize"]),
        lot=to_e8(lot["stepSize"]),
        min_price=to_e8(price["minPrice"]),
        max_price=to_e8(price["maxPrice"]),
        min_qty=to_e8(lot["minQty"]),
        max_qty=to_e8(lot["maxQty"]),
        max_market_qty=market_lot or to_e8(lot["maxQty"]),
        min_notional=to_e8(notional.get("minNotional", "5")),
        max_notional=to_e8(notional.get("maxNotional", "9000000")),
        status=info["status"],
    )


def _kline(row: list[Any]) -> Kline:
    opened, high, low, close, volume = (to_e8(text) for text in row[1:6])
    return Kline(
        open_ms=row[0],
        interval_ms=60_000,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        quote_volume=to_e8(row[7]) if row[7] else quote_of(close, volume),
        trades=row[8],
        taker_volume=to_e8(row[9]),
        taker_quote_volume=to_e8(row[10]),
    )
