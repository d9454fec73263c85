"""What waits for the market, and the headlines of late, are there after a restart as if there had been none."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from core_builders import ALICE, BTC, ETH, LIMITS, Desk, S, config, sent, told, written
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from needs import IS_FULL

from engine.core.actions import Action
from engine.core.kernels.tape import CANDLES_SEEN, CLOSE, HIGH, LOW, OPEN, OPEN_NS, VOLUME
from engine.core.past import HEADLINES_KEPT
from engine.core.record_codec import decode_record, encode_record
from engine.core.records import Intended
from engine.core.story_records import HeadlineHeard, StoryTurned
from engine.core.tidings import Headline, NewsItem
from engine.core.types import Candle, Symbol
from engine.wire import events
from engine.wire.answers import HeadlinesView
from engine.wire.questions import GetNews

MINUTE = 60 * S
CALM, ROUSED = 100, 50_000
"""Lots of a minute."""
LOOSE = replace(LIMITS, repeats=100)
"""What repeats itself within a minute is counted by C6 anew after a restart; here it is stories that are compared."""


class Told(NamedTuple):
    """A headline about a coin."""

    label: str = "partnership"
    score: float = 0.95
    source: str = "wire"
    trust: float = 1.0
    symbols: tuple[Symbol, ...] = (ETH,)


class Minute(NamedTuple):
    """A minute of a coin's market: by how much it moves, and what is traded."""

    move: float
    lots: int
    symbol: Symbol = ETH


Step = Told | Minute


class World:
    """A desk, its market's price, and what it told; the same steps make the same of it whether it restarts or not."""

    def __init__(self, **headlines: Any) -> None:
        chosen = config(LOOSE, **{"story_h": 48.0, "max_age_s": 3600.0, **headlines})
        self.desk = Desk(chosen, symbols=(ETH, BTC))
        self.prices = {ETH: 2000.0, BTC: 2000.0}
        self.seen: list[Any] = []
        self._said = 0
        self.desk.ready()
        for minute in range(25):
            for symbol in (ETH, BTC):
                self.go(Minute(0.2 * (minute % 3 - 1), CALM, symbol))

    def go(self, step: Step) -> list[Action]:
        """Let a step happen, and remember what it led to; orders fill at once."""
        actions = self._say(step) if isinstance(step, Told) else self._pass(step)
        for order in sent(actions):
            self.desk.fill(order)
        self.seen += [_plain(event) for kind in _KINDS for event in told(actions, kind)]
        self.seen += [(order.side, order.qty_lots) for order in sent(actions)]
        return actions

    def restart(self, *, from_snapshot: bool = False) -> None:
        """Begin anew from the journal's bytes and the venue's candles, a minute later; or only let that pass."""
        before, desk = self.desk, self.desk
        desk.now_ns += MINUTE
        desk.journal = [decode_record(encode_record(record)) for record in desk.journal]
        again = self.desk = desk.from_snapshot() if from_snapshot else desk.restarted()
        for symbol in (ETH, BTC):
            for candle in _candles(before, symbol):
                again.engine.on_candle(candle)
        self._open()

    def stay(self) -> None:
        """Let as much time pass as a restart takes."""
        self.desk.now_ns += MINUTE
        self._open()

    def headlines(self, most: int = HEADLINES_KEPT) -> HeadlinesView:
        """What `/news` shows."""
        reply, _ = self.desk.ask(GetNews(id=self.desk.new_id(), who=ALICE, most=most))
        assert isinstance(reply.result, HeadlinesView), reply
        return reply.result

    def _open(self) -> None:
        for symbol in (ETH, BTC):
            self.desk.price(self.prices[symbol], symbol)
        self.desk.account()
        self.desk.engine.trading.is_warm = True
        assert self.desk.resume().ok

    def _say(self, told: Told) -> list[Action]:
        self._said += 1
        desk, words = self.desk, f"{told.label} number {self._said}"
        item = NewsItem(told.source, f"h{self._said}", words, "https://wire.example", desk.now_ns, desk.now_ns)
        headline = Headline(item, told.label, told.score, told.symbols, ("a rule",), told.trust)
        return desk.keep(desk.engine.on_headline(headline))

    def _pass(self, minute: Minute) -> list[Action]:
        desk, symbol = self.desk, minute.symbol
        desk.now_ns += MINUTE
        self.prices[symbol] += minute.move
        price = self.prices[symbol]
        for other in (ETH, BTC):
            desk.quote(self.prices[other] - 0.01, self.prices[other], other)
        actions = desk.snapshot(price - 0.01, price, symbol) + desk.trade(price, minute.lots, symbol)
        return actions + desk.wait(0.0)


_KINDS = (events.NewsHeard, events.StoryChanged, events.ProposalOpened, events.SignalActed)


def _plain(event: Any) -> Any:
    """What an event says, without what an order's way took."""
    match event:
        case events.ProposalOpened(proposal=proposal):
            return "asked", proposal.proposal_id, proposal.confidence, proposal.reasons
        case events.SignalActed(proposal=proposal):
            return "acted", proposal.proposal_id, proposal.state, proposal.reasons
        case _:
            return event


def _candles(desk: Desk, symbol: Symbol) -> list[Candle]:
    """What the venue would say of a market's last hours: finished candles."""
    market = desk.engine.trading.markets[symbol]
    rows = market.last_candles(int(market.seen[CANDLES_SEEN])).tolist()
    columns = (OPEN, HIGH, LOW, CLOSE, VOLUME)
    return [Candle(symbol, row[OPEN_NS], MINUTE, *(row[column] for column in columns)) for row in rows]


def _both(steps: list[Step], at: int, *, from_snapshot: bool) -> tuple[World, World]:
    """Play steps twice, once with a restart before one of them."""
    here, there = World(), World()
    for number, step in enumerate(steps):
        if number == at:
            here.stay()
            there.restart(from_snapshot=from_snapshot)
        here.go(step)
        there.go(step)
    return here, there


def waiting(desk: Desk) -> list[Any]:
    """What waits for the market, in its order."""
    return [(one.story.story_id, one.signal, one.item, one.until_ns) for one in desk.engine.headlines._waiting]


def _compare(here: World, there: World) -> None:
    """Everything that was told, shown and kept is the same, and what waits since the next look at it."""
    for world in (here, there):
        world.go(Minute(0.0, CALM))
    assert there.seen == here.seen
    assert there.headlines() == here.headlines()
    first, second = (world.desk.engine.trading.stories.kept() for world in (here, there))
    assert second == first
    assert waiting(there.desk) == waiting(here.desk)


STORY: list[Step] = [
    Told("rumour", 0.5, "blog", 0.5),
    Told(),
    Told(source="stranger", trust=0.5),
    Minute(0.1, CALM),
    Minute(25.0, ROUSED),
    Told(source="second", trust=0.9),
    Told("denial", -0.7),
    Minute(-1.0, CALM),
]
"""Rumoured, announced, told again, corroborated by the market and bought, confirmed, denied and sold."""


@pytest.mark.parametrize("from_snapshot", [False, True])
@pytest.mark.parametrize("at", range(len(STORY)))
def test_a_restart_at_any_step_of_a_story_changes_nothing(at: int, from_snapshot: bool) -> None:
    """What the market corroborates after it is bought, what is denied after it is sold, once each."""
    here, there = _both(STORY, at, from_snapshot=from_snapshot)
    _compare(here, there)
    assert [seen[0].name for seen in there.seen if isinstance(seen, tuple) and len(seen) == 2] == ["BUY", "SELL"]


_told = st.builds(
    Told,
    st.sampled_from(["partnership", "partnership", "listing", "rumour", "denial"]),
    st.sampled_from([0.95, 0.7, 0.5, -0.7]),
    st.sampled_from(["wire", "second", "blog"]),
    st.sampled_from([1.0, 0.9, 0.5]),
    st.sampled_from([(ETH,), (BTC,), (ETH, BTC), (BTC, ETH)]),
)
_minute = st.builds(
    Minute,
    st.sampled_from([0.1, 25.0, 25.0, -25.0]),
    st.sampled_from([CALM, ROUSED, ROUSED]),
    st.sampled_from([ETH, BTC]),
)


@settings(max_examples=200 if IS_FULL else 25)
@given(steps=st.lists(st.one_of(_told, _minute), min_size=1, max_size=10), data=st.data())
def test_no_restart_is_seen_in_any_story(steps: list[Step], data: st.DataObject) -> None:
    """Whatever is told of two coins, and however their markets move meanwhile."""
    at = data.draw(st.integers(0, len(steps) - 1))
    here, there = _both(steps, at, from_snapshot=data.draw(st.booleans()))
    _compare(here, there)


def test_what_waits_goes_on_waiting_until_its_own_time_is_over() -> None:
    """The clock is that of the events: it does not begin anew with the engine."""
    world = World(confirm_s=300.0)
    world.go(Told())
    for _ in range(3):
        world.restart()
    assert sent(world.go(Minute(25.0, ROUSED))), "four minutes later it still waited"
    late = World(confirm_s=300.0)
    late.go(Told())
    for _ in range(4):
        late.restart()
    assert sent(late.go(Minute(25.0, ROUSED))) == []


def test_what_ran_out_while_the_engine_was_away_is_over() -> None:
    """Even where the market had moved by the time that it was back."""
    world = World(confirm_s=50.0)
    world.go(Told())
    world.prices[ETH] += 25.0
    world.restart()
    assert sent(world.go(Minute(1.0, ROUSED))) == []


def test_nothing_is_corroborated_by_candles_without_a_price() -> None:
    """Between the start and the first trade there is nothing to buy at."""
    world = World()
    world.go(Told())
    world.desk.now_ns += MINUTE
    again = world.desk.restarted()
    rows = _candles(world.desk, ETH)
    for candle in rows:
        again.engine.on_candle(candle)
    price = 205_000
    again.engine.on_candle(Candle(ETH, rows[-1].open_ns + MINUTE, MINUTE, price, price, price, price, ROUSED))
    assert told(again.wait(1.0), events.StoryChanged) == []
    again.ready()
    assert told(again.wait(1.0), events.StoryChanged) == [], "and it waits on: the price has come back"
    assert len(waiting(again)) == 1


def test_a_symbol_that_is_followed_no_more_waits_for_nothing() -> None:
    """As with everything else of it."""
    world = World()
    world.go(Told(symbols=(BTC,)))
    world.desk.instruments = {ETH: world.desk.instruments[ETH]}
    again = world.desk.restarted()
    assert waiting(again) == []
    again.ready().wait(2.0)


def test_an_order_that_left_right_before_a_kill_is_not_sent_again() -> None:
    """The order was written and the turn of its story not: the next run writes that, and a denial sells."""
    world = World()
    world.go(Told())
    desk = world.desk
    world.go(Minute(25.0, ROUSED))
    cut = max(n for n, record in enumerate(desk.journal) if isinstance(record, Intended))
    lost = desk.journal[cut + 1 :]
    assert any(isinstance(record, StoryTurned) for record in lost)
    desk.journal = desk.journal[: cut + 1]
    again = desk.restarted()
    turn = again.journal[-1]
    assert isinstance(turn, StoryTurned)
    assert (turn.turn, turn.story.state, turn.story.confirmed_by) == ("confirmed", "confirmed", "the market")
    assert turn.story.taken >= 0.9
    assert waiting(again) == []


def test_a_story_is_corroborated_once() -> None:
    """Two headlines of it may wait; the market lets one of them act, and a second source leaves nothing to wait for."""
    world = World(act=0.7)
    world.go(Told(score=0.75))
    world.go(Told(score=0.95))
    assert len(waiting(world.desk)) == 2
    assert len(sent(world.go(Minute(25.0, ROUSED)))) == 1
    assert sent(world.go(Minute(25.0, ROUSED))) == []
    other = World()
    other.go(Told())
    assert len(sent(other.go(Told(source="second", trust=0.9)))) == 1
    assert sent(other.go(Minute(25.0, ROUSED))) == []


def test_the_headlines_of_late_are_shown_after_a_restart() -> None:
    """Also those that nothing came of; the oldest go first."""
    world = World(per_source=10_000, per_minute=10_000)
    world.go(Told("none", 0.0))
    world.go(Told(symbols=()))
    for _ in range(HEADLINES_KEPT):
        world.go(Told("rumour", 0.3, "blog", 0.5))
    before = world.headlines()
    for from_snapshot in (False, True):
        world.restart(from_snapshot=from_snapshot)
        assert world.headlines() == before
    assert len(before.headlines) == HEADLINES_KEPT
    assert before.headlines[0].title == f"rumour number {HEADLINES_KEPT + 2}"


def test_a_headline_is_written_after_its_order() -> None:
    """No order waits for it."""
    kinds = [type(record) for record in written(World().go(Told("listing")))]
    assert kinds.index(Intended) < kinds.index(HeadlineHeard)
