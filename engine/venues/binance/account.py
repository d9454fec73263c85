"""The account and the venue's facts, over REST: instruments, balances, open orders, candles, own trades, the clock."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from engine.core.account import AccountSnapshot, Balance
from engine.core.instrument import Instrument, parse_e8
from engine.core.types import Candle, ExecutionReport, Symbol
from engine.venues.binance.errors import BadFrame
from engine.venues.binance.limits import Budget, RateLimitWire
from engine.venues.binance.reports import decode_open_orders
from engine.venues.binance.rest import RestClient

_MS: Final = 1_000_000
_CLOCK_SAMPLES: Final = 5

INTERVALS_NS: Final = {
    "1s": 1_000_000_000,
    "1m": 60_000_000_000,
    "5m": 300_000_000_000,
    "15m": 900_000_000_000,
    "1h": 3_600_000_000_000,
    "1d": 86_400_000_000_000,
}

_NAMED_MOST: Final = 200
"""Symbols that one address names; of more, everything is asked for at the same weight."""


class FilterWire(msgspec.Struct, frozen=True):
    """One of a symbol's filters. Source: Binance, "Filters".

    Raw: ``{"filterType":"LOT_SIZE","minQty":"0.00010000","maxQty":"9000.00000000","stepSize":"0.00010000"}``.
    """

    kind: str = msgspec.field(name="filterType")
    tick_size: str = msgspec.field(default="0", name="tickSize")
    min_price: str = msgspec.field(default="0", name="minPrice")
    max_price: str = msgspec.field(default="0", name="maxPrice")
    step_size: str = msgspec.field(default="0", name="stepSize")
    min_qty: str = msgspec.field(default="0", name="minQty")
    max_qty: str = msgspec.field(default="0", name="maxQty")
    min_notional: str = msgspec.field(default="0", name="minNotional")
    max_notional: str = msgspec.field(default="0", name="maxNotional")


class SymbolWire(msgspec.Struct, frozen=True):
    """One symbol of ``exchangeInfo``. Source: Binance, REST API, "Exchange information".

    Raw: ``{"symbol":"ETHUSDT","status":"TRADING","baseAsset":"ETH","quoteAsset":"USDT","filters":[…]}``.
    """

    symbol: str
    status: str
    base_asset: str = msgspec.field(name="baseAsset")
    quote_asset: str = msgspec.field(name="quoteAsset")
    filters: tuple[FilterWire, ...]


class ExchangeInfoWire(msgspec.Struct, frozen=True):
    """What the venue trades, and its limits. Raw: ``{"timezone":"UTC","rateLimits":[…],"symbols":[…]}``."""

    symbols: tuple[SymbolWire, ...]
    rate_limits: tuple[RateLimitWire, ...] = msgspec.field(default=(), name="rateLimits")


class BalanceWire(msgspec.Struct, frozen=True):
    """One asset. Raw: ``{"asset":"USDT","free":"10000.00000000","locked":"0.00000000"}``."""

    asset: str
    free: str
    locked: str


class AccountWire(msgspec.Struct, frozen=True):
    """The account. Source: Binance, REST API, "Account information".

    Raw: ``{"canTrade":true,"canWithdraw":false,"balances":[…],"permissions":["SPOT"]}``.
    """

    balances: tuple[BalanceWire, ...]


class TimeWire(msgspec.Struct, frozen=True):
    """The venue's clock. Raw: ``{"serverTime":1723161255611}``."""

    server_time: int = msgspec.field(name="serverTime")


class Account:
    """Asks the venue for what is slow to change; everything here may raise a VenueError."""

    def __init__(
        self, rest: RestClient, instruments: Mapping[Symbol, Instrument], budget: Budget, clock_ns: Callable[[], int]
    ) -> None:
        self._rest = rest
        self._instruments = instruments
        self._budget = budget
        self._clock_ns = clock_ns

    async def fetch_instruments(self, symbols: Iterable[str]) -> dict[Symbol, Instrument]:
        """Fetch the units and limits of some symbols, or of all that trade where none is named."""
        names = set(symbols)
        is_few = 0 < len(names) <= _NAMED_MOST
        params = {"symbols": msgspec.json.encode(sorted(names)).decode()} if is_few else {}
        info = _parse(ExchangeInfoWire, await self._rest.get("/api/v3/exchangeInfo", params))
        self._budget.on_limits(info.rate_limits, asyncio.get_running_loop().time())
        wires = [wire for wire in info.symbols if (wire.symbol in names if names else wire.status == "TRADING")]
        return {Symbol(wire.symbol): to_instrument(wire) for wire in wires}

    async def snapshot(self) -> AccountSnapshot:
        """Fetch balances and open orders, those of symbols that are not ours left out."""
        asked_ns = self._clock_ns()
        data = await self._rest.signed("GET", "/api/v3/account", {"omitZeroBalances": "true"})
        balances = _parse(AccountWire, data).balances
        return AccountSnapshot(
            tuple(Balance(wire.asset, parse_e8(wire.free), parse_e8(wire.locked)) for wire in balances),
            await self.open_orders(),
            self._clock_ns(),
            asked_ns,
        )

    async def open_orders(self) -> tuple[ExecutionReport, ...]:
        """Fetch the open orders of our symbols."""
        data = await self._rest.signed("GET", "/api/v3/openOrders", {})
        return decode_open_orders(data, self._instruments, self._clock_ns())

    async def candles(self, symbol: Symbol, count: int, interval: str = "1m", *, before_ns: int = 0) -> list[Candle]:
        """Fetch the last ``count`` finished candles, oldest first; ``interval`` is one of INTERVALS_NS.

        The last row that the venue sends is the candle still being made, and is left out. With ``before_ns``, which is
        when a known candle opened, those before that one; the venue sends at most 1,000 rows.
        """
        instrument = self._instruments[symbol]
        params: dict[str, str | int] = {"symbol": symbol, "interval": interval, "limit": count + 1}
        if before_ns:
            params["endTime"] = before_ns // _MS
        rows = _parse(list[list[Any]], await self._rest.get("/api/v3/klines", params))
        try:
            return [_to_candle(row, instrument, INTERVALS_NS[interval]) for row in rows[:-1]]
        except (ValueError, IndexError, TypeError) as error:
            raise BadFrame(f"{symbol}: a candle makes no sense: {error}") from None

    async def measure_clock(self) -> int:
        """Measure the venue's clock less ours in ms: the median of five, each less half its round trip (C17)."""
        offsets = []
        for _ in range(_CLOCK_SAMPLES):
            sent_ns = self._clock_ns()
            server: TimeWire = _parse(TimeWire, await self._rest.get("/api/v3/time"))
            offsets.append(server.server_time - (sent_ns + self._clock_ns()) / 2 / _MS)
        return round(statistics.median(offsets))


def to_instrument(wire: SymbolWire) -> Instrument:
    """Turn a symbol's filters into units and limits; raises BadFrame where tick or lot size is missing."""
    found = {item.kind: item for item in wire.filters}
    price, lot = found.get("PRICE_FILTER"), found.get("LOT_SIZE")
    notional = found.get("NOTIONAL") or found.get("MIN_NOTIONAL") or FilterWire("NOTIONAL")
    try:
        tick_e8 = parse_e8(price.tick_size) if price else 0
        lot_e8 = parse_e8(lot.step_size) if lot else 0
        if price is None or lot is None or tick_e8 <= 0 or lot_e8 <= 0:
            raise BadFrame(f"{wire.symbol}: the venue names no tick or lot size")
        return Instrument(
            symbol=Symbol(wire.symbol),
            base_asset=wire.base_asset,
            quote_asset=wire.quote_asset,
            tick_e8=tick_e8,
            lot_e8=lot_e8,
            min_qty_lots=-(-parse_e8(lot.min_qty) // lot_e8),
            max_qty_lots=parse_e8(lot.max_qty) // lot_e8,
            min_notional_e8=parse_e8(notional.min_notional),
            max_notional_e8=parse_e8(notional.max_notional),
            min_price_ticks=-(-parse_e8(price.min_price) // tick_e8),
            max_price_ticks=parse_e8(price.max_price) // tick_e8,
            is_trading=wire.status == "TRADING",
        )
    except ValueError as error:
        raise BadFrame(f"{wire.symbol}: a filter makes no sense: {error}") from None


def _to_candle(row: list[Any], instrument: Instrument, interval_ns: int) -> Candle:
    """Read ``[1499040000000,"0.0163","0.8000","0.0157","0.0157","148976.11",1499644799999,…]``.

    Source: Binance, REST API, "Kline/Candlestick data". A volume may lie between two lots: rounded down.
    """
    opened, high, low, closed = (instrument.price_ticks(text) for text in row[1:5])
    volume_lots = parse_e8(row[5]) // instrument.lot_e8
    return Candle(instrument.symbol, int(row[0]) * _MS, interval_ns, opened, high, low, closed, volume_lots)


def _parse(kind: Any, data: bytes) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadFrame(f"the venue's answer was not understood: {error}") from None
