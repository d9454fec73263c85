"""Strategies: what they look at, what they say, and what they leave unsaid; and the settings that they refuse."""

from __future__ import annotations

import msgspec
import pytest
from core_builders import BTC, ETH, T0, S, instrument

from engine.core.config import Headlines, OrderFlow, SmaCross, Strategies, StrategyConfig, TradingConfig
from engine.core.market import Market
from engine.core.proposals import Proposal, Proposals
from engine.core.strategies.event.headlines import HeadlineStrategy
from engine.core.strategies.technical.crew import Crew, Placed
from engine.core.strategies.technical.stepping import after_trade
from engine.core.tidings import Headline, NewsItem
from engine.core.types import Candle, Side, Signal, SignalId, Symbol, Trade

MINUTE = 60 * S


def markets(*, at_ns: int = T0, exchange_ns: int = T0) -> dict[Symbol, Market]:
    """ETHUSDT has traded at 2000.00, BTCUSDT has not."""
    found = {symbol: Market(instrument(symbol)) for symbol in (ETH, BTC)}
    found[ETH].on_trade(Trade(ETH, 1, 200_000, 5, False, exchange_ns, at_ns))
    return found


def headline(score: float = 0.8, published_ns: int = T0, recv_ns: int = T0, symbols: tuple[Symbol, ...] = (ETH,)):  # type: ignore[no-untyped-def]
    item = NewsItem("wire", "n1", "Big news", "https://example.com", published_ns, recv_ns)
    return Headline(item, "listing", score, symbols, ("listing +0.80",))


# ---------------------------------------------------------------- headlines


def only_signal(news: Headline) -> Signal:
    """The one signal of a headline."""
    (heard,) = HeadlineStrategy(Headlines()).on_headline(news, markets())
    assert heard.signal is not None
    return heard.signal


def test_good_news_is_a_buy_with_exits_and_its_score_for_confidence() -> None:
    signal = only_signal(headline())
    assert (signal.side, signal.confidence, signal.price_ticks) == (Side.BUY, 0.8, 200_000)
    assert (signal.stop_ticks, signal.target_ticks) == (194_000, 220_000)
    assert signal.reasons == ("listing +0.80",)


def test_bad_news_is_a_sale_without_exits() -> None:
    signal = only_signal(headline(-2.0))
    assert (signal.side, signal.confidence, signal.stop_ticks, signal.target_ticks) == (Side.SELL, 1.0, 0, 0)


@pytest.mark.parametrize(
    ("config", "news"),
    [
        (Headlines(), headline(0.0)),
        (Headlines(), headline(symbols=(BTC,))),
        (Headlines(), headline(symbols=(Symbol("XRPUSDT"),))),
        (Headlines(symbols=("BTCUSDT",)), headline()),
    ],
)
def test_nothing_is_said_without_a_score_a_price_or_a_symbol_that_is_followed(
    config: Headlines, news: Headline
) -> None:
    assert HeadlineStrategy(config).on_headline(news, markets()) == []


@pytest.mark.parametrize(
    ("age_s", "code"), [(120.0, ""), (120.1, "C23_STALE"), (-30.0, ""), (-30.1, "C23_FUTURE"), (-1e6, "C23_FUTURE")]
)
def test_news_is_untimely_when_it_is_old_or_from_the_future(age_s: float, code: str) -> None:
    news, strategy = headline(published_ns=T0 - int(age_s * S)), HeadlineStrategy(Headlines())
    assert strategy.why_untimely(news, markets()).partition(":")[0] == code
    assert strategy.why_untimely(news, {}).partition(":")[0] == code
    assert bool(strategy.on_headline(news, markets())) is not bool(code)


def test_a_tape_measures_age_by_its_own_clock_carried_on_from_its_last_trade() -> None:
    """The tape plays 2017; the machine's clock says today."""
    then = 1_511_877_600 * S
    tape = markets(at_ns=T0, exchange_ns=then)
    strategy = HeadlineStrategy(Headlines())
    assert not strategy.why_untimely(headline(published_ns=then, recv_ns=T0 + 119 * S), tape)
    assert strategy.why_untimely(headline(published_ns=then, recv_ns=T0 + 121 * S), tape)


@pytest.mark.parametrize(("age_s", "code"), [(0, ""), (120, ""), (121, "C23_STALE"), (-31, "C23_FUTURE")])
def test_what_really_comes_now_is_news_while_a_tape_plays_the_past(age_s: int, code: str) -> None:
    """A webhook that is called now, or a feed: they know nothing of 2017."""
    tape = markets(at_ns=T0, exchange_ns=1_511_877_600 * S)
    strategy = HeadlineStrategy(Headlines())
    assert strategy.why_untimely(headline(published_ns=T0 - age_s * S, recv_ns=T0), tape).partition(":")[0] == code


# ---------------------------------------------------------------- technical


CREWS: dict[int, Crew] = {}


def placed(**settings: StrategyConfig) -> Placed:
    """Place the one strategy whose settings are given, in a crew of its own."""
    ((name, config),) = settings.items()
    crew = Crew(Strategies(**{name: config}))
    CREWS[id(crew[name])] = crew
    return crew[name]


def followed(strategy: Placed) -> Market:
    """Return a market that only this strategy follows."""
    crew = CREWS[id(strategy)]
    market = Market(instrument(), crew.size)
    crew.follow(market, lambda name: name == strategy.name)
    return market


def step(strategy: Placed, market: Market, made: Trade) -> Signal | None:
    """Let a market take a trade; return what the strategy says of it."""
    market.on_trade(made)
    return strategy.signal(market) if after_trade(market.numbers) & strategy.bit else None


def trade(i: int, price: int, *, sold: bool = False) -> Trade:
    return Trade(ETH, i, price, 10, sold, T0 + i * S, T0 + i * S)


def test_order_flow_says_who_leans_which_way_and_stops_a_buy_below_the_price() -> None:
    strategy = placed(order_flow=OrderFlow(min_trades=5, ask=0.1, act=0.2, stop_pct=1.0, target_pct=2.0))
    market = followed(strategy)
    signals = [s for i in range(20) if (s := step(strategy, market, trade(i, 100_000 + 10 * i))) is not None]
    assert signals[0].side is Side.BUY
    assert signals[0].stop_ticks == signals[0].price_ticks - signals[0].price_ticks // 100
    assert signals[0].reasons == ("buyers are the aggressors (half-life 10 s) and the price follows up",)
    strategy = placed(order_flow=OrderFlow(min_trades=5, ask=0.1, act=0.2))
    market = followed(strategy)
    falling = (trade(i, 100_000 - 10 * i, sold=True) for i in range(20))
    signals = [s for made in falling if (s := step(strategy, market, made)) is not None]
    assert (signals[0].side, signals[0].stop_ticks, signals[0].target_ticks) == (Side.SELL, 0, 0)
    assert signals[0].reasons[0].startswith("sellers are the aggressors")


def test_order_flow_is_not_warm_from_candles() -> None:
    """A candle has no aggressor: counted as trades, one live trade after them would be a signal of full confidence."""
    strategy = placed(order_flow=OrderFlow(min_trades=5, ask=0.1, act=0.2))
    market = followed(strategy)
    for i in range(50):
        strategy.on_candle(Candle(ETH, T0 + i * MINUTE, MINUTE, 100, 100, 100, 100 + i, 5), market)
    later = T0 + 50 * MINUTE
    assert step(strategy, market, Trade(ETH, 1, 200, 10, False, later, later)) is None


def test_a_cross_warmed_up_on_candles_is_the_cross_of_the_same_bars_made_of_trades() -> None:
    """The last candle of history counts as a bar, and so does the one that is still being made."""
    closes = [100_000 - 50 * i for i in range(12)] + [100_300, 101_000, 102_000]
    strategy = placed(sma_cross=SmaCross(fast=2, slow=5))
    warm, live = (followed(strategy) for _ in range(2))
    start = T0 // MINUTE * MINUTE
    said = []
    for i, close in enumerate(closes):
        at = start + i * MINUTE
        if i < 12:
            strategy.on_candle(Candle(ETH, at, MINUTE, close, close, close, close, 5), warm)
        made = Trade(ETH, i, close, 5, False, at, at)
        said.append([step(strategy, market, made) for market in ((warm, live) if i >= 12 else (live,))])
    states = [market.minds[strategy.state].tolist() for market in (warm, live)]
    assert states[0] == states[1]
    assert [signal.side for signals in said for signal in signals[:1] if signal] == [Side.BUY]
    assert said[-1][0] == said[-1][1]


def test_a_cross_says_which_average_crossed_which() -> None:
    strategy = placed(sma_cross=SmaCross(fast=2, slow=3, bar_s=30))
    market = followed(strategy)
    told = {}
    for market.minds[strategy.said] in (0.5, -0.5):
        told[strategy.signal(market).side] = strategy.signal(market).reasons
    assert told == {
        Side.BUY: ("the 2-bar average rose above the 3-bar average (30 s bars)",),
        Side.SELL: ("the 2-bar average fell below the 3-bar average (30 s bars)",),
    }


@pytest.mark.parametrize(("symbols", "follows"), [((), True), (("ETHUSDT",), True), (("BTCUSDT",), False)])
def test_a_strategy_follows_all_symbols_or_those_that_it_names(symbols: tuple[str, ...], follows: bool) -> None:
    assert placed(sma_cross=SmaCross(symbols=symbols)).follows(ETH) is follows
    assert HeadlineStrategy(Headlines(symbols=symbols)).follows(ETH) is follows


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"strategies": {"sma_cross": {"fast": 20, "slow": 20}}}, "fast = 20 must be smaller than slow = 20"),
        ({"strategies": {"order_flow": {"ask": 0.9, "act": 0.5}}}, "ask = 0.9 is above act = 0.5"),
        ({"limits": {"max_order_pct": 0.0}}, "max_order_pct"),
        ({"limits": {"max_order_pct": 100.1}}, "max_order_pct"),
        ({"limits": {"collar": 2.0}}, "unknown field `collar`"),
        ({"mode": "yolo"}, "yolo"),
    ],
)
def test_settings_out_of_bounds_are_refused_by_name(settings: dict, words: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(msgspec.ValidationError, match=words.replace("(", r"\(")):
        msgspec.convert(settings, TradingConfig)


# ---------------------------------------------------------------- questions that are remembered


def question(i: int) -> Proposal:
    signal = Signal(SignalId(f"s{i}"), "x", ETH, Side.BUY, 0.6, 100, 90, 120, 1, (), T0)
    return Proposal(f"p{i}", signal, "technical", 5, T0 + S)


def test_only_the_last_decided_questions_are_kept_and_no_open_one_is_forgotten() -> None:
    proposals = Proposals()
    for i in range(205):
        proposals.add(made := question(i))
        made.state = "dismissed" if i < 100 else "open"
    assert [p.proposal_id for p in proposals][:2] == ["p5", "p6"]
    assert len(proposals.open()) == 105
    assert proposals.due(T0 + S) == proposals.open()
    for i in range(205, 500):
        proposals.add(question(i))
    assert proposals.get("p100") is not None


def test_a_fingerprint_changes_with_what_is_proposed() -> None:
    one = question(1)
    other = Proposal("p1", one.signal, "technical", 6, one.expires_ns)
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == question(1).fingerprint
