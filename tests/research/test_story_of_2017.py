"""The story of 28 November 2017 on the real candles of IOT/USD, from the words of the press to the sale."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from engine.core.config import Headlines, Limits, OrderFlow, SmaCross, Strategies, TradingConfig
from engine.core.engine import Engine
from engine.core.instrument import E8, Instrument
from engine.core.plan import ExitPlan
from engine.core.queries import Identity
from engine.core.tidings import NewsItem
from engine.core.types import BookUpdate, Quote, Side, Symbol, Trade
from engine.news.classify import classify
from engine.news.rules_file import built_in_rules
from engine.news.symbols import SymbolIndex
from engine.news.trust import Trust
from engine.research.backtest import Backtest
from engine.venues.paper.local import LocalExchange
from engine.wire import events
from engine.wire.commands import Decide, Resume, Who

IOT = Symbol("IOTUSD")
RULES = Instrument(IOT, "IOT", "USD", E8 // 10_000, E8 // 100, 1, 10**12, 5 * E8, 0, 1, 10**9, True)
ANN = Who("ann", "ann", "cli")
SILENT = ("NONE",)
ANNOUNCED = "IOTA launches data marketplace with Microsoft, Fujitsu and other participants"
DENIED = "IOTA clarifies it has no formal partnership with Microsoft"
MADE_UP = "IOTA announces partnership with Samsung"
NOVEMBER = datetime(2017, 11, 28, 14, 0, tzinfo=UTC)
DECEMBER = datetime(2017, 12, 13, 9, 0, tzinfo=UTC)


class Minute(NamedTuple):
    """One candle, reduced to what is played of it."""

    ts_ms: int
    close: float
    volume: float


class Tape:
    """The real market, minute by minute around the news and hour by hour between, with headlines told into it."""

    def __init__(self, minutes: list[Minute], **headlines: object) -> None:
        self.events: list[events.AnyEvent] = []
        config = TradingConfig(
            mode="auto",
            quote_asset="USD",
            limits=Limits(collar_pct=5.0),
            strategies=Strategies(
                sma_cross=SmaCross(symbols=SILENT),
                order_flow=OrderFlow(symbols=SILENT),
                headlines=Headlines(stop_pct=60.0, exits=ExitPlan(target=False), **headlines),  # type: ignore[arg-type]
            ),
        )
        engine = Engine(config, {IOT: RULES}, "paper", Identity("1", "abc", "test", 0))
        engine.trading.is_warm = True
        exchange = LocalExchange({IOT: RULES}, {"USD": 1_000_000 * E8}, latency_ns=5_000_000)
        self.backtest = Backtest(engine, exchange, self.events.append)
        self.trading = engine.trading
        self._minutes, self._ids = minutes, count(1)
        self._index = SymbolIndex([RULES], "USD")
        self.now_ns = 0

    def play(self, until: datetime) -> None:
        """Play the candles that closed before a moment."""
        while self._minutes and self._minutes[0].ts_ms + 60_000 <= until.timestamp() * 1000:
            minute = self._minutes.pop(0)
            self._move((minute.ts_ms + 59_000) * 1_000_000, minute)

    def arm(self) -> None:
        """Let it trade."""
        reply = self.backtest.on_command(Resume(id="resume", who=ANN))
        assert reply.ok, reply.text

    def say(self, title: str, source: str, at: datetime) -> events.NewsHeard:
        """Publish a headline; return what was made of it."""
        ts_ns = int(at.timestamp()) * 1_000_000_000
        self._quote(ts_ns)
        item = NewsItem(source, title[:20], title, "", ts_ns, ts_ns)
        trust = Trust({"iota-foundation": 1.0, "wire": 0.8}).of(source)
        self.backtest.on_headline(classify(item, built_in_rules(), self._index, trust))
        self._quote(ts_ns + 100_000_000)
        return [event for event in self.events if isinstance(event, events.NewsHeard)][-1]

    def of(self, kind: type) -> list:  # type: ignore[type-arg]
        """What was told of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def held_lots(self) -> int:
        """What is held."""
        return self.trading.portfolio.position_lots(IOT)

    def _move(self, ts_ns: int, minute: Minute) -> None:
        self._price = round(minute.close * 10_000)
        lots = max(1, int(minute.volume * 100))
        before_ns = ts_ns - 1_400_000_000  # frames come so often that what is decided by the clock finds fresh ones
        self._quote(before_ns - 100_000_000)
        self.backtest.on_trade(Trade(IOT, next(self._ids), self._price, lots, False, before_ns, before_ns))
        self._quote(ts_ns)

    def _quote(self, ts_ns: int) -> None:
        """Show a book around the last price: 10,000 IOT a side at one tick's distance."""
        number, price, lots = next(self._ids), self._price, 10**8
        sides = [np.array([[p, lots]], np.int64) for p in (price, price + 1)]
        self.backtest.on_book(BookUpdate(IOT, True, number, number, sides[0], sides[1], ts_ns, ts_ns))
        self.backtest.on_quote(Quote(IOT, number, price, lots, price + 1, lots, ts_ns))
        self.now_ns = ts_ns


@pytest.fixture(scope="module")
def candles(shared_data: Path) -> list[Minute]:
    """All minutes near the two headlines, and one of each hour between them."""
    path = shared_data / "candles" / "bitfinex_IOTUSD_1m_2017-11_12.csv.gz"
    with gzip.open(path, "rt") as file:
        return list(_chosen(csv.DictReader(file)))


def _chosen(rows: csv.DictReader) -> Iterator[Minute]:  # type: ignore[type-arg]
    spans = [(one.timestamp() * 1000 - 7_200_000, one.timestamp() * 1000 + 7_200_000) for one in (NOVEMBER, DECEMBER)]
    for row in rows:
        ts_ms = int(row["ts_ms"])
        is_near = any(begin <= ts_ms <= end for begin, end in spans)
        if is_near or (spans[0][1] < ts_ms < spans[1][0] and ts_ms % 3_600_000 == 0):
            yield Minute(ts_ms, float(row["close"]), float(row["volume"]))


def at(moment: datetime, minute: int) -> datetime:
    """So many minutes later."""
    return datetime.fromtimestamp(moment.timestamp() + 60 * minute, UTC)


def test_the_announcement_asks_and_the_market_takes_it_further(candles: list[Minute]) -> None:
    """At 14:00 people are asked; the price is 1.03 then. Where a partnership may act at its score, the market of the
    next minutes corroborates it, and the engine buys by itself on the way up."""
    tape = Tape(list(candles))
    tape.play(NOVEMBER)
    tape.arm()
    assert tape.say(ANNOUNCED, "iota-foundation", NOVEMBER).verdict == "asked"
    (opened,) = tape.of(events.ProposalOpened)
    assert (opened.proposal.symbol, opened.proposal.confidence, opened.proposal.price[:4]) == (IOT, 0.7, "1.03")

    eager = Tape(list(candles), act=0.7)
    eager.play(NOVEMBER)
    eager.arm()
    assert eager.say(ANNOUNCED, "iota-foundation", NOVEMBER).verdict.startswith("asked: C23_UNCONFIRMED")
    eager.play(at(NOVEMBER, 6))
    (acted,) = eager.of(events.SignalActed)[:1]
    assert "corroborated by the market" in acted.proposal.reasons[-1]
    assert 1.03 < float(acted.proposal.price) < 1.09
    assert eager.held_lots() > 0


def test_the_denial_sells_what_was_bought_and_a_made_up_partnership_trades_nothing(candles: list[Minute]) -> None:
    """A second source corroborates in November; 15 days and +200 % later the denial sells all of it by itself."""
    tape = Tape(list(candles), act=0.7)
    tape.play(NOVEMBER)
    tape.arm()
    made_up = tape.say(MADE_UP, "coin-blog", NOVEMBER)
    assert made_up.verdict.startswith("ignored: confidence 0.32 is below ask")
    tape.say(ANNOUNCED, "iota-foundation", NOVEMBER)
    assert tape.held_lots() == 0
    assert tape.say(ANNOUNCED + " - report", "wire", NOVEMBER).verdict.startswith("acted")
    tape.play(at(NOVEMBER, 30))
    held = tape.held_lots()
    assert held > 0

    tape.play(DECEMBER)
    assert tape.held_lots() == held
    assert tape.say(MADE_UP.replace("Samsung", "Apple"), "coin-blog", DECEMBER).verdict.startswith("ignored")
    assert tape.say(DENIED, "iota-foundation", DECEMBER).verdict.startswith("acted")
    tape.play(at(DECEMBER, 5))
    assert tape.held_lots() == 0
    assert tape.backtest.sent[-1].side is Side.SELL
    (trip,) = tape.trading.portfolio.closed
    assert trip.exit_ticks() / trip.entry_ticks() > 2.0
    states = [event.story.state for event in tape.of(events.StoryChanged) if event.story.label == "partnership"]
    assert states[-1] == "denied"


def test_with_the_settings_that_come_with_it_people_decide_both_times(candles: list[Minute]) -> None:
    """Asked in November, bought by a click; asked in December, whether to sell."""
    tape = Tape(list(candles))
    tape.play(NOVEMBER)
    tape.arm()
    tape.say(ANNOUNCED, "iota-foundation", NOVEMBER)
    question = tape.of(events.ProposalOpened)[0].proposal
    reply = tape.backtest.on_command(
        Decide(id="click", who=ANN, proposal_id=question.proposal_id, fingerprint=question.fingerprint, choice="buy")
    )
    assert reply.ok, reply.text
    tape.play(at(NOVEMBER, 5))
    assert tape.held_lots() > 0
    tape.play(DECEMBER)
    assert tape.say(DENIED, "iota-foundation", DECEMBER).verdict == "asked"
    last = tape.of(events.ProposalOpened)[-1].proposal
    assert (last.side, last.confidence, last.story_id) == ("sell", 0.7, question.story_id)
