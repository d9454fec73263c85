"""The way of a headline through the core: to signals, through the bands, and what people are told of it (walk c)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from engine.core.bands import HELD, Bands
from engine.core.past import headline_view
from engine.core.resend import AGAIN
from engine.core.story_records import HeadlineHeard, KeptStory, StoryTurned, Wait
from engine.core.strategies.event.headlines import HeadlineStrategy, Heard, corroborated_id
from engine.core.strategies.event.stories import Story, Turn
from engine.core.tidings import Headline, NewsItem
from engine.core.trading import Trading
from engine.core.types import BUY, SELL, Signal, order_name
from engine.wire import events
from engine.wire.views import StoryView

_ASKED: Final = "asked"
_TAKEN: Final = ("acted", HELD, _ASKED)


class NewsDesk:
    """Decides about headlines at once; words and events about them come after every order has left."""

    def __init__(self, trading: Trading, headlines: HeadlineStrategy, bands: Bands) -> None:
        self._trading = trading
        self._headlines = headlines
        self._bands = bands
        self._unsold: list[tuple[Signal, NewsItem]] = []
        """Denials that came while what was bought on their stories was not there yet."""

    def on_headline(self, headline: Headline) -> None:
        """Take a classified headline."""
        heard = self._headlines.on_headline(headline, self._trading.markets)
        verdicts = [self._verdict(one, headline.item) for one in heard]
        self._trading.later(lambda: self._tell(headline, heard, verdicts))

    def on_timer(self) -> None:
        """Let the market corroborate what waits for it, and sell what came after its story had been denied."""
        if self._unsold:
            self._sell_late()
        for signal, item, story in self._headlines.on_timer(self._trading.now_ns, self._trading.markets):
            verdict = (signal.side is BUY and self._bought(story)) or self._bands.on_signal(signal, item)
            self._trading.later(partial(self._confirmed, signal, item, story, verdict))

    def _sell_late(self) -> None:
        denials, self._unsold = self._unsold, []
        for signal, item in denials:
            if not self._trading.stories.is_denied(signal.story_id):
                continue  # its source has taken that back since
            if self._is_under_way(signal.story_id):
                self._unsold.append((signal, item))
            else:
                self._bands.on_signal(signal, item)

    def _is_under_way(self, story_id: str) -> bool:
        """Say whether an order to buy on a story is open still."""
        trading = self._trading
        bought = (one for one in trading.proposals if one.signal.story_id == story_id and one.signal.side is BUY)
        orders = (trading.orders.get(one.client_order_id) for one in bought)
        return any(order is not None and order.is_open for order in orders)

    def go_on(self) -> None:
        """After a restart, go on with the stories of earlier runs, and with what waits for the market."""
        trading = self._trading
        self._headlines.stories.put_back(trading.stories.stories())
        for item, wait in trading.stories.waits(trading.now_ns):
            if trading.was_ordered(f"signal:{corroborated_id(wait.signal)}"):
                self._write_missing(wait.signal, item)
            elif wait.signal.symbol in trading.markets:
                self._headlines.wait_on(item, wait)

    def _write_missing(self, signal: Signal, item: NewsItem) -> None:
        """Write down that the market had corroborated a story: the last run was stopped right after its order."""
        if (story := self._headlines.stories.get(signal.story_id)) is None:
            return
        self._headlines.stories.confirm(story, "the market")
        self._headlines.took(signal, is_acted=True)
        words, now_ns = "acted: the engine was stopped right then", self._trading.now_ns
        self._keep(StoryTurned("confirmed", item, "", 0.0, 0.0, (), words, story.kept(), now_ns))

    def _verdict(self, heard: Heard, item: NewsItem) -> str:
        if heard.signal is None:
            return f"ignored: {heard.why}"
        if heard.signal.side is BUY and (bought := self._bought(heard.step.story)):
            return bought
        verdict = self._bands.on_signal(heard.signal, item)
        is_held_back = verdict == "asked" and heard.signal.is_question
        return f"asked: {heard.signal.reasons[-1]}" if is_held_back else verdict

    def _bought(self, story: Story) -> str:
        """Say that the engine or a person has bought on a story; empty where not, or nothing came of that order."""
        if not story.taken:
            return ""
        clicked = [
            one.client_order_id
            for one in self._trading.proposals
            if one.state == "bought" and one.signal.story_id == story.story_id
        ]
        names = [*self._ordered_by(story), *clicked]
        known = [order for name in names if (order := self._trading.orders.get(name)) is not None]
        if not names or (known and not any(order.is_open or order.cum_lots for order in known)):
            return ""
        return f"ignored: C23_REPEAT: story {story.story_id} was bought already"

    def _ordered_by(self, story: Story) -> list[str]:
        """Return under which names the engine has ordered on a story by itself: none while that waits for a veto."""
        cause = f"signal:{story.bought_by}"
        return [order_name(one) for one in (cause, cause + AGAIN) if self._trading.was_ordered(one)]

    def _took(self, signal: Signal | None, verdict: str) -> None:
        """Let the strategy know what came of its signal."""
        if signal is not None and verdict.startswith(_TAKEN):
            self._headlines.took(signal, is_acted=not verdict.startswith(_ASKED))

    def _tell(self, headline: Headline, heard: Sequence[Heard], verdicts: Sequence[str]) -> None:
        item, now_ns = headline.item, self._trading.now_ns
        for one, verdict in zip(heard, verdicts, strict=True):
            self._took(one.signal, verdict)
            if one.step.turn == "denied":
                self._take_back(one, item, verdict)
            if one.step.turn != "repeated":
                self._keep(
                    StoryTurned(
                        one.step.turn,
                        item,
                        headline.label,
                        headline.score,
                        headline.trust,
                        headline.rules,
                        verdict,
                        one.step.story.kept(),
                        now_ns,
                        Wait(one.signal, one.until_ns) if one.signal is not None and one.until_ns else None,
                    )
                )
                self._tell_story(one.step.story, item, one.step.turn, verdict)
        self._headlines.stories.forget()
        words, confidence = "; ".join(verdicts) or f"ignored: {self._why_silent(headline)}", abs(headline.score)
        self._remember(HeadlineHeard(headline, words, self._told_again(heard), now_ns))
        self._trading.publish(
            lambda: events.NewsHeard(
                ts_ns=now_ns,
                source=item.source,
                news_id=item.news_id,
                title=item.title,
                url=item.url,
                verdict=words,
                symbols=headline.symbols,
                confidence=confidence,
                story_id=heard[0].step.story.story_id if heard else "",
            )
        )

    def _take_back(self, heard: Heard, item: NewsItem, verdict: str) -> None:
        """Close what is open about buying on a denied story; what is bought on it only now is sold as it is there."""
        story_id, signal = heard.step.story.story_id, heard.signal
        self._bands.take_back(story_id, f"{item.source} denies it")
        is_sale = signal is not None and signal.side is SELL and not verdict.startswith(_TAKEN)
        if signal is not None and is_sale and self._is_under_way(story_id):
            self._unsold.append((signal, item))

    def _told_again(self, heard: Sequence[Heard]) -> tuple[KeptStory, ...]:
        """Return the stories that a headline has brought no further; what came over the rate is part of none."""
        known = self._headlines.stories.get
        steps = [one.step for one in heard if one.step.turn == "repeated"]
        return tuple(step.story.kept() for step in steps if known(step.story.story_id) is step.story)

    def _remember(self, record: HeadlineHeard) -> None:
        """Write a headline down, for whoever asks what came (also after a restart)."""
        self._trading.write(record)
        self._trading.stories.tell_again(record.repeated)
        self._trading.past.headlines.append(headline_view(record))

    def _confirmed(self, signal: Signal, item: NewsItem, story: Story, verdict: str) -> None:
        """Keep and tell that the market has corroborated a story."""
        self._took(signal, verdict)
        seen, now_ns = signal.reasons[-1], self._trading.now_ns
        self._keep(StoryTurned("confirmed", item, "", 0.0, 0.0, (seen,), verdict, story.kept(), now_ns))
        self._tell_story(story, item, "confirmed", seen)

    def _keep(self, record: StoryTurned) -> None:
        """Write a turn down, with the headline that everything about it went by (C22)."""
        self._trading.write(record)
        self._trading.stories.add(record)

    def _tell_story(self, story: Story, item: NewsItem, turn: Turn, verdict: str) -> None:
        now_ns, view = self._trading.now_ns, story_view(story)
        self._trading.publish(
            lambda: events.StoryChanged(
                ts_ns=now_ns,
                what=turn,
                story=view,
                source=item.source,
                title=item.title,
                url=item.url,
                verdict=verdict,
            )
        )

    def _why_silent(self, headline: Headline) -> str:
        if not headline.score:
            return f"{headline.label}: no rule fired that says good or bad"
        if not headline.symbols:
            return "C23_SYMBOL: it names nothing that is traded here"
        untimely = self._headlines.why_untimely(headline, self._trading.markets)
        return untimely or "its symbols are not followed or have no price yet"


def story_view(story: Story) -> StoryView:
    """Show one story as it is now."""
    return StoryView(
        story_id=story.story_id,
        symbol=story.symbol,
        label=story.label,
        state=story.state,
        title=story.item.title,
        source=story.item.source,
        url=story.item.url,
        sources=tuple(story.sources),
        confirmed_by=story.confirmed_by,
        headlines=story.headlines,
        ts_opened_ns=story.opened_ns,
    )
