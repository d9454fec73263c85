"""Decimals to 1e-8 units and back: the only number format of the paper exchange."""

from __future__ import annotations

from typing import Final

from engine.core.instrument import E8

PPM: Final = 1_000_000


def to_e8(text: str) -> int:
    """Read a plain unsigned decimal as 1e-8 units; raises ValueError for a sign, an exponent or a ninth decimal.

    Four times as fast as going through Decimal, which counts: a busy tape brings thousands of levels a second.
    """
    whole, _, part = text.partition(".")
    if not whole.isdecimal() or not (part.isdecimal() or not part) or part[8:].strip("0"):
        raise ValueError(f"{text!r} is not a plain decimal with at most eight decimals")
    return int(whole + part[:8].ljust(8, "0"))


def text8(value: int) -> str:
    """Write 1e-8 units with all eight decimals, as Binance does."""
    return f"-{text8(-value)}" if value < 0 else f"{value // E8}.{value % E8:08d}"


def quote_of(price: int, qty: int) -> int:
    """Price times quantity, all in 1e-8, rounded down."""
    return price * qty // E8


def quote_of_up(price: int, qty: int) -> int:
    """Price times quantity, all in 1e-8, rounded up: what must be put aside to be sure to have enough."""
    return -(-price * qty // E8)
