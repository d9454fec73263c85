"""The words of a buy: what, how much, and how it is to be left again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from engine.wire.commands import Amount, BuyExits
from engine.wire.slips import joined, swapped
from engine.wire.words import BadWords, read_amount, read_percent, read_price, read_span, read_symbol

BUY_USAGE: Final = "buy SYMBOL AMOUNT|all [STOP%] [TARGET%]   for example: buy ETHUSDT 250 2% 5%"
EXITS_USAGE: Final = "sl=2% tp=2%:50,4%:50 trail=1.5% be=1% time=4h limit=2500:4h"
_NAMES: Final = {
    "sl": "stop",
    "stop": "stop",
    "tp": "target",
    "target": "target",
    "trail": "trail",
    "be": "break-even",
    "time": "time",
    "limit": "limit",
}
_OFF: Final = ("off", "none")
_MULTIPLE: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?)(atr|r)", re.ASCII)
_MOST_TARGETS: Final = 4


class BuyWords(NamedTuple):
    """What `buy` was told; what is None was not said."""

    symbol: str
    amount: Amount
    stop_pct: float | None
    target_pct: float | None
    exits: BuyExits | None = None
    limit_price: str = ""
    good_s: float | None = None


def read_buy(text: str) -> BuyWords:
    """Read ``SYMBOL AMOUNT|all [STOP%] [TARGET%]``; exits may be named: ``sl= tp= trail= be= time=``."""
    words = joined(text)
    if right := swapped("buy", words):
        raise BadWords(f"Did you mean: {right}?")
    if len(words) < 2:
        raise BadWords(f"Say what and how much: {BUY_USAGE}")
    symbol = read_symbol(words[0])
    amount = read_amount(words[1], symbol)
    named = _named(words[2:])
    limit_price, good_s = _read_limit(named.pop("limit")) if "limit" in named else ("", None)
    stop = read_percent(named.pop("stop"), "stop") if "stop" in named else None
    target, exits = _read_targets(named.pop("target")) if "target" in named else (None, {})
    if "trail" in named and target is None:
        exits.setdefault("target", False)  # who lets a stop follow lets the profit run, unless a target is named
    for name, word in named.items():
        exits |= _READERS[name](word.lower())
    return BuyWords(symbol, amount, stop, target, BuyExits(**exits) if exits else None, limit_price, good_s)


def _read_limit(word: str) -> tuple[str, float | None]:
    """Read ``2500`` or ``2500:4h``: the price, and how long the order may rest."""
    price, colon, span = word.lower().lstrip("$").partition(":")
    advice = "write limit=2500, or with the time that it may rest limit=2500:4h"
    if colon and not span:
        raise BadWords(f"I don't understand the limit {word!r}: {advice}")
    return read_price(price, advice), read_span(span, advice) if span else None


def _named(words: list[str]) -> dict[str, str]:
    """Tell the words apart by their names; the first two may go without one, as stop and target."""
    found: dict[str, str] = {}
    bare = iter(("stop", "target"))
    for word in words:
        key, equals, value = word.partition("=")
        name = _NAMES.get(key.lower()) if equals else next(bare, None)
        if name is None:
            raise BadWords(f"I don't know {word!r}: {BUY_USAGE}, or by name: {EXITS_USAGE}")
        if name in found:
            raise BadWords(f"Two values for {name}: {BUY_USAGE}")
        found[name] = value if equals else word
    return found


def _read_targets(word: str) -> tuple[float | None, dict[str, Any]]:
    """Read ``5%``, ``2%:50,4%:50`` or ``none``: the last target, and what comes before it."""
    if word.lower() in _OFF:
        return None, {"target": False, "steps": ()}
    said = [_read_target(each, word) for each in word.split(",")]
    *before, (last_pct, last_part) = said
    levels = [level for level, _ in said]
    if len(said) > _MOST_TARGETS or levels != sorted(set(levels)):
        raise BadWords(f"The targets of {word} can't be meant: at most {_MOST_TARGETS}, upwards, as tp=2%:50,4%:50")
    if any(part is None for _, part in before):
        raise BadWords(f"Only the last target of {word} may go without its part: write tp=2%:50,4%:30,6%")
    steps = tuple((level, part) for level, part in before if part is not None)
    whole = sum(part for _, part in steps) + (last_part or 0.0)
    if whole > 100.0 or (last_part is None and whole >= 100.0):
        raise BadWords(f"The parts of {word} make more than there is: write tp=2%:50,4%:50")
    if last_part is not None and whole < 100.0:
        raise BadWords(f"The parts of {word} make {whole:g} %: add a last target that takes the rest, as tp=2%:50,6%")
    return last_pct, {"target": True, "steps": steps}


def _read_target(each: str, word: str) -> tuple[float, float | None]:
    level, colon, part = each.partition(":")
    if not level or (colon and not part):
        raise BadWords(f"I don't understand the target {word!r}: write tp=5% or tp=2%:50,4%:50")
    return read_percent(level, "target"), read_percent(part, "part", 100.0) if part else None


def _read_trail(word: str) -> dict[str, float]:
    """Read ``1.5%`` or ``2atr``, and after ``:`` the profit from which on."""
    how, _, after = word.partition(":")
    trail = {"trail_pct": 0.0, "trail_atr": 0.0, "trail_after_pct": 0.0}
    if how in _OFF:
        return trail
    if match := _MULTIPLE.fullmatch(how):
        trail["trail_atr"] = _multiple(match, "atr", word, "trail=1.5%, trail=2atr or, from +3 % on, trail=1.5%:3%")
    else:
        trail["trail_pct"] = read_percent(how, "trail", 99.0)
    if after:
        trail["trail_after_pct"] = read_percent(after, "profit that the trail begins at")
    return trail


def _read_break_even(word: str) -> dict[str, float]:
    """Read ``1%`` of profit, or ``1r``: as much as the first stop risks."""
    if word in _OFF:
        return {"break_even_pct": 0.0, "break_even_r": 0.0}
    if match := _MULTIPLE.fullmatch(word):
        return {"break_even_pct": 0.0, "break_even_r": _multiple(match, "r", word, "be=1% or be=1r")}
    return {"break_even_pct": read_percent(word, "profit for break-even"), "break_even_r": 0.0}


def _read_time(word: str) -> dict[str, float]:
    """Read ``4h``, and after ``:`` the profit from which on it stays."""
    span, _, below = word.partition(":")
    if span in _OFF:
        return {"time_s": 0.0, "time_below_pct": 0.0}
    seconds = read_span(span, "write time=90s, time=15m, time=4h or, unless it is at +1 %, time=4h:1%")
    if seconds > 2_592_000.0:
        raise BadWords(f"A time of {span} is too long: use at most 30d.")
    return {"time_s": seconds, "time_below_pct": read_percent(below, "profit") if below else 0.0}


def _multiple(match: re.Match[str], unit: str, word: str, advice: str) -> float:
    value = float(match[1])
    if match[2] != unit or not 0.0 < value <= 100.0:
        raise BadWords(f"I don't understand {word!r}: write {advice}")
    return value


_READERS: Final[dict[str, Callable[[str], dict[str, float]]]] = {
    "trail": _read_trail,
    "break-even": _read_break_even,
    "time": _read_time,
}
