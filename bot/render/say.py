"""Numbers, people and moments in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from bot.render.blocks import escape

_DOORS = {
    "cli": "the command line",
    "desk": "the desk",
    "signal": "a signal",
    "file": "the kill file",
    "watchdog": "on its own",
}
_ORIGIN = re.compile(r"\bslack:[UW][A-Z0-9]{2,}")
_VENUES = {"paper": "the paper exchange", "binance": "Binance"}
_EXITS = {
    "stop_loss": "the stop-loss",
    "trailing_stop": "the trailing stop",
    "break_even": "the break-even stop",
    "take_profit": "the take-profit",
    "time_stop": "the time stop",
    "kill": "the kill switch",
}


def number(text: str) -> str:
    """Write a decimal with thousands separated and no idle zeros: ``2682.51000000`` as ``2,682.51``."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return escape(text)
    if not value.is_finite():
        return escape(text)
    shown = f"{value:,f}"
    return (shown.rstrip("0").rstrip(".") if "." in shown else shown) or "0"


def amount(qty: str, asset: str) -> str:
    """Write a quantity with what it counts: ``95.1 IOTA``."""
    return f"{number(qty)} {escape(asset)}".strip()


def price(text: str) -> str:
    """Write a price with the venue's decimals, and at least two: ``2682.5`` as ``2,682.50``, ``1.0510`` as it is."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return escape(text)
    decimals = value.as_tuple().exponent
    return f"{value:,.{max(2, -decimals)}f}" if isinstance(decimals, int) else escape(text)


def money(text: str, asset: str = "") -> str:
    """Write an amount of the quote asset with two decimals: ``1234.5`` as ``1,234.50``."""
    try:
        shown = f"{Decimal(text):,.2f}"
    except InvalidOperation:
        shown = escape(text)
    return f"{shown} {escape(asset)}".strip()


def gain(text: str, asset: str = "") -> str:
    """Write an amount with its sign, so that it needs no colour: ``+1.20``, ``−0.80``."""
    shown = money(text.removeprefix("-"), asset)
    if text.startswith("-"):
        return f"−{shown}"
    return f"+{shown}"


def percent(value: float) -> str:
    """Write a signed percentage: ``+0.31 %``."""
    return f"{value:+.2f} %".replace("-", "−")


def distance(price: str, entry: str) -> str:
    """Say how far a price is from the entry: ``−2.00 %``; empty where that can't be said."""
    try:
        base, other = Decimal(entry), Decimal(price)
    except InvalidOperation:
        return ""
    return percent(float((other - base) / base * 100)) if base > 0 else ""


def who(origin: str) -> str:
    """Name who did it: ``slack:U01ALICE`` as a mention, ``cli:ann`` as *ann (the command line)*, and so on."""
    kind, _, name = origin.partition(":")
    if kind == "slack" and name:
        return f"<@{escape(name)}>"
    if kind in _DOORS and name:
        return f"{escape(name)} ({_DOORS[kind]})"
    if kind == "strategy":
        return f"strategy {escape(name)}"
    if kind == "exit":
        return _EXITS.get(name, escape(name.replace("_", " ")))
    return escape(_EXITS.get(origin, origin.replace("_", " ") if origin.islower() else origin))


def names(text: str) -> str:
    """Show the engine's words with people's names in place of ``slack:U01ALICE``."""
    return _ORIGIN.sub(lambda found: who(found[0]), escape(text))


def venue(name: str) -> str:
    """Name where we trade: ``paper`` as *the paper exchange*."""
    return _VENUES.get(name, escape(name))


def sentence(text: str) -> str:
    """Make a whole sentence of the engine's words: a capital in front, a full stop at the end."""
    shown = escape(text.strip())
    return shown if not shown else f"{shown[0].upper()}{shown[1:].rstrip('.')}."


def seconds(ns: int) -> str:
    """Write a duration: ``45 s``, ``3 min``, ``2 h 5 min``."""
    whole = max(0, round(ns / 1e9))
    if whole < 120:
        return f"{whole} s"
    minutes = whole // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def clock(ts_ns: int) -> str:
    """Write a moment as UTC: ``14:00:07 UTC``."""
    return datetime.fromtimestamp(ts_ns / 1e9, UTC).strftime("%H:%M:%S UTC")


def day_and_clock(ts_ns: int) -> str:
    """Write a moment that may be days ago as UTC: ``28 Nov 14:00 UTC``."""
    return f"{datetime.fromtimestamp(ts_ns / 1e9, UTC):%-d %b %H:%M} UTC"


def plural(count: int, noun: str) -> str:
    """Count things: ``1 order``, ``2 orders``, ``no orders``."""
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"
