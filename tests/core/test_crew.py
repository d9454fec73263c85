"""The crew: who steps where, what turning on and off does, what new thresholds reach, and where exits lie."""

from __future__ import annotations

import msgspec
import pytest
from core_builders import BTC, ETH, T0, S, instrument

from engine.core.config import OrderFlow, Strategies, TradingConfig
from engine.core.kernels.bars import ATR, BARS
from engine.core.kernels.market import FOLLOWED
from engine.core.market import Market
from engine.core.strategies.technical.breakout import Breakout
from engine.core.strategies.technical.composite import Composite
from engine.core.strategies.technical.crew import Crew
from engine.core.strategies.technical.momentum import Momentum
from engine.core.strategies.technical.stepping import after_trade
from engine.core.types import Candle, Side, Trade

MINUTE = 60 * S
START = T0 // MINUTE * MINUTE


def stepping(crew: Crew, market: Market) -> set[str]:
    return {placed.name for placed in crew if market.numbers[FOLLOWED] & placed.bit}


def test_only_those_step_that_are_on_and_look_at_the_symbol() -> None:
    crew = Crew(Strategies(order_flow=OrderFlow(symbols=("BTCUSDT",))))
    eth, btc = Market(instrument(ETH), crew.size), Market(instrument(BTC), crew.size)
    for market in (eth, btc):
        crew.follow(market, {"sma_cross", "order_flow"}.__contains__)
    assert stepping(crew, eth) == {"sma_cross"}
    assert stepping(crew, btc) == {"sma_cross", "order_flow"}


def test_the_composite_has_those_step_that_it_weighs() -> None:
    crew = Crew(Strategies(composite=Composite(order_flow=0.0, reversion=0.0, book_pressure=0.0)))
    market = Market(instrument(), crew.size)
    crew.follow(market, "composite".__eq__)
    assert stepping(crew, market) == {"composite", "sma_cross", "momentum", "breakout"}


def test_a_strategy_turned_on_is_as_warm_as_the_candles_there_and_one_turned_off_is_forgotten() -> None:
    crew = Crew(Strategies())
    market, momentum = Market(instrument(), crew.size), crew["momentum"]
    for i in range(30):
        market.on_candle(Candle(ETH, START + i * MINUTE, MINUTE, 100, 101 + i % 3, 99, 100, 5))
    crew.follow(market, "momentum".__eq__)
    assert market.minds[momentum.state][BARS] == 29.0
    assert market.minds[momentum.state][ATR] > 0.0
    crew.follow(market, "sma_cross".__eq__)
    assert stepping(crew, market) == {"sma_cross"}
    market.minds[momentum.state] = 7.0
    crew.follow(market, "momentum".__eq__)
    assert market.minds[momentum.state][BARS] == 29.0


def test_a_strategy_that_goes_on_keeps_its_state() -> None:
    crew = Crew(Strategies())
    market, flow = Market(instrument(), crew.size), crew["order_flow"]
    for names in ({"order_flow"}, {"order_flow", "momentum"}):
        crew.follow(market, names.__contains__)
        market.on_trade(Trade(ETH, 1, 100, 5, False, START, START))
        after_trade(market.numbers)
    assert market.minds[flow.state][5] == 2.0


def test_new_thresholds_reach_the_kernel() -> None:
    crew = Crew(Strategies())
    market, flow = Market(instrument(), crew.size), crew["order_flow"]
    crew.follow(market, "order_flow".__eq__)
    flow.config = msgspec.structs.replace(flow.config, ask=0.11, act=0.22)
    crew.follow(market, "order_flow".__eq__)
    assert market.minds[flow.params].tolist()[-2:] == [0.11, 0.22]


@pytest.mark.parametrize(("reach", "below", "above"), [(100, 375, 750), (300, 600, 1_200), (5_000, 1_500, 3_000)])
def test_exits_in_average_true_ranges_stay_between_a_quarter_and_all_of_the_percentages(
    reach: int, below: int, above: int
) -> None:
    """2 and 4 ranges; of a price of 100,000 the percentages, 1.5 and 3, are 1,500 and 3,000."""
    crew = Crew(Strategies(breakout=Breakout()))
    market, breakout = Market(instrument(), crew.size), crew["breakout"]
    crew.follow(market, "breakout".__eq__)
    market.on_trade(Trade(ETH, 1, 100_000, 5, False, START, START))
    market.minds[breakout.state][ATR], market.minds[breakout.said] = reach, 0.7
    signal = breakout.signal(market)
    assert (signal.side, signal.stop_ticks, signal.target_ticks) == (Side.BUY, 100_000 - below, 100_000 + above)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"momentum": {"lookback": 60, "long": 60}}, "lookback = 60 must be smaller than long = 60"),
        ({"composite": dict.fromkeys(Composite.__struct_fields__[-6:], 0.0)}, "every weight is 0"),
        ({"breakout": {"channel": 1}}, "channel"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object], words: str) -> None:
    merged = msgspec.to_builtins(TradingConfig())
    for name, values in settings.items():
        merged["strategies"][name] |= values
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(merged, TradingConfig)


def test_reasons_have_the_numbers() -> None:
    crew = Crew(Strategies(momentum=Momentum()))
    market, momentum = Market(instrument(), crew.size), crew["momentum"]
    crew.follow(market, "momentum".__eq__)
    market.on_trade(Trade(ETH, 1, 100_000, 5, False, START, START))
    from engine.core.kernels.momentum import RATIO, Z

    market.minds[momentum.said] = 0.7
    market.minds[momentum.state][[Z, RATIO]] = 2.34, 3.0
    assert momentum.reasons(momentum.signal(market), market) == (
        "the price rose far in 10 bars on much volume (60 s bars)",
        "move +2.3 standard deviations, volume 3.0 times the usual",
    )
