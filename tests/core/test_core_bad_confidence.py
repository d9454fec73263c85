"""A strategy whose confidence is no number from 0 to 1 is turned off, and nobody is asked about what it said."""

from __future__ import annotations

import math

import pytest
from core_builders import ETH, Desk, codes, config, sent, told

from engine.core.types import BUY, SELL, Mode, Side, Signal, as_signal_id
from engine.wire import events


def said(confidence: float, side: Side, number: int = 1) -> Signal:
    """What a strategy of somebody's own may say."""
    name = as_signal_id(f"order_flow:{number}")
    exits = (196_000, 210_000) if side is BUY else (0, 0)
    return Signal(name, "order_flow", ETH, side, confidence, 200_000, *exits, 60 * 10**9, ("why",), 1)


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("confidence", [math.nan, math.inf, 7.0, 1.000001, -0.1, -math.inf])
def test_it_neither_trades_nor_asks_and_is_off_from_then_on(confidence: float, side: Side) -> None:
    desk = Desk(config()).ready()
    desk.fill(sent(desk.buy()[1])[0])
    decide = desk.engine.bands.on_signal
    assert "BAD_CONFIDENCE" in decide(said(confidence, side))
    actions = desk.keep(desk.engine.trading.take())
    assert (sent(actions), told(actions, events.ProposalOpened), codes(actions)) == ([], [], ["BAD_CONFIDENCE"])
    assert told(actions, events.ModeChanged)[0].by == "BAD_CONFIDENCE"
    assert desk.engine.trading.modes.own["order_flow"] is Mode.OFF
    decide(said(confidence, side, 2))
    assert codes(desk.engine.trading.take()) == []


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_confidence_of_one_is_acted_on(side: Side) -> None:
    desk = Desk(config()).ready()
    desk.fill(sent(desk.buy()[1])[0])
    assert desk.engine.bands.on_signal(said(1.0, side)).startswith("acted")
