"""The engine's figures and words made safe for Slack, and people, venues and exits by their names."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from bot.render.blocks import escape
from engine.wire import figures

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
    """Write a decimal with thousands separated and no idle zeros."""
    return escape(figures.number(text))


def amount(qty: str, asset: str) -> str:
    """Write a quantity with what it counts: ``95.1 IOTA``."""
    return escape(figures.amount(qty, asset))


def price(text: str) -> str:
    """Write a price with the venue's decimals, and at least two."""
    return escape(figures.price(text))


def money(text: str, asset: str = "") -> str:
    """Write an amount of the quote asset with two decimals."""
    return escape(figures.money(text, asset))


def gain(text: str, asset: str = "") -> str:
    """Write an amount of the quote asset with its sign."""
    return escape(figures.gain(text, asset))


def distance(price: str, entry: str) -> str:
    """Say how far a price is from the entry: ``−2.00 %``; empty where that can't be said."""
    try:
        base, other = Decimal(entry), Decimal(price)
    except InvalidOperation:
        return ""
    return figures.percent(float((other - base) / base * 100)) if base > 0 else ""


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
    return f"{capital(shown).rstrip('.')}." if shown else ""


def capital(text: str) -> str:
    """Put a capital in front and leave the rest as it is."""
    return text[:1].upper() + text[1:]
