"""A news wire's headlines, each one to act on and in words of its own, and the configuration of who hears them."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Final

from benchmarks.lab.frames import frame
from engine.core.types import order_name
from engine.news.rules_file import BUILT_IN

RULES: Final = 500
RULES_FILE: Final = "rules.toml"
PATH: Final = "/news"
"""Where the wire is heard."""
_CONFIG: Final = Path(__file__).with_name("news.toml")
_SYLLABLES: Final = ("ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu")
_SOURCE: Final = "binance-announcements"
_ITEM: Final = (
    b'{"id":"%d","source":"binance-announcements","title":"Binance will list Ethereum (ETH) %b %d","url":"","ts_ms":%d}'
)


class Headlines:
    """Writes one headline after the other; those of two runs are the same."""

    def __init__(self) -> None:
        self._count = 0
        self._chance = random.Random(1)

    @property
    def order(self) -> str:
        """Return the name that the order of the last one must have: it is made of the headline's source and id."""
        return order_name(f"signal:headlines:ETHUSDT:{_SOURCE}:{self._count}")

    def next(self, ts_ms: int) -> bytes:
        """Write the frame of the next one, published at a time of the market; it is no copy of the last."""
        self._count += 1
        words = " ".join("".join(self._chance.choices(_SYLLABLES, k=2)) for _ in range(5))
        return frame(_ITEM % (self._count, words.encode(), self._count, ts_ms))


def write_config(home: Path) -> Path:
    """Write configuration and rule table of an engine that hears headlines; return the configuration's path."""
    text = BUILT_IN.read_text(encoding="utf-8")
    for number in range(RULES - text.count("[[rule]]")):
        words = f'["will … firm{number}", "launch{number}* today", "partner{number} with"]'
        text += f'\n[[rule]]\nlabel = "partnership"\nweight = 0.3\nwords = {words}\n'
    (home / RULES_FILE).write_text(text, encoding="utf-8")
    return Path(shutil.copy(_CONFIG, home / "trader.toml"))
