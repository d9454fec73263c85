"""How figures are written, alike in Slack and in a terminal: quantities, prices, money, shares, R, durations, moments.

Amounts come as the decimals that the views carry; what is no decimal is left as it is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

_MINUTE_S: Final = 60
_IN_SECONDS_S: Final = 2 * _MINUTE_S
"""Shorter durations are written in seconds."""
_IN_MINUTES: Final = 120
_IN_HOURS: Final = 48
_ENDLESS_S: Final = 1e9


def number(text: str) -> str:
    """Write a decimal with thousands separated and no idle zeros: ``2682.51000000`` as ``2,682.51``."""
    if (value := _decimal(text)) is None:
        return text
    shown = f"{value:,f}"
    return (shown.rstrip("0").rstrip(".") if "." in shown else shown) or "0"


def amount(qty: str, asset: str) -> str:
    """Write a quantity with what it counts: ``95.1 IOTA``."""
    return f"{number(qty)} {asset}".strip()


def price(text: str) -> str:
    """Write a price with the venue's decimals, and at least two: ``2682.5`` as ``2,682.50``, ``1.0510`` as it is."""
    if (value := _decimal(text)) is None:
        return text
    decimals = value.as_tuple().exponent
    return f"{value:,.{max(2, -int(decimals))}f}"


def money(text: str, asset: str = "") -> str:
    """Write an amount of the quote asset with two decimals: ``1234.5`` as ``1,234.50``."""
    value = _decimal(text)
    return f"{text if value is None else f'{value:,.2f}'} {asset}".strip()


def gain(text: str, asset: str = "") -> str:
    """Write an amount with its sign, so that it needs no colour: ``+1.20``, ``−0.80``."""
    return f"{'−' if text.startswith('-') else '+'}{money(text.removeprefix('-'), asset)}"


def percent(value: float) -> str:
    """Write a signed percentage: ``+0.31 %``."""
    return _signed(value, 2) + " %"


def in_r(multiple: float) -> str:
    """Write a multiple of what was risked, of one trade or on average: ``+0.42 R``."""
    return _signed(multiple, 2) + " R"


def sum_in_r(multiple: float) -> str:
    """Write what several trades made together, in multiples of what each risked: ``+1.2 R``."""
    return _signed(multiple, 1) + " R"


def span(seconds: float) -> str:
    """Write a duration: ``45 s``, ``3 min``, ``2 h 5 min``, ``7 d``; what has no end is *a long time*."""
    if seconds >= _ENDLESS_S:
        return "a long time"
    whole = max(0, round(seconds))
    if whole < _IN_SECONDS_S:
        return f"{whole} s"
    minutes = whole // _MINUTE_S
    if minutes < _IN_MINUTES:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < _IN_HOURS:
        return f"{hours} h{f' {minutes} min' if minutes else ''}"
    days, hours = divmod(hours, 24)
    return f"{days} d{f' {hours} h' if hours else ''}"


def clock(ts_ns: int) -> str:
    """Write a moment as UTC: ``14:00:07 UTC``."""
    return f"{_at(ts_ns):%H:%M:%S} UTC"


def day_and_clock(ts_ns: int) -> str:
    """Write a moment that may be days ago as UTC: ``28 Nov 14:00 UTC``."""
    return f"{_at(ts_ns):%-d %b %H:%M} UTC"


def moment(ts_ns: int) -> str:
    """Write a moment that may be days ago to the second, as UTC: ``28 Nov 14:00:07 UTC``."""
    return f"{_at(ts_ns):%-d %b %H:%M:%S} UTC"


def plural(count: int, noun: str, several: str = "") -> str:
    """Count things: ``1 order``, ``2 orders``, ``no orders``; ``several`` where it takes more than an s."""
    return f"{count or 'no'} {noun if count == 1 else several or f'{noun}s'}"


def is_some(qty: str) -> bool:
    """Tell whether a quantity is more than nothing: neither empty nor zeros only."""
    return bool(qty.strip("0."))


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _signed(value: float, decimals: int) -> str:
    # Rounded first, and nothing added: what rounds to nothing has no minus.
    return f"{round(value, decimals) + 0.0:+.{decimals}f}".replace("-", "−")


def _at(ts_ns: int) -> datetime:
    return datetime.fromtimestamp(ts_ns / 1e9, UTC)
