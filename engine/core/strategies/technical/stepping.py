"""All steps in one compiled call: each strategy of the list that follows a symbol steps once, and says what it has.

A loop over functions can't be compiled into code that is cached, and functions that call one another in a chain take
380 ns for eight strategies of which none follows, because each hands the array on; one flat function takes 50 ns,
of which the call is nearly all. So its text is put together from the list.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import numpy as np
from numba import njit

from engine.core import kernels
from engine.core.kernels.market import FOLLOWED, MINDS, SAID
from engine.core.strategies.technical.catalog import TECHNICAL

FIRST_BIT: Final = 1
"""Which bit of a call's answer is the first strategy's: the lowest one is ``LOOK``."""
COUNT: Final = len(TECHNICAL)
PLACES: Final = MINDS + COUNT
"""Three numbers for each strategy: where in the strategies' part its parameters begin, its state, and what is behind;
in front of them stands what each last said."""
AFTER_PLACES: Final = 4 * COUNT
"""Where in the strategies' part parameters and states begin."""
KERNELS: Final[tuple[Any, ...]] = tuple(import_module(f"{kernels.__name__}.{it.name}") for it in TECHNICAL)


def _in_turn(event: str) -> Any:
    """Put together, uncompiled so far, the function that lets everyone step who hears this kind of event."""
    lines = ["def steps(numbers):", " minds, followed, said = numbers[MINDS:].view(float64), numbers[FOLLOWED], 0"]
    for i, strategy in enumerate(TECHNICAL):
        if event in strategy.hears:
            at = PLACES + 3 * i
            lines += [
                f" if followed & {1 << i + FIRST_BIT}:",
                f"  params, state, end = numbers[{at}], numbers[{at + 1}], numbers[{at + 2}]",
                f"  minds[{i}] = step{i}(minds[state:end], minds[params:state], numbers)",
                f"  if minds[{i}] != 0.0:",
                f"   said |= {1 << i + FIRST_BIT}",
                "   numbers[SAID] = said",
            ]
    names: dict[str, Any] = {f"step{i}": kernel.step for i, kernel in enumerate(KERNELS)}
    names |= {"MINDS": MINDS, "FOLLOWED": FOLLOWED, "SAID": SAID, "float64": np.float64}
    exec("\n".join([*lines, " return said"]), names)  # noqa: S102  # from the list above and nothing else
    return njit(names["steps"])


_trade_steps, _quote_steps = _in_turn("trades"), _in_turn("quotes")
_QUOTE_BITS: Final = sum(1 << i + FIRST_BIT for i, strategy in enumerate(TECHNICAL) if "quotes" in strategy.hears)


@njit("int64(int64[::1])", cache=True)
def after_trade(numbers: Any) -> Any:
    """Let everyone step who follows a market that has taken a trade; return the bits of those that speak.

    What each says then stands in its place.
    """
    numbers[SAID] = 0
    return _trade_steps(numbers)


@njit("int64(int64[::1])", cache=True)
def after_quote(numbers: Any) -> Any:
    """Do the same for those that look at best bid and ask, after a quote."""
    if not numbers[FOLLOWED] & _QUOTE_BITS:
        return 0
    numbers[SAID] = 0
    return _quote_steps(numbers)
