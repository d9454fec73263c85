"""Brings charts into channels and threads: asks the engine for candles, has them drawn, and uploads the picture."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, Literal, TypeAlias

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.charts import ThemeName
from bot.charts.asked import draw_candles, draw_equity
from bot.charts.words import Level, Mark, candle_words, equity_words
from bot.drawing import Drawing, NotDrawn
from bot.memory import Card, Occasion
from bot.outbox import Outbox, may_have_been_taken
from bot.render import trade as trade_lines
from bot.upload import upload
from engine.wire.answers import CandlesView, EquityView, RoundTripsView, RoundTripView, WhyView
from engine.wire.commands import AnyCommand, Who
from engine.wire.digest import DigestView
from engine.wire.line import LineDown
from engine.wire.questions import BarName, GetCandles, GetEquity, GetTrades, GetWhy
from engine.wire.replies import Reply
from engine.wire.views import ProposalView, TradeView

Ask: TypeAlias = Callable[[AnyCommand], Awaitable[Reply]]
Keep: TypeAlias = Callable[[], None]

_log = logging.getLogger(__name__)
_BARS: Final[tuple[tuple[BarName, int], ...]] = (("1m", 60), ("5m", 300), ("15m", 900), ("1h", 3_600), ("4h", 14_400))
_BEFORE: Final = 40
"""Candles before an entry that say how it came about."""
_MOST_BARS: Final = 80
"""A trade is shown in the finest candles of which it lasted no more than so many."""
_ME: Final = Who("bot", "the bot", "bot")


class Pictures:
    """Uploads charts; what can't be drawn is left out, and the log says why."""

    def __init__(self, client: AsyncWebClient, outbox: Outbox, ask: Ask, drawing: Drawing, theme: ThemeName) -> None:
        """Draw in these colours, of what the engine answers to ``ask``."""
        self._client = client
        self._outbox = outbox
        self._ask = ask
        self._drawing = drawing
        self._theme = theme

    def want(self, channel: str, card: Card, occasion: Occasion, keep: Keep) -> None:
        """Queue a chart for a card's thread, once; ``keep`` writes to disk what the card remembers."""
        if occasion not in (*card.charts, *card.charted):
            card.charts.append(occasion)
            self._queue(channel, card, occasion, keep)

    def go_on(self, channel: str, card: Card, keep: Keep) -> None:
        """Queue again what waited when the last bot ended."""
        for occasion in card.charts:
            self._queue(channel, card, occasion, keep)

    def _queue(self, channel: str, card: Card, occasion: Occasion, keep: Keep) -> None:
        bring = partial(self._bring, channel, card, occasion, keep)
        self._outbox.put(f"chart:{occasion}:{card.key}", bring, dropped=partial(_done, card, occasion, keep))

    async def _bring(self, channel: str, card: Card, occasion: Occasion, keep: Keep) -> None:
        """Put a chart into a card's thread, at most once: where Slack may have it, it is not sent again."""
        try:
            if card.ts and occasion == "proposed" and card.proposal is not None:
                await self._proposed(channel, card.ts, card.proposal)
            elif card.ts and card.digest is not None:
                await self._digest(channel, card.ts, card.digest)
            elif card.ts and card.trade is not None:
                await self._closed(channel, card.ts, card, card.trade)
        except (NotDrawn, LineDown) as error:
            _log.warning("a chart was left out", extra={"card": card.key, "why": str(error)})
        except (SlackApiError, aiohttp.ClientError) as error:
            if not may_have_been_taken(error):
                raise
            _log.warning("a chart may be missing", extra={"card": card.key, "why": repr(error)})
        _done(card, occasion, keep)

    async def answer(self, channel: str, question: GetCandles) -> None:
        """Put a chart of what was asked for into a channel; raises NotDrawn, LineDown, and what the client raises."""
        await self._upload(channel, "", await self._candles(question), (), (), "")

    async def _proposed(self, channel: str, thread: str, proposal: ProposalView) -> None:
        levels = _levels(("price", proposal.price), ("stop", proposal.stop_price), ("target", proposal.target_price))
        await self._upload(channel, thread, await self._candles(_of(proposal.symbol, "5m")), (), levels, "")

    async def _closed(self, channel: str, thread: str, card: Card, trade: TradeView) -> None:
        opened_ns, closed_ns = card.market_opened_ns, card.market_closed_ns
        if not 0 < opened_ns <= closed_ns:
            opened_ns, closed_ns = trade.ts_opened_ns, trade.ts_closed_ns
        seconds = (closed_ns - opened_ns) / 1e9
        bar, bar_s = next((one for one in _BARS if seconds <= one[1] * _MOST_BARS), _BARS[-1])
        view = await self._candles(_of(trade.symbol, bar, _BEFORE + int(seconds / bar_s) + 2))
        marks = [
            *_mark(opened_ns, trade.entry_price, "buy"),
            *_mark(closed_ns, trade.exit_price, "sell"),
        ]
        levels = _levels(("stop", trade.stop_price), ("target", trade.target_price))
        await self._upload(channel, thread, view, marks, levels, await self._outcome(trade))

    async def _digest(self, channel: str, thread: str, digest: DigestView) -> None:
        span_s = (digest.until_ns - digest.since_ns) / 1e9
        reply = await self._ask(GetEquity(id=_new_id(), who=_ME, span_s=span_s, points=500))
        if not isinstance(reply.result, EquityView):
            raise NotDrawn(f"No chart: {reply.text}")
        view = reply.result
        png = await self._drawing.draw(draw_equity, view, self._theme)
        await self._put(channel, thread, png, f"equity-{digest.period}", "Equity", equity_words(view), "")

    async def _outcome(self, trade: TradeView) -> str:
        """Say what the trade made, in money and in R, and how fast its entry was."""
        reply = await self._ask(GetTrades(id=_new_id(), who=_ME, symbol=trade.symbol, most=20))
        trips = reply.result.trips if isinstance(reply.result, RoundTripsView) else ()
        trip = next((one for one in trips if one.trade.trade_id == trade.trade_id), None)
        if trip is None:
            return trade_lines.summary(trade)
        return trade_lines.outcome(trip, await self._why(trip))

    async def _why(self, trip: RoundTripView) -> WhyView | None:
        reply = await self._ask(GetWhy(id=_new_id(), who=_ME, what=trip.trade.trade_id))
        return reply.result if isinstance(reply.result, WhyView) else None

    async def _candles(self, question: GetCandles) -> CandlesView:
        reply = await self._ask(question)
        if not isinstance(reply.result, CandlesView):
            raise NotDrawn(f"No chart: {reply.text}")
        return reply.result

    async def _upload(
        self,
        channel: str,
        thread: str,
        view: CandlesView,
        marks: Sequence[Mark],
        levels: Sequence[Level],
        comment: str,
    ) -> None:
        png = await self._drawing.draw(draw_candles, view, tuple(marks), tuple(levels), self._theme)
        words = candle_words(view, marks, levels)
        await self._put(channel, thread, png, f"{view.symbol}-{view.bar}", f"{view.symbol} {view.bar}", words, comment)

    async def _put(
        self, channel: str, thread: str, png: bytes, name: str, title: str, words: str, comment: str
    ) -> None:
        where = {"channel": channel, "thread_ts": thread or None, "initial_comment": comment or None}
        await upload(self._client, png, name, title, words, **where)


def _done(card: Card, occasion: Occasion, keep: Keep) -> None:
    if occasion in card.charts:
        card.charts.remove(occasion)
        card.charted.append(occasion)
        keep()


def _mark(ts_ns: int, price: str, side: Literal["buy", "sell"]) -> list[Mark]:
    return [Mark(ts_ns, float(price), side)] if price else []


def _levels(*named: tuple[str, str]) -> list[Level]:
    return [Level(name, float(price)) for name, price in named if price]


def _of(symbol: str, bar: BarName, most: int = 120) -> GetCandles:
    return GetCandles(id=_new_id(), who=_ME, symbol=symbol, bar=bar, most=min(most, 1000))


def _new_id() -> str:
    return f"bot:{uuid.uuid4().hex}"
