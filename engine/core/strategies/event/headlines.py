"""Headlines: a classified news item about a symbol that we follow becomes a signal of its score, once for each story.

The controls of C23 are here: freshness, one signal for each turn of a story, a cap on the rate, and corroboration.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import ClassVar, Final, Literal, NamedTuple

import msgspec

from engine.core.config import Headlines
from engine.core.instrument import exit_levels
from engine.core.market import Market
from engine.core.story_records import Wait
from engine.core.strategies.event.corroborate import Evidence, market_evidence
from engine.core.strategies.event.stories import Step, Stories, Story
from engine.core.tidings import EDITED, Headline, NewsItem
from engine.core.types import BUY, SELL, Side, Signal, SignalId, Symbol, as_signal_id

MINUTE_NS: Final = 60_000_000_000
LOOK_NS: Final = 1_000_000_000
"""How often the market is asked whether it corroborates what waits for it."""
MOST_WAITING: Final = 100
_ANOTHER_TIME_NS: Final = 86_400_000_000_000
"""A market that is farther from our clock than this is a tape of the past: to it belong headlines of that time, and
those that really come now."""
_PER_SOURCE: Final = 1000
"""Sources of which the rate is known."""


class Heard(msgspec.Struct, frozen=True, gc=False):
    """What a headline means for one symbol: where its story is now, and a signal or why there is none."""

    step: Step
    signal: Signal | None
    why: str
    until_ns: int = 0
    """Until when the market may corroborate the signal; 0 where it waits for nothing."""


class _Waiting(NamedTuple):
    """A signal that the market may still corroborate."""

    story: Story
    signal: Signal
    item: NewsItem
    until_ns: int


class HeadlineStrategy:
    """The rules' score is the confidence; where nothing is resolved, too old or unknown to the market, silence."""

    name: ClassVar[str] = "headlines"
    kind: ClassVar[Literal["event"]] = "event"
    horizon_ns: ClassVar[int] = 3_600_000_000_000

    def __init__(self, config: Headlines) -> None:
        self.config = config
        self.stories = Stories(int(config.story_h * 3600e9), config.second_trust)
        self._waiting: list[_Waiting] = []
        self._looked_ns = 0
        self._times: dict[str, deque[int]] = {}
        """When headlines that may lead to a signal came, by source; under an empty name of all sources."""

    def follows(self, symbol: Symbol) -> bool:
        """Say whether this strategy looks at a symbol."""
        return not self.config.symbols or symbol in self.config.symbols

    def on_headline(self, headline: Headline, markets: Mapping[Symbol, Market]) -> list[Heard]:
        """Return what a headline means for each of its symbols that has a market; nothing where it can't be used."""
        if not headline.score and EDITED not in headline.doubts:
            return []
        named = _with_a_price(headline.symbols, markets)
        followed = named
        if self.config.symbols:
            followed = [market for market in named if self.follows(market.symbol)]
        age_s = self._age_s(headline.item, named)
        if -age_s > self.config.max_ahead_s:
            return []
        if age_s > self.config.max_age_s or not headline.score:
            followed = self._taken_back(headline, followed)
        if not followed:
            return []
        over = self._over_rate(headline)
        return [self._heard(headline, market, over) for market in followed]

    def on_timer(self, now_ns: int, markets: Mapping[Symbol, Market]) -> list[tuple[Signal, NewsItem, Story]]:
        """Return what the market has corroborated since the last look, once a second; no longer only a question.

        A story is corroborated once: whatever else of it has waited waits no more.
        """
        if not self._waiting or now_ns - self._looked_ns < LOOK_NS:
            return []
        self._looked_ns = now_ns
        before, self._waiting, confirmed = self._waiting, [], []
        for one in before:
            if now_ns >= one.until_ns or one.story.state == "denied" or one.story.confirmed_by:
                continue
            market = markets[one.signal.symbol]
            if self._is_confirmed(one, market):
                confirmed.append((self._confirmed(one, market, now_ns), one.item, one.story))
            else:
                self._waiting.append(one)
        return confirmed

    def wait_on(self, item: NewsItem, wait: Wait) -> None:
        """Go on waiting after a restart, when the stories have been put back."""
        story = self.stories.get(wait.signal.story_id)
        if story is not None and self.follows(wait.signal.symbol):
            self._waiting.append(_Waiting(story, wait.signal, item, wait.until_ns))

    def took(self, signal: Signal, *, is_acted: bool) -> None:
        """Hear that a signal was acted on or asked about: its story's denial is worth as much."""
        story = self.stories.get(signal.story_id)
        if story is not None and signal.side is BUY:
            story.taken = max(story.taken, signal.confidence)
            story.bought_by = signal.signal_id if is_acted else story.bought_by

    def why_untimely(self, headline: Headline, markets: Mapping[Symbol, Market]) -> str:
        """Say why a headline is not fresh, empty where it is, by the market's clock.

        The named symbols' own time, carried on from their last trades, is the measure, because a tape runs in a time
        of its own; where none of them has traded yet, the time of receipt is.
        """
        age_s = self._age_s(headline.item, _with_a_price(headline.symbols, markets))
        if age_s > self.config.max_age_s:
            return f"C23_STALE: it is not fresh: limit={self.config.max_age_s:g}s age={age_s:.0f}s"
        if -age_s > self.config.max_ahead_s:
            return f"C23_FUTURE: it is from the future: limit={self.config.max_ahead_s:g}s ahead={-age_s:.0f}s"
        return ""

    def _taken_back(self, headline: Headline, followed: Iterable[Market]) -> list[Market]:
        """Return where a headline counts that is stale, or that no rule calls good or bad: its own words it takes back.

        An item's date stays that of its first words.
        """
        if EDITED not in headline.doubts:
            return []
        return [market for market in followed if self.stories.takes_back(headline, market.symbol)]

    def _age_s(self, item: NewsItem, named: Iterable[Market]) -> float:
        recv_ns, now_ns = item.ts_recv_ns, 0
        for market in named:
            now_ns = max(now_ns, market.ts_exchange_ns + recv_ns - market.trade_recv_ns)
        published_ns = item.ts_published_ns
        if now_ns and abs(now_ns - recv_ns) > _ANOTHER_TIME_NS:
            return min(now_ns - published_ns, recv_ns - published_ns, key=abs) / 1e9
        return ((now_ns or recv_ns) - published_ns) / 1e9

    def _heard(self, headline: Headline, market: Market, over: str) -> Heard:
        now_ns, symbol = headline.item.ts_recv_ns, market.symbol
        if over:
            return Heard(Step(Story(headline, symbol, "rumour", now_ns), "repeated"), None, over)
        step = self.stories.take(headline, symbol, now_ns)
        if step.turn == "repeated":
            return Heard(step, None, f"C23_REPEAT: nothing new in story {step.story.story_id}")
        signal = self._signal(headline, step, market)
        doubt = self._doubt(headline, step, signal, market)
        if not doubt:
            return Heard(step, signal, "")
        signal = msgspec.structs.replace(signal, is_question=True, reasons=(*signal.reasons, doubt))
        if headline.doubts or step.is_edit or len(self._waiting) >= MOST_WAITING:
            return Heard(step, signal, "")
        until_ns = now_ns + int(self.config.confirm_s * 1e9)
        self._waiting.append(_Waiting(step.story, signal, headline.item, until_ns))
        return Heard(step, signal, "", until_ns)

    def _signal(self, headline: Headline, step: Step, market: Market) -> Signal:
        item, price, story = headline.item, market.last_ticks, step.story
        side = BUY if headline.score > 0 else SELL
        stop, target = self._exits(price, side)
        confidence = min(abs(headline.score), 1.0)
        if step.turn == "denied":
            confidence = max(confidence, story.taken)  # what takes a story back is worth as much as the story was
        elif step.turn == "confirmed":
            confidence = max(confidence, story.best)
        symbol = market.symbol
        signal_id = f"{self.name}:{symbol}:{item.source}:{item.news_id}"
        if step.is_edit:
            signal_id = f"{signal_id}:{story.headlines}"  # the words before have had a signal of that name
        return Signal(  # by place and not by name, which takes twice as long
            as_signal_id(signal_id),
            self.name,
            symbol,
            side,
            confidence,
            price,
            stop,
            target,
            self.horizon_ns,
            headline.rules,
            item.ts_recv_ns,
            False,  # a question: that is decided next
            story.story_id,
        )

    def _doubt(self, headline: Headline, step: Step, signal: Signal, market: Market) -> str:
        """Say why a signal can be at most a question; empty where it may be acted on (C23)."""
        config, story = self.config, step.story
        if (headline.doubts or step.is_edit) and (doubts := _doubts(headline, step, signal)):
            return doubts[0]
        if signal.confidence < config.act or step.turn == "denied" or story.confirmed_by:
            return ""  # a question anyway, the word of who said it first, or corroborated
        if headline.trust >= config.alone_trust and headline.label in config.alone:
            return ""
        if self._evidence(market, signal, headline.item.ts_recv_ns).is_enough:
            self.stories.confirm(story, "the market")
            return ""
        return f"C23_UNCONFIRMED: only {headline.item.source} says so, and the market is calm"

    def _is_confirmed(self, one: _Waiting, market: Market) -> bool:
        if not market.last_ticks:
            return False  # after a restart: there are candles of before, and no price yet
        return self._evidence(market, one.signal, one.signal.ts_ns).is_enough

    def _confirmed(self, one: _Waiting, market: Market, now_ns: int) -> Signal:
        """Return a signal that need be no question any more, at the present price and under a name of its own."""
        self.stories.confirm(one.story, "the market")
        evidence, price = self._evidence(market, one.signal, one.signal.ts_ns), market.last_ticks
        stop, target = self._exits(price, one.signal.side)
        return msgspec.structs.replace(
            one.signal,
            signal_id=corroborated_id(one.signal),
            price_ticks=price,
            stop_ticks=stop,
            target_ticks=target,
            reasons=(*one.signal.reasons[:-1], f"corroborated by the market: {evidence}"),
            ts_ns=now_ns,
            is_question=False,
        )

    def _exits(self, price: int, side: Side) -> tuple[int, int]:
        target_pct = self.config.target_pct if self.config.exits.target else 0.0
        return exit_levels(price, self.config.stop_pct, target_pct) if side is BUY else (0, 0)

    def _evidence(self, market: Market, signal: Signal, since_ns: int) -> Evidence:
        # Candles are in the tape's time, which differs from ours by as much as the last trade's two stamps.
        since_ns -= market.trade_recv_ns - market.ts_exchange_ns
        return market_evidence(
            market.last_candles(62),
            int(signal.side),
            since_ns,
            least_sigmas=self.config.confirm_sigmas,
            least_volume=self.config.confirm_volume,
        )

    def _over_rate(self, headline: Headline) -> str:
        """Count a headline that may lead to a signal; say so where there are too many within a minute."""
        now_ns, source = headline.item.ts_recv_ns, headline.item.source
        for name, most, who in ((source, self.config.per_source, source), ("", self.config.per_minute, "all sources")):
            times = self._times.get(name)
            if times is None:
                if len(self._times) >= _PER_SOURCE:
                    self._times.clear()
                times = self._times[name] = deque()
            while times and now_ns - times[0] >= MINUTE_NS:
                times.popleft()
            if len(times) >= most:
                return f"C23_RATE: limit={most} a minute from {who}"
            times.append(now_ns)
        return ""


def _doubts(headline: Headline, step: Step, signal: Signal) -> tuple[str, ...]:
    """Return the doubts that count: that it is an edit, but where its source denies its own words by it."""
    if step.is_edit and step.turn == "denied" and headline.label == "denial" and signal.side is SELL:
        return tuple(doubt for doubt in headline.doubts if doubt != EDITED)
    return headline.doubts or (EDITED,)


def _with_a_price(symbols: Iterable[Symbol], markets: Mapping[Symbol, Market]) -> list[Market]:
    """Return the markets of these symbols that have traded."""
    traded = []
    for symbol in symbols:
        market = markets.get(symbol)
        if market is not None and market.last_ticks:
            traded.append(market)
    return traded


def corroborated_id(signal: Signal) -> SignalId:
    """Return under which name a signal comes again once the market has corroborated it."""
    return as_signal_id(f"{signal.signal_id}:market")
