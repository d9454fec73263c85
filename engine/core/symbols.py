"""What a person means by ``eth``, ``$eth``, ``ETH/USDT`` or ``eth-usdt`` among the symbols that are traded."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from engine.core.amounts import Unclear
from engine.core.market import Market
from engine.core.types import Symbol

_MOST_CHOICES: Final = 5
_SHORTEST: Final = 2


def find_symbol(text: str, markets: Mapping[Symbol, Market], quote_asset: str) -> Symbol:
    """Return the symbol that a word means; raises Unclear with those that it could mean, none is ever guessed."""
    word = text.upper().strip().lstrip("$")
    joined = "".join(part for part in word if part not in "/-_")
    for candidate in (joined, joined + quote_asset):
        if candidate in markets:
            return Symbol(candidate)
    bases = [symbol for symbol, market in markets.items() if market.instrument.base_asset == joined]
    if len(bases) == 1:
        return bases[0]
    near = tuple(bases or _near(joined, word, markets))
    if not near:
        known = ", ".join(list(markets)[:10])
        raise Unclear("BAD_SYMBOL", f"{text!r} is not traded here. There is {known}.")
    named = " or ".join((", ".join(near[:-1]), near[-1])) if len(near) > 1 else near[0]
    raise Unclear("BAD_SYMBOL", f"{text!r} is not traded here. Did you mean {named}?", (text, near))


def _near(joined: str, word: str, markets: Mapping[Symbol, Market]) -> list[Symbol]:
    """Return what has the same base asset, else what begins alike, else what is spelled much alike."""
    base = word.replace("-", "/").partition("/")[0]
    bases = [market.instrument.base_asset for market in markets.values()]
    spelled = get_close_matches(joined, list(markets), n=1, cutoff=0.6)
    alike = get_close_matches(base, bases, n=_MOST_CHOICES, cutoff=0.6)
    ways = (
        [symbol for symbol, market in markets.items() if market.instrument.base_asset == base],
        [symbol for symbol in markets if len(joined) >= _SHORTEST and symbol.startswith(joined)],
        [symbol for symbol, market in markets.items() if symbol in spelled or market.instrument.base_asset in alike],
    )
    return next((found for found in ways if found), [])[:_MOST_CHOICES]
