"""F24: news that is duplicated, edited, back-dated, future-dated or dirty leads to a question at most.

All through a real WebSocket, the real engine and a real exchange, from the source that is trusted most, with words that
are acted on where nothing is wrong with them.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
from fault_bench import SILENT, Scene, trading
from msgspec import structs
from news_samples import Feed

from engine.clock import now_ns
from engine.core.config import Breakers, Headlines, Limits, OrderFlow, SmaCross, Strategies, TradingConfig
from engine.wire.events import NewsHeard, ProposalOpened, SignalActed

CLEAN = "Binance Will List IOTA (IOTA) with Seed Tag Applied"
CONFIG = TradingConfig(
    mode="auto",
    limits=Limits(repeats=100, orders_per_s=100),
    breakers=Breakers(cooldown_s=0.0),
    strategies=Strategies(
        sma_cross=SmaCross(symbols=SILENT),
        order_flow=OrderFlow(symbols=SILENT),
        headlines=Headlines(confirm_sigmas=100.0, story_h=1e-14),
    ),
)
"""The settings that come with the engine, but that every headline is a story of its own: were they one, the story alone
would keep its second headline from being acted on. The market corroborates nothing here."""


class Wire:
    """A news wire that is trusted, and what the engine made of it."""

    def __init__(self, scene: Scene, feed: Feed) -> None:
        self.scene = scene
        self._feed = feed
        self._ids = count(1)

    async def say(self, title: str, news_id: str = "", later_s: float = 0.0) -> NewsHeard:
        """Publish a headline as of now; return what was made of it."""
        before = len(self.heard)
        await self.send(title, news_id, later_s)
        await self.scene.until(lambda: len(self.heard) > before)
        return self.heard[-1]

    async def send(self, title: str, news_id: str = "", later_s: float = 0.0) -> None:
        """Publish a headline, wherever it leads to."""
        market = self.scene.market
        tape_ms = (market.ts_exchange_ns + now_ns() - market.trade_recv_ns) // 1_000_000
        item = {
            "id": news_id or f"f{next(self._ids)}",
            "source": "binance-announcements",
            "title": title,
            "url": "",
            "ts_ms": tape_ms + int(later_s * 1000),
        }
        for connection in self._feed.connections:
            await connection.send_str(json.dumps(item))

    @property
    def heard(self) -> list[NewsHeard]:
        """Every headline that was told of."""
        return [event for event in self.scene.events if isinstance(event, NewsHeard)]

    @property
    def orders(self) -> int:
        """How many orders headlines have led to."""
        return sum(order.approved.origin == "strategy:headlines" for order in self.scene.trading.orders)

    def told(self, kind: type) -> int:
        """How often something of a kind was told."""
        return sum(isinstance(event, kind) for event in self.scene.events)


@asynccontextmanager
async def wire(home: Path, config: TradingConfig = CONFIG) -> AsyncIterator[Wire]:
    """Run feed, exchange and engine."""
    feed = Feed()
    async with feed.serving(), trading(home, config, told={"news_stream_url": feed.url}, speed=1.0) as scene:
        await scene.until(lambda: feed.connections)
        yield Wire(scene, feed)


async def test_f24_a_clean_headline_is_acted_on_within_a_millisecond(tmp_path: Path) -> None:
    """Otherwise the tests below would prove nothing; from its receipt to the order's bytes, the best of three."""
    async with wire(tmp_path) as news:
        for number, title in enumerate((CLEAN, "Coinbase will list IOTA", "Kraken lists IOTA"), start=1):
            heard = await news.say(title)
            assert heard.verdict.startswith("acted"), heard.verdict
            assert news.orders == number
        by_headlines = [order for order in news.scene.live.ledger.view().orders if order.event == "headline"]
        assert len(by_headlines) == 3
        assert min(order.stamps_ns["sent"] for order in by_headlines) < 1_000_000


async def test_f24_the_same_headline_again_is_heard_once(tmp_path: Path) -> None:
    """By its id, by its words, by nearly its words."""
    async with wire(tmp_path) as news:
        await news.say(CLEAN, "a")
        await news.send(CLEAN, "a")
        await news.send(CLEAN, "b")
        await news.send(CLEAN.upper(), "c")
        await news.send(f"BREAKING: {CLEAN}!", "d")
        last = await news.say("Nothing happened", "e")
        assert last.verdict.startswith("ignored")
        assert (news.orders, len(news.heard), news.told(SignalActed) > 0) == (1, 2, True)


async def test_f24_an_edit_is_asked_about(tmp_path: Path) -> None:
    """The same item with other words, whatever it said before."""
    async with wire(tmp_path) as news:
        await news.say("Binance Will Update Its Fees for IOTA", "a")
        heard = await news.say(CLEAN, "a")
        assert heard.verdict.startswith("asked: C23_EDITED"), heard.verdict
        assert (news.orders, news.told(ProposalOpened)) == (0, 1)


async def test_f24_an_edit_into_a_denial_sells_what_was_bought(tmp_path: Path) -> None:
    """By itself, as any denial by who said it; what was bought is bought once, though a typo is mended first."""
    async with wire(tmp_path, structs.replace(CONFIG, exits="engine")) as news:
        await news.say(CLEAN, "a")
        portfolio = news.scene.trading.portfolio
        await news.scene.until(lambda: any(trip.is_open for trip in portfolio.trips()))
        await news.scene.until(lambda: not any(order.is_open for order in news.scene.trading.orders))
        mended = await news.say(CLEAN.replace("with", "With a"), "a")
        assert mended.verdict.startswith("ignored: C23_REPEAT"), mended.verdict
        denied = await news.say("Binance denies that it will list IOTA", "a")
        assert denied.verdict.startswith("acted"), denied.verdict
        assert news.orders == 2
        await news.scene.until(lambda: not any(trip.is_open for trip in portfolio.trips()))


@pytest.mark.parametrize(("later_s", "code"), [(-600.0, "C23_STALE"), (600.0, "C23_FUTURE"), (10**8, "C23_FUTURE")])
async def test_f24_what_is_dated_wrongly_leads_to_nothing(tmp_path: Path, later_s: float, code: str) -> None:
    """Back-dated and future-dated."""
    async with wire(tmp_path) as news:
        heard = await news.say(CLEAN, later_s=later_s)
        assert heard.verdict.startswith(f"ignored: {code}"), heard.verdict
        assert (news.orders, news.told(ProposalOpened)) == (0, 0)


async def test_f24_what_is_written_strangely_is_asked_about_at_most(tmp_path: Path) -> None:
    """Look-alike tickers name nothing; entities, mojibake and invisible characters are a reason to look twice."""
    async with wire(tmp_path) as news:
        for title in (
            "Binance Will List ІOTA (ІOТA) Monday",  # Cyrillic
            "Binance Will List ＩＯＴＡ Tuesday",
            "Binance Will List IO\u200bTA Wednesday",
            "Binance Will List I0TA (I0TA) Thursday",
            "Binance Will List 𝐈𝐎𝐓𝐀 Friday",
        ):
            assert (await news.say(title)).verdict == "ignored: C23_SYMBOL: it names nothing that is traded here", title
        for title, what in (
            ("Binance Will List IOTA (IOTA) &amp; Bosch", "HTML entities"),
            ("Binance Will List &#73;OTA (IOTA) Tangle", "HTML entities"),
            ("Binance Will List IOTA (IOTA) â€“ Trading Opens Early", "mojibake"),
            ("Binance Will List IOTA (IOTA) Ã©tape Fujitsu", "mojibake"),
            ("Binance Will Li\u200bst IOTA (IOTA) Volkswagen", "invisible characters"),
            ("Binance Will List IOTA (IOTA) аnd Firefly", "look-alike letters"),
        ):
            heard = await news.say(title)
            assert heard.verdict.startswith(("asked: C23_UNCLEAN", "ignored: the same question")), (
                title,
                heard.verdict,
            )
            if heard.verdict.startswith("asked"):
                assert heard.verdict.endswith(what)
        assert news.orders == 0
        assert news.told(SignalActed) == 0
