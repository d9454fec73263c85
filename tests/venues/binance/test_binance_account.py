"""The venue's facts become units and limits that the core can count in."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from engine.core.instrument import Instrument
from engine.venues.binance.account import SymbolWire, to_instrument
from engine.venues.binance.errors import BadFrame

# Shape and values as GET /api/v3/exchangeInfo gave them for ETHUSDT, shortened.
ETHUSDT: dict[str, Any] = {
    "symbol": "ETHUSDT", "status": "TRADING", "baseAsset": "ETH", "baseAssetPrecision": 8, "quoteAsset": "USDT",
    "orderTypes": ["LIMIT", "MARKET"], "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "TRANSFER"],
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01000000", "maxPrice": "1000000.00000000",
         "tickSize": "0.01000000"},
        {"filterType": "LOT_SIZE", "minQty": "0.00010000", "maxQty": "9000.00000000", "stepSize": "0.00010000"},
        {"filterType": "ICEBERG_PARTS", "limit": 10},
        {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True,
         "maxNotional": "9000000.00000000", "applyMaxToMarket": False, "avgPriceMins": 5},
        {"filterType": "SOME_NEW_FILTER", "value": {"deep": []}},
    ],
}  # fmt: skip


def instrument(**changes: Any) -> Instrument:
    """The instrument of the symbol above with some fields changed."""
    return to_instrument(msgspec.convert({**ETHUSDT, **changes}, SymbolWire))


def without(kind: str, **more: Any) -> list[dict[str, Any]]:
    """The filters above with one taken out, or replaced."""
    kept = [each for each in ETHUSDT["filters"] if each["filterType"] != kind]
    return [*kept, {"filterType": kind, **more}] if more else kept


def test_filters_become_ticks_lots_and_limits() -> None:
    assert instrument() == Instrument(
        "ETHUSDT",
        "ETH",
        "USDT",
        1_000_000,
        10_000,
        1,
        90_000_000,
        500_000_000,
        900_000_000_000_000,
        1,
        100_000_000,
        True,
    )  # type: ignore[call-arg]


@pytest.mark.parametrize("status", ["BREAK", "HALT", "CANCEL_ONLY", "SOMETHING_NEW"])
def test_anything_but_trading_is_not_traded(status: str) -> None:
    assert not instrument(status=status).is_trading


def test_the_older_notional_filter_is_read_too() -> None:
    assert instrument(filters=without("NOTIONAL")).min_notional_e8 == 0
    older = [*without("NOTIONAL"), {"filterType": "MIN_NOTIONAL", "minNotional": "10.00000000"}]
    assert instrument(filters=older).min_notional_e8 == 1_000_000_000


@pytest.mark.parametrize(
    "filters",
    [
        without("PRICE_FILTER"),
        without("LOT_SIZE"),
        without("PRICE_FILTER", tickSize="0.00000000"),
        without("LOT_SIZE", stepSize="NaN"),
        without("LOT_SIZE", stepSize="1e308"),
        without("LOT_SIZE", stepSize="-0.1"),
    ],
)
def test_a_symbol_without_a_tick_or_lot_size_is_refused(filters: list[dict[str, Any]]) -> None:
    with pytest.raises(BadFrame, match="ETHUSDT"):
        instrument(filters=filters)
