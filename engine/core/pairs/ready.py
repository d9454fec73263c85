"""What keeps arbitrage from beginning anything new, and from doing so without a person: alike for pairs and circles."""

from __future__ import annotations

from collections.abc import Container

from engine.core.facts import CLOCK_LIMIT_MS
from engine.core.instrument import E8
from engine.core.strategies.arbitrage import ArbitrageStrategy
from engine.core.trading import Trading
from engine.core.types import Mode


def why_not_there(trading: Trading, now_ns: int, name: str = "") -> str:
    """Say what keeps a venue from being traded on now; ``name`` is put before it where there are two."""
    if not trading.is_armed:
        return f"{name + ' is ' if name else ''}halted: {trading.halt_reason}"
    offset_ms, venue = trading.clock_offset_ms, name or "the venue"
    if offset_ms is None or abs(offset_ms) > CLOCK_LIMIT_MS:
        return f"the clock of {venue} is not known to be right"
    if now_ns < trading.silent_until_ns:
        return f"{venue} wants silence"
    return f"{venue}: {trading.bars.gap}" if trading.bars.gap else ""


def may_act(trading: Trading, measured: str, uncalibrated: Container[str], paid_e8: float) -> bool:
    """Say whether something of that price may leave without a person; what would wait for a veto is asked about.

    ``measured``: the name by which its scores are measured.
    """
    if trading.modes.effective(ArbitrageStrategy.name) is not Mode.AUTO:
        return False
    veto_e8 = trading.config.people.veto_quote * E8
    if veto_e8 and paid_e8 > veto_e8:
        return False
    return trading.account != "live" or measured not in uncalibrated
