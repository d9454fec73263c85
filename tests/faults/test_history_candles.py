"""Candles from before the start are fetched in the background, page by page, from the exchange's own REST interface."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from fault_bench import ANN, new_id, trading
from moving_market import EXCHANGE_EXITS, SYMBOL, HandTape, install

from engine.core.market import CANDLE_NS
from engine.venues.paper.tape.events import Kline
from engine.wire.answers import CandlesView
from engine.wire.questions import GetCandles

MINUTE_MS = 60_000
MINUTES = 2_345
"""More than two pages of 999."""
FINISHED = MINUTES - 2
"""The venue's last row and the engine's own last candle may still grow."""
E8 = 10**8
BEGIN_MS = 1_000 * 86_400_000


def past(tape: HandTape, symbol: str) -> Sequence[Kline]:
    """Return one candle a minute up to the tape's first trade, each a cent above the one before."""
    return [
        Kline(BEGIN_MS + i * MINUTE_MS, MINUTE_MS, *[1000 * E8 + i * E8 // 100] * 4, E8, 1000 * E8, 1, 0, 0)
        for i in range(MINUTES)
    ]


async def test_the_days_before_the_start_can_be_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it arrives, in order, without a gap or a double where two pages meet."""
    install(monkeypatch)
    monkeypatch.setattr(HandTape, "history", past)
    monkeypatch.setattr("engine.history.PAUSE_S", 0.0)
    async with trading(tmp_path, EXCHANGE_EXITS) as it:
        ring = it.trading.past.candles(SYMBOL)
        await it.until(lambda: len(ring.rows()) >= FINISHED)
        opened = ring.rows()[:FINISHED, 0]
        assert (np.diff(opened) == CANDLE_NS).all()
        assert opened[0] == BEGIN_MS * 1_000_000
        reply = await it.ask(GetCandles(id=new_id(), who=ANN, symbol="eth", bar="1h", most=1_000))
        assert isinstance(reply.result, CandlesView)
        assert len(reply.result.candles) >= MINUTES // 60
