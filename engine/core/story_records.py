"""What is written to the journal of news: each headline with what became of it, each turn of a story with the headline
that brought it, and what a second opinion made of a proposal."""

from __future__ import annotations

import msgspec

from engine.core.records import Record
from engine.core.tidings import Headline, NewsItem
from engine.core.types import Signal, Symbol


class KeptStory(msgspec.Struct, frozen=True):
    """A story as it stood: all that is needed to go on with it."""

    story_id: str
    symbol: Symbol
    label: str
    sign: int
    """1 for good news, -1 for bad."""
    state: str
    """``rumour``, ``announced``, ``confirmed`` or ``denied``."""
    item: NewsItem
    """The headline that began it, or the first from a source that is believed."""
    best: float
    sources: dict[str, float]
    """Who told it, and how far each is believed, 0 to 1."""
    confirmed_by: str
    taken: float
    """The confidence at which the engine bought on it, or asked to; 0 for neither."""
    headlines: int
    opened_ns: int
    items: tuple[tuple[str, str], ...] = ()
    """Source and id of the headlines that told it, so that an edit of one belongs to it."""
    bought_by: str = ""
    """The signal on which the engine bought by itself; empty where it has not, or the story was denied since."""


class Wait(msgspec.Struct, frozen=True):
    """What the market may still corroborate."""

    signal: Signal
    """As it was asked about: its side is the way that the market has to go, its time since when."""
    until_ns: int


class StoryTurned(Record, frozen=True, tag="story"):
    """A headline, or the market, brought a story further: the headline, what was made of it, and the story since."""

    turn: str
    """``opened``, ``stronger``, ``announced``, ``confirmed`` or ``denied``."""
    item: NewsItem
    label: str
    """Of the headline, by the rules; empty where the market did it."""
    score: float
    """Signed, -1 to 1, the source's trust included; 0 where the market did it."""
    trust: float
    rules: tuple[str, ...]
    """Which rules fired, with their weights; what the market did, where it did it."""
    verdict: str
    """What the engine did then, in words."""
    story: KeptStory
    ts_ns: int
    wait: Wait | None = None
    """What waits since for the market; None where nothing does."""


class HeadlineHeard(Record, frozen=True, tag="headline"):
    """A headline came, whatever became of it."""

    headline: Headline
    verdict: str
    """What the engine did then, in words."""
    repeated: tuple[KeptStory, ...]
    """The stories that it told again, as they stand since: a repeat is one more voice, and no turn."""
    ts_ns: int


class Reviewed(Record, frozen=True, tag="reviewed"):
    """A second opinion came on an open proposal."""

    proposal_id: str
    share: float
    """Of such headlines whose coin rises by more than the cost, by the model."""
    usual: float
    model: str
    """The first 12 hex digits of its hash."""
    moved_e4: int
    """By how much it moved the proposal's confidence, in 1e-4; never more than ``opinion_most``."""
    words: str
    """As people are shown it."""
    ts_ns: int


StoryRecord = StoryTurned | HeadlineHeard | Reviewed
