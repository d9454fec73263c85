"""The words people type, read once for Slack, the desk and the command line alike.

A mistake raises ``BadWords`` with a sentence that says what to write instead.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from engine.wire.commands import Amount, ModeName
from engine.wire.slips import joined, swapped, with_point

SELL_USAGE: Final = "sell SYMBOL AMOUNT|all [limit=PRICE]   for example: sell ETHUSDT 50% limit=2700"
CLOSE_USAGE: Final = "close SYMBOL|all [PERCENT%]   for example: close ETHUSDT 50%"
AUTO_USAGE: Final = "auto off|ask|auto [STRATEGY]   for example: auto ask sma_cross"
LOCK_USAGE: Final = "lock SYMBOL 1h|off [because REASON]   for example: lock eth 1h because of the unlock"
_SPAN: Final = re.compile(r"([0-9]{1,5})([smhd])", re.ASCII)
_SPAN_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
RECONCILE_USAGE: Final = (
    "reconcile, reconcile adopt|ignore ORDER_ID, or reconcile accept SYMBOL   for example: reconcile accept eth"
)
KILL_USAGE: Final = "kill [flatten] [SYMBOL], or kill reset REASON   for example: kill flatten"
RESUME_USAGE: Final = "resume, or on a live account resume LIVE"
_LARGEST: Final = Decimal(10) ** 12
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+|[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?)")
_PRICE: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,8})?", re.ASCII)
_AMOUNT: Final = re.compile(r"\$?(?P<number>[+-]?[0-9.,]+)(?P<unit>%|[a-z]+)?", re.IGNORECASE)
_SYMBOL: Final = re.compile(r"[A-Za-z0-9]{2,20}([/_-][A-Za-z0-9]{2,10})?")
_STRATEGY: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")
_CASH: Final = ("usdt", "usdc", "fdusd", "usd", "eur")
_QUOTES: Final = (*_CASH, "btc", "eth", "bnb")
_RECONCILE: Final[dict[str, Literal["adopt", "ignore", "accept"]]] = {
    "adopt": "adopt",
    "ignore": "ignore",
    "accept": "accept",
}
_MODES: Final[dict[str, ModeName]] = {"off": "off", "ask": "ask", "auto": "auto"}


class BadWords(ValueError):
    """What was typed can't be meant; the message says what to type."""


class SellWords(NamedTuple):
    """What `sell` was told."""

    symbol: str
    amount: Amount
    limit_price: str = ""
    """Empty for at the market."""


class CloseWords(NamedTuple):
    """What `close` was told; ``symbol`` is ``all`` for everything."""

    symbol: str
    percent: float


class ReconcileWords(NamedTuple):
    """What `reconcile` was told; ``what`` is an order's id or a symbol, empty for a comparison."""

    verb: Literal["compare", "adopt", "ignore", "accept"]
    what: str


class KillWords(NamedTuple):
    """What `kill` was told; an empty symbol is for all, and a reset has a reason."""

    flatten: bool
    symbol: str
    reason: str
    is_reset: bool = False


class LockWords(NamedTuple):
    """What `lock` was told; 0 s takes the lock away."""

    symbol: str
    seconds: float
    reason: str


class AutoWords(NamedTuple):
    """What `auto` was told; ``strategy`` is None for the global mode."""

    mode: ModeName
    strategy: str | None


def read_sell(text: str) -> SellWords:
    """Read ``SYMBOL AMOUNT|all [limit=PRICE]``."""
    words = joined(text)
    if right := swapped("sell", words):
        raise BadWords(f"Did you mean: {right}?")
    if not 2 <= len(words) <= 3:
        raise BadWords(f"Say what and how much: {SELL_USAGE}")
    symbol = read_symbol(words[0])
    return SellWords(symbol, read_amount(words[1], symbol), _read_offer(words[2]) if words[2:] else "")


def _read_offer(word: str) -> str:
    """Read ``limit=2700``; a sale rests until it fills or is cancelled, so it takes no time."""
    name, _, price = word.lower().removeprefix("--").partition("=")
    price, colon, _ = price.removeprefix("$").partition(":")
    if name != "limit":
        raise BadWords(f"I don't know {word!r}: {SELL_USAGE}")
    if colon:
        raise BadWords(f"A sale at a limit rests until it fills or you cancel it: write limit={price} without a time.")
    return read_price(price, "write limit=2700")


def read_price(word: str, advice: str) -> str:
    """Read a plain decimal above 0 that a limit can be; raises BadWords with advice."""
    if right := with_point(word):
        raise BadWords(f"Did you mean {right}? Write decimals with a point.")
    if not _PRICE.fullmatch(word) or not Decimal(word):
        raise BadWords(f"I don't understand the limit {word!r}: {advice}")
    return word


def read_close(text: str) -> CloseWords:
    """Read ``SYMBOL|all [PERCENT%]``; without a percentage it is all of it."""
    words = joined(f"close {text}")[1:]
    if not 1 <= len(words) <= 2:
        raise BadWords(f"Say what to close: {CLOSE_USAGE}")
    symbol = "all" if words[0].lower() == "all" else read_symbol(words[0])
    percent = 100.0 if len(words) == 1 or words[1].lower() == "all" else read_percent(words[1], "part to close", 100.0)
    return CloseWords(symbol, percent)


def read_auto(text: str) -> AutoWords:
    """Read ``off|ask|auto [STRATEGY]``."""
    words = text.lower().split()
    mode = _MODES.get(words[0]) if words else None
    if mode is None or len(words) > 2:
        raise BadWords(f"Say which mode: {AUTO_USAGE}")
    if len(words) == 2 and not _STRATEGY.fullmatch(words[1]):
        raise BadWords(f"{words[1]!r} is no strategy's name: see status for the names. {AUTO_USAGE}")
    return AutoWords(mode, words[1] if len(words) == 2 else None)


def read_kill(text: str) -> KillWords:
    """Read ``[flatten] [SYMBOL]`` or ``reset REASON``, also with ``--flatten``, ``--symbol``, ``--reset``."""
    words = [word for word in text.split() if word != "--symbol"]
    first = words[0].lower().removeprefix("--") if words else ""
    if first == "reset":
        return KillWords(False, "", " ".join(words[1:]), True)
    named = [word for word in words if word.lower().removeprefix("--") != "flatten"]
    symbols = [word for word in named if word.lower() != "all"]
    if len(symbols) > 1 or len(words) - len(named) > 1:
        raise BadWords(f"Say what to kill: {KILL_USAGE}")
    return KillWords(len(named) < len(words), read_symbol(symbols[0]) if symbols else "", "")


def read_reconcile(text: str) -> ReconcileWords:
    """Read nothing, ``adopt ID``, ``ignore ID`` or ``accept SYMBOL``."""
    words = text.split()
    if not words:
        return ReconcileWords("compare", "")
    if words[0].lower() not in _RECONCILE or len(words) != 2:
        raise BadWords(f"Say what to adopt, ignore or accept: {RECONCILE_USAGE}")
    verb = _RECONCILE[words[0].lower()]
    return ReconcileWords(verb, read_symbol(words[1]) if verb == "accept" else words[1])


def read_lock(text: str) -> LockWords:
    """Read ``SYMBOL [for] 30s|10m|1h|2d|off [because REASON]``."""
    words = [word for word in text.split() if word.lower() != "for"]
    if len(words) < 2:
        raise BadWords(f"Say what and for how long: {LOCK_USAGE}")
    reason = " ".join(words[3:] if words[2:3] and words[2].lower() == "because" else words[2:])
    if words[1].lower() == "off":
        return LockWords(read_symbol(words[0]), 0.0, reason)
    seconds = read_span(words[1].lower(), f"write 30s, 10m, 1h, 2d or off. {LOCK_USAGE}")
    return LockWords(read_symbol(words[0]), seconds, reason)


def read_span(word: str, advice: str) -> float:
    """Read ``30s``, ``10m``, ``1h`` or ``2d`` as seconds; raises BadWords with advice for what is no time, or none."""
    match = _SPAN.fullmatch(word)
    if match is None or not int(match[1]):
        raise BadWords(f"{word!r} is no time: {advice}")
    return float(int(match[1]) * _SPAN_S[match[2]])


def read_resume(text: str) -> str:
    """Read nothing or ``LIVE``, as the word that arms a live account is written."""
    if text.strip() not in ("", "LIVE"):
        raise BadWords(f"{text.strip()!r} is not understood: {RESUME_USAGE}")
    return text.strip()


def read_nothing(verb: str, text: str) -> None:
    """Refuse words after a command that takes none: somebody meant something by them."""
    if text.strip():
        raise BadWords(f"{text.strip()!r} is not understood: {verb} takes no words after it.")


def read_symbol(word: str) -> str:
    """Read ``eth``, ``ETH/USDT`` or ``ETHUSDT`` as typed; raises BadWords for what no symbol looks like."""
    if not _SYMBOL.fullmatch(word.removeprefix("$")):
        raise BadWords(f"{word!r} is no symbol: write one like ETHUSDT, ETH/USDT or eth.")
    return word


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
    return Amount(_unit_of(unit, symbol.lower(), word), f"{value:f}")


def read_percent(word: str, name: str, largest: float | None = None) -> float:
    """Read ``2%`` or ``2`` as 2.0; raises BadWords outside 0.01 to ``largest`` (a stop: 99, else 1000)."""
    value = float(_positive(word.removesuffix("%"), word))
    largest = largest or (99.0 if name == "stop" else 1000.0)
    if not 0.01 <= value <= largest:
        raise BadWords(f"The {name} of {word} is out of range: use 0.01% to {largest:g}%.")
    return value


def _unit_of(unit: str, symbol: str, word: str) -> Literal["quote", "base"]:
    base, _, quote = symbol.removeprefix("$").replace("-", "/").replace("_", "/").partition("/")
    if not quote:
        quote = next((name for name in _QUOTES if base.endswith(name) and base != name), "")
        base = base.removesuffix(quote)
    if unit and unit == base:
        return "base"
    if not unit or unit == quote or unit in _CASH:
        return "quote"
    raise BadWords(
        f"I don't know the amount {word!r}: write 250 for the quote currency, 0.1{base or 'eth'}, 10% or all."
    )


def _positive(number: str, word: str) -> Decimal:
    if right := with_point(word):
        raise BadWords(f"Did you mean {right}? Write decimals with a point.")
    if not _NUMBER.fullmatch(number):
        raise BadWords(f"{word!r} is not a number that money can have: write 250, 0.1eth, 10% or all.")
    value = Decimal(number.replace(",", ""))
    if value <= 0:
        raise BadWords(f"{word} is not more than zero.")
    if value >= _LARGEST:
        raise BadWords(f"{word} is larger than any order can be.")
    return value
