"""Ticks and lots: exact conversion between a venue's decimals and the integers the core counts in."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

import msgspec

from engine.core.types import Symbol

E8: Final = 100_000_000
"""Binance writes prices and quantities with at most eight decimals, so 1e-8 is the finest unit there is."""
_CENT_E8: Final = E8 // 100
_DECIMAL: Final = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?", re.ASCII)
_LARGEST_E8: Final = 2**63


class Instrument(msgspec.Struct, frozen=True):
    """One symbol's units and the venue's limits for it (C8). Source: Binance, "Filters"."""

    symbol: Symbol
    base_asset: str
    quote_asset: str
    tick_e8: int
    """PRICE_FILTER.tickSize in 1e-8."""
    lot_e8: int
    """LOT_SIZE.stepSize in 1e-8."""
    min_qty_lots: int
    max_qty_lots: int
    min_notional_e8: int
    max_notional_e8: int
    """0 for none."""
    min_price_ticks: int
    max_price_ticks: int
    is_trading: bool
    """False while the venue says anything but TRADING: no order for it."""

    @property
    def tick_size(self) -> float:
        """One tick in the quote asset."""
        return self.tick_e8 / E8

    def price_text(self, price_ticks: int) -> str:
        """Write a price in the venue's decimals: as many as the tick size has."""
        return scaled_text(price_ticks * self.tick_e8, decimals_of(self.tick_e8))

    def qty_text(self, qty_lots: int) -> str:
        """Write a quantity in the venue's decimals: as many as the lot size has."""
        return scaled_text(qty_lots * self.lot_e8, decimals_of(self.lot_e8))

    def price_ticks(self, text: str) -> int:
        """Read a price that lies on a tick; raises ValueError where it doesn't."""
        return _whole(parse_e8(text), self.tick_e8, text, "tick size", self.symbol)

    def qty_lots(self, text: str) -> int:
        """Read a quantity that lies on a lot; raises ValueError where it doesn't."""
        return _whole(parse_e8(text), self.lot_e8, text, "lot size", self.symbol)

    def notional_e8(self, price_ticks: int, qty_lots: int) -> int:
        """Price times quantity in 1e-8 of the quote asset, rounded down; exact integers throughout."""
        return price_ticks * self.tick_e8 * qty_lots * self.lot_e8 // E8

    def lots_for_quote(self, quote_e8: int, price_ticks: int) -> int:
        """Say how many whole lots an amount of the quote asset buys at a price; rounded down, never up (C8)."""
        if price_ticks <= 0 or quote_e8 <= 0:
            return 0
        return quote_e8 * E8 // (price_ticks * self.tick_e8 * self.lot_e8)


def parse_e8(text: str) -> int:
    """Read a plain decimal as 1e-8 units; raises ValueError for anything but a number with at most 8 decimals.

    Exact, and stricter than ``Decimal``, which also takes exponents, underscores and the digits of other scripts.
    """
    match = _DECIMAL.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise ValueError(f"{_short(text)} is not a number that money can have")
    sign, whole, part = match[1], match[2], (match[3] or "").rstrip("0")
    if len(part) > 8:
        raise ValueError(f"{_short(text)} has more than eight decimals")
    if len(whole.lstrip("0")) > 11 or (value := int(f"{whole}{part:0<8}")) >= _LARGEST_E8:
        raise ValueError(f"{_short(text)} is larger than money can be")
    return -value if sign == "-" else value


def decimals_of(step_e8: int) -> int:
    """Say how many decimals a step of so many 1e-8 needs: 1,000,000 (0.01) needs 2."""
    decimals = 8
    while decimals and step_e8 % 10 == 0:
        step_e8, decimals = step_e8 // 10, decimals - 1
    return decimals


def scaled_text(value_e8: int, decimals: int) -> str:
    """Write 1e-8 units with so many decimals (further ones are cut), without a float in between."""
    sign, value = ("-", -value_e8) if value_e8 < 0 else ("", value_e8)
    whole, part = divmod(value, E8)
    return f"{sign}{whole}.{part:08d}"[: len(sign) + len(str(whole)) + 1 + decimals] if decimals else f"{sign}{whole}"


def money_text(value_e8: int) -> str:
    """Write 1e-8 units as money with two decimals, rounded to the nearest, so that sums that are shown add up."""
    cents = (abs(value_e8) + _CENT_E8 // 2) // _CENT_E8
    return scaled_text((cents if value_e8 >= 0 else -cents) * _CENT_E8, 2)


def money_words(value_e8: int) -> str:
    """Write money for a sentence: as ``money_text`` does, with the thousands apart."""
    return f"{Decimal(money_text(value_e8)):,}"


def exit_levels(entry_ticks: int, stop_pct: float, target_pct: float) -> tuple[int, int]:
    """Return stop and target of a long entry in ticks, from distances in percent; rounded towards the entry.

    A target of 0 % is none.
    """
    stop = entry_ticks - int(entry_ticks * stop_pct / 100.0)
    return stop, entry_ticks + int(entry_ticks * target_pct / 100.0) if target_pct else 0


def moved_levels(price_ticks: int, from_ticks: int, stop_ticks: int, target_ticks: int) -> tuple[int, int]:
    """Return stop and target as far from a price, in proportion, as they were from another one; none (0) stays none."""
    stop = price_ticks - price_ticks * (from_ticks - stop_ticks) // from_ticks
    return stop, price_ticks + price_ticks * (target_ticks - from_ticks) // from_ticks


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


def _whole(value_e8: int, step_e8: int, text: str, step_name: str, symbol: str) -> int:
    steps, rest = divmod(value_e8, step_e8)
    if rest:
        raise ValueError(f"{text} is not a multiple of {symbol}'s {step_name} {scaled_text(step_e8, 8)}")
    return steps
