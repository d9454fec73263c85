"""What is told of the world besides the market: headlines, and what an asset is worth by the slow numbers.

Time is stamped as in ``types``.
"""

from __future__ import annotations

from typing import Final

import msgspec

from engine.core.types import Symbol

EDITED: Final = "C23_EDITED: it was published with other words before"
"""Among a headline's doubts: its source has said something else under the same id."""


class NewsItem(msgspec.Struct, frozen=True):
    """One headline, as a source published it."""

    source: str
    """The adapter's name of its source, for example ``story`` or ``binance-announcements``."""
    news_id: str
    """The source's own id; ``source`` and ``news_id`` together are unique."""
    title: str
    url: str
    ts_published_ns: int
    ts_recv_ns: int


class Measure(msgspec.Struct, frozen=True):
    """One way of telling whether an asset is dear."""

    name: str
    """``nvt``, ``mvrv``, ``fee_yield`` or ``growth``."""
    dearness: float
    """How many times its usual level it stands at: 2.0 is twice as dear as usual by it, 0.5 half."""
    weight: float


class FairValue(msgspec.Struct, frozen=True):
    """What an asset is worth by the slow numbers of a day: the middle and the edges of a band."""

    asset: str
    """As instruments name the base asset: ``ETH``."""
    day: int
    """Days since the Unix epoch of the day that the latest numbers describe."""
    price_usd: float
    """What it cost at that day's end."""
    fair_usd: float
    low_usd: float
    high_usd: float
    measures: tuple[Measure, ...]
    macro: tuple[str, ...]
    """By how much each macro series moved the band, in words."""
    ts_recv_ns: int = 0


class Headline(msgspec.Struct, frozen=True):
    """A news item after the rule classifier: what kind of event it tells of, about which symbols, how surely."""

    item: NewsItem
    label: str
    """``partnership``, ``listing``, ``delisting``, ``hack``, ``denial`` …, or ``none`` when no rule fired."""
    score: float
    """Signed, -1 to 1: good or bad for the symbols, times how sure the rules are."""
    symbols: tuple[Symbol, ...]
    """Resolved against the venue's instruments; empty when the title names none of them."""
    rules: tuple[str, ...]
    """The rules that fired, with their weights, for people: ``partnership +0.70 ("marketplace with")``."""
    trust: float = 1.0
    """How far its source is believed, 0 to 1; the score has been multiplied with it."""
    doubts: tuple[str, ...] = ()
    """Why this can be at most a question, each with its code (C23): an edit, a title with entities, no date …"""


class Opinion(msgspec.Struct, frozen=True):
    """What a slower model says of a headline that was decided about already."""

    source: str
    title: str
    share: float
    """Of such headlines whose coin rises by more than the cost within the model's horizon."""
    usual: float
    """The same of all headlines that it was trained on."""
    model: str
    """The first 12 hex digits of its hash."""
    ts_recv_ns: int
