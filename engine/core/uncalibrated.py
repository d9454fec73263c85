"""Says at the start whose scores mean something known (C22), and with real money who can't act without it."""

from __future__ import annotations

from engine.core.calibration import CIRCLES, Calibrations
from engine.core.records import Audited
from engine.core.strategies.arbitrage import ArbitrageStrategy
from engine.core.trading import Trading


def tell_calibrations(trading: Trading, calibrations: Calibrations) -> None:
    """Write down whose scores are calibrated; on a live account, tell whose are not."""
    is_live = trading.account == "live"
    if not is_live and calibrations.is_empty:
        return
    told = "; ".join(f"{name} {calibrations.summary(name)}" for name in calibrations.fingerprints)
    trading.write(Audited("engine", "start", "calibration", "", told, trading.now_ns))
    asking = [name for name in calibrations.fingerprints if name in calibrations.uncalibrated and _is_on(trading, name)]
    if is_live and asking:
        words = f"{', '.join(asking)}: uncalibrated, so with real money they ask and never buy by themselves."
        trading.notice("warning", "UNCALIBRATED", f"{words} `trader calibrate` measures scores.")


def _is_on(trading: Trading, name: str) -> bool:
    """Say whether signals of that kind come: circles are a kind of arbitrage, where three symbols are named."""
    if name == CIRCLES:
        return bool(trading.config.strategies.arbitrage.circle) and trading.modes.is_on(ArbitrageStrategy.name)
    return trading.modes.is_on(name)
