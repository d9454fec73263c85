"""How large an entry is before the gate's limits: by risk, fixed, by equity, by volatility, or by a strategy's record.

Every way rounds down, is clamped by what the gate would let through at most, and refuses to guess: where what it
rests on is missing (candles, a record) it says so in words instead of a size.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import NamedTuple

from engine.core.config import Sizing
from engine.core.facts import Facts
from engine.core.instrument import E8
from engine.core.portfolio import RoundTrip
from engine.core.risk import Gate
from engine.core.volatility import true_range_ticks


class Sized(NamedTuple):
    """A size in lots, or why there is none; 0 lots without a reason leaves it to the gate, which sizes by risk."""

    lots: int
    why_not: str = ""


class Record(NamedTuple):
    """What became of a strategy's closed trades: how many won, and the mean win and loss in percent of the cost."""

    trades: int
    won: int
    win_pct: float
    loss_pct: float

    def kelly(self) -> float:
        """Return the fraction of equity that would have grown fastest, ``w - (1 - w) / b``; below 0: don't bet.

        w is the share of trades won, b the mean win over the mean loss. Source: J. L. Kelly, "A New Interpretation of
        Information Rate", 1956. Without a loss so far nothing can be said, and it is 0: the record is too short.
        """
        if not self.trades or self.loss_pct <= 0.0 or self.win_pct <= 0.0:
            return 0.0
        share = self.won / self.trades
        return share - (1.0 - share) * self.loss_pct / self.win_pct


NO_RECORD = Record(0, 0, 0.0, 0.0)


def record_of(strategy: str, closed: Iterable[RoundTrip]) -> Record:
    """Sum up the closed trades that a strategy opened; what cost nothing is passed over."""
    origin = f"strategy:{strategy}"
    parts = [
        100.0 * (trip.proceeds_e8 - trip.cost_e8) / trip.cost_e8
        for trip in closed
        if trip.origin == origin and trip.cost_e8 > 0
    ]
    wins, losses = [part for part in parts if part > 0.0], [-part for part in parts if part <= 0.0]
    return Record(len(parts), len(wins), _mean(wins), _mean(losses))


def size_entry(sizing: Sizing, entry_ticks: int, facts: Facts, gate: Gate, record: Record) -> Sized:
    """Size an entry at a price in ticks the way that ``sizing`` says, and never larger than the gate allows."""
    if sizing.method == "risk" or entry_ticks <= 0:
        return Sized(0)
    if sizing.method == "volatility":
        return _by_volatility(sizing, facts, gate)
    if sizing.method == "kelly" and record.trades < sizing.kelly_trades:
        return Sized(0)
    if sizing.method == "fixed":
        quote_e8 = int(sizing.fixed_quote * E8)
    else:
        part_pct = sizing.percent if sizing.method == "percent" else _kelly_pct(sizing, record)
        quote_e8 = int(facts.equity_e8 * part_pct / 100.0)
    if quote_e8 <= 0:
        return Sized(0, f"SIZE: its own record of {record.trades} trades says not to bet")
    return _clamped(facts.instrument.lots_for_quote(quote_e8, entry_ticks), facts, gate)


def _by_volatility(sizing: Sizing, facts: Facts, gate: Gate) -> Sized:
    """Lose ``risk_per_trade_pct`` of equity where the price falls by ``atr_multiple`` average true ranges."""
    fall_ticks = ceil(true_range_ticks(facts.market, sizing.atr_bars) * sizing.atr_multiple)
    if fall_ticks <= 0:
        return Sized(0, f"SIZE: {sizing.atr_bars + 1} finished candles that move are needed for the true range")
    risk_e8 = int(facts.equity_e8 * gate.limits_of(facts.instrument.symbol, facts.strategy).risk_per_trade_pct / 100.0)
    return _clamped(facts.instrument.lots_for_quote(risk_e8, fall_ticks), facts, gate)


def _kelly_pct(sizing: Sizing, record: Record) -> float:
    return max(min(100.0 * record.kelly() * sizing.kelly_part, sizing.kelly_most_pct), 0.0)  # a record may say -inf


def _clamped(lots: int, facts: Facts, gate: Gate) -> Sized:
    allowed = min(lots, gate.largest_lots(facts))
    return (
        Sized(allowed) if allowed > 0 else Sized(0, "SIZE: the limits, or the amount itself, leave less than one lot")
    )


def _mean(parts: list[float]) -> float:
    return sum(parts) / len(parts) if parts else 0.0
