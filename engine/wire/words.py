"""The words people type, read once for Slack, the desk and the command line alike.

A mistake raises ``BadWords`` with a sentence that says what to write instead.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, NamedTuple

from engine.wire.commands import Amount

BUY_USAGE: Final = "buy SYMBOL AMOUNT|all [STOP%] [TARGET%]   for example: buy ETHUSDT 250 2% 5%"
SELL_USAGE: Final = "sell SYMBOL AMOUNT|all   for example: sell ETHUSDT 50%"
_LARGEST: Final = Decimal(10) ** 12
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+|[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?)")
_AMOUNT: Final = re.compile(r"(?P<number>[+-]?[0-9.,]+)(?P<unit>%|[a-z]+)?", re.IGNORECASE)
_QUOTE_UNITS: Final = frozenset({"usd", "usdt", "usdc", "eur", "fdusd"})


class BadWords(ValueError):
    """What was typed can't be meant; the message says what to type."""


class BuyWords(NamedTuple):
    """What `buy` was told."""

    symbol: str
    amount: Amount
    stop_pct: float | None
    target_pct: float | None


class SellWords(NamedTuple):
    """What `sell` was told."""

    symbol: str
    amount: Amount


def read_buy(text: str) -> BuyWords:
    """Read ``SYMBOL AMOUNT|all [STOP%] [TARGET%]``, where the two may also be ``sl=2%`` and ``tp=5%``."""
    words = text.split()
    if len(words) < 2:
        raise BadWords(f"Say what and how much: {BUY_USAGE}")
    symbol, amount = words[0], read_amount(words[1], words[0])
    named: dict[str, float] = {}
    for name, word in _exit_words(words[2:]):
        if name in named:
            raise BadWords(f"Two values for {name}: {BUY_USAGE}")
        named[name] = read_percent(word, name)
    return BuyWords(symbol, amount, named.get("stop"), named.get("target"))


def read_sell(text: str) -> SellWords:
    """Read ``SYMBOL AMOUNT|all``."""
    words = text.split()
    if len(words) != 2:
        raise BadWords(f"Say what and how much: {SELL_USAGE}")
    return SellWords(words[0], read_amount(words[1], words[0]))


def read_amount(word: str, symbol: str = "") -> Amount:
    """Read ``250`` (quote), ``0.1eth`` (base), ``10%`` or ``all``; raises BadWords for anything that money can't be."""
    if word.lower() == "all":
        return Amount("all", "")
    match = _AMOUNT.fullmatch(word)
    number, unit = (match["number"], (match["unit"] or "").lower()) if match else (word, "")
    value = _positive(number, word)
    if unit == "%":
        if value > 100:
            raise BadWords(f"{word} is more than there is: use 100% or less, or all.")
        return Amount("percent", f"{value:f}")
    if unit and symbol and symbol.lower().startswith(unit):
        return Amount("base", f"{value:f}")
    if unit and unit not in _QUOTE_UNITS and not symbol.lower().endswith(unit):
        raise BadWords(f"I don't know the amount {word!r}: write 250 for the quote currency, 0.1eth, 10% or all.")
    return Amount("quote", f"{value:f}")


def read_percent(word: str, name: str) -> float:
    """Read ``2%`` or ``2`` as 2.0; raises BadWords unless it lies between 0.01 and 100 (stop: below 100)."""
    value = float(_positive(word.removesuffix("%"), word))
    largest = 99.0 if name == "stop" else 1000.0
    if not 0.01 <= value <= largest:
        raise BadWords(f"The {name} of {word} is out of range: use 0.01% to {largest:g}%.")
    return value


def _exit_words(words: list[str]) -> list[tuple[str, str]]:
    names = {"sl": "stop", "stop": "stop", "tp": "target", "target": "target"}
    found, bare = [], iter(("stop", "target"))
    for word in words:
        key, equals, value = word.partition("=")
        if equals and key.lower() in names:
            found.append((names[key.lower()], value))
        elif equals or (name := next(bare, None)) is None:
            raise BadWords(f"I don't know {word!r}: {BUY_USAGE}")
        else:
            found.append((name, word))
    return found


def _positive(number: str, word: str) -> Decimal:
    if not _NUMBER.fullmatch(number):
        raise BadWords(f"{word!r} is not a number that money can have: write 250, 0.1eth, 10% or all.")
    value = Decimal(number.replace(",", ""))
    if value <= 0:
        raise BadWords(f"{word} is not more than zero.")
    if value >= _LARGEST:
        raise BadWords(f"{word} is larger than any order can be.")
    return value
