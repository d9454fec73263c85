"""What is remembered for questions: candles of a week, equity that thins with age, headlines."""

from __future__ import annotations

import numpy as np
from core_builders import ALICE, ETH, Desk, instrument

from engine.core.market import CANDLE_NS, Market
from engine.core.past import CANDLES_KEPT, MARKS_KEPT, CandleRing, EquitySeries, drawdown, summed
from engine.core.types import Trade
from engine.wire.answers import CandlesView, HeadlinesView
from engine.wire.questions import BarName, GetCandles, GetNews

MINUTES = 1_400
"""More than the market's own ring has."""


def traded() -> Desk:
    """Return a desk whose symbol traded twice a minute, at 1000 + n and 2000 + n."""
    desk = Desk().ready()
    desk.now_ns += CANDLE_NS - desk.now_ns % CANDLE_NS
    for minute in range(MINUTES):
        desk.trade(1000 + minute, lots=3)
        desk.trade(2000 + minute, lots=4)
        desk.now_ns += CANDLE_NS
        if minute % 50 == 0:
            desk.engine.on_timer(desk.now_ns)
    return desk


def ask(desk: Desk, bar: BarName, most: int = 1_000) -> CandlesView:
    reply = desk.ask(GetCandles(id=desk.new_id(), who=ALICE, symbol="eth", bar=bar, most=most))[0]
    assert isinstance(reply.result, CandlesView)
    return reply.result


def test_candles_are_kept_beyond_the_markets_own_ring_and_summed_up_exactly() -> None:
    desk = traded()
    minutes = ask(desk, "1m", 1_000).candles
    assert len(minutes) == 1_000
    newest = minutes[-1]
    assert (newest.open, newest.high, newest.low, newest.close) == ("2399.00", "3399.00", "2399.00", "3399.00")
    assert newest.volume == "0.0007"
    hours = ask(desk, "1h").candles
    assert all(candle.ts_open_ns % (60 * CANDLE_NS) == 0 for candle in hours)
    whole = hours[5]
    first = (whole.ts_open_ns - ask(desk, "1m", 1_000).candles[0].ts_open_ns) // CANDLE_NS + MINUTES - 1_000
    assert (whole.open, whole.close) == (f"{1000 + first}.00", f"{2000 + first + 59}.00")
    assert (whole.low, whole.high, whole.volume) == (f"{1000 + first}.00", f"{2000 + first + 59}.00", "0.0420")


def test_older_candles_are_put_in_front_without_doubles_and_without_losing_newer_ones() -> None:
    desk = traded()
    known = ask(desk, "1m", 1_000)
    rows = desk.engine.trading.past.candles(ETH).rows()
    opened = rows[0, 0] + CANDLE_NS * np.arange(-12_000, 5)
    older = np.stack([opened, *([np.full(len(opened), 7)] * 5)], axis=1).astype(np.int64)
    desk.engine.on_history(ETH, older)
    kept = desk.engine.trading.past.candles(ETH).rows()
    assert len(kept) == CANDLES_KEPT
    assert (np.diff(kept[:, 0]) > 0).all()
    assert ask(desk, "1m", 1_000) == known
    desk.engine.on_history(ETH, older - [10**15, 0, 0, 0, 0, 0])
    assert (desk.engine.trading.past.candles(ETH).rows() == kept).all()


def test_a_ring_that_is_full_drops_the_oldest() -> None:
    ring = CandleRing()
    opened = CANDLE_NS * np.arange(1, CANDLES_KEPT + 1)
    ring.fill_before(np.stack([opened] * 6, axis=1))
    market = Market(instrument())
    for minute in (5, 6, 7):
        at_ns = (CANDLES_KEPT + minute) * CANDLE_NS
        market.on_trade(Trade(ETH, minute, 200_000, 1, False, at_ns, at_ns))
    ring.follow(market)
    rows = ring.rows()
    assert (len(rows), rows[0, 0], rows[-1, 0]) == (CANDLES_KEPT, 3 * CANDLE_NS, (CANDLES_KEPT + 6) * CANDLE_NS)


def test_summing_nothing_is_nothing() -> None:
    assert summed(np.zeros((0, 6), np.int64), 60).shape == (0, 6)


def test_a_full_series_keeps_its_newer_half_whole_and_every_other_of_the_older() -> None:
    series = EquitySeries()
    for i in range(MARKS_KEPT + 1):
        series.add(i, 100 + i)
    marks = series.since(0)
    assert len(marks) == MARKS_KEPT * 3 // 4 + 1
    assert marks[:3, 0].tolist() == [0, 2, 4]
    assert marks[-3:, 0].tolist() == [MARKS_KEPT - 2, MARKS_KEPT - 1, MARKS_KEPT]
    assert (series.at(5), series.at(10**9), series.at(-5)) == (104, 100 + MARKS_KEPT, 100)


def test_a_drawdown_is_from_the_highest_before_it() -> None:
    assert drawdown(np.array([100, 50, 200, 120, 150])) == (80, 40.0)
    assert drawdown(np.array([], np.int64)) == (0, 0.0)


def test_headlines_are_told_newest_first_with_what_was_made_of_them() -> None:
    desk = Desk().ready()
    for news_id, score in (("a", 0.1), ("b", 0.6)):
        desk.headline(score, news_id)
    reply = desk.ask(GetNews(id="n", who=ALICE))[0]
    assert isinstance(reply.result, HeadlinesView)
    assert [headline.verdict for headline in reply.result.headlines] == [
        "asked",
        "ignored: confidence 0.10 is below ask = 0.5",
    ]
