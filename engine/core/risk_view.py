"""What people see of the limits: each with how much of it is used, what has tripped, and what is locked."""

from __future__ import annotations

from collections.abc import Iterator

from engine.core.instrument import scaled_text
from engine.core.trading import Trading
from engine.wire.views import LimitView, LockView, RiskView


def risk(trading: Trading) -> RiskView:
    """Show the gate and the breakers as they stand."""
    now_ns, bars = trading.now_ns, trading.bars
    cooling = [
        LockView(symbol, (until_ns - now_ns) / 1e9, "C9_COOL_DOWN: after a loss")
        for symbol, until_ns in bars.cooling.items()
        if until_ns > now_ns
    ]
    locked = [
        LockView(symbol, (lock.until_ns - now_ns) / 1e9, f"C9_LOCKED: {lock.by} {lock.reason}".rstrip())
        for symbol, lock in bars.locks.items()
        if lock.until_ns > now_ns
    ]
    tripped = tuple(f"{code}: {detail}" for code, detail in bars.tripped.items())
    return RiskView(tuple(_limits(trading)), tripped, (*cooling, *locked))


def _limits(trading: Trading) -> Iterator[LimitView]:
    limits, breakers = trading.config.limits, trading.config.breakers
    exposures = {symbol: trading.facts(symbol) for symbol in trading.markets}
    equity_e8 = trading.equity_e8()
    largest_e8 = max((facts.symbol_exposure_e8 for facts in exposures.values()), default=0)
    gross_e8 = next((facts.gross_exposure_e8 for facts in exposures.values()), 0)
    rate = next((facts.orders_last_s for facts in exposures.values()), 0)
    yield LimitView("C2", "max_order_pct", _of(limits.max_order_pct, equity_e8, trading), "")
    yield LimitView("C3", "max_position_pct", _of(limits.max_position_pct, equity_e8, trading), _money(largest_e8))
    yield LimitView("C3", "max_gross_pct", _of(limits.max_gross_pct, equity_e8, trading), _money(gross_e8))
    yield LimitView("C4", "collar_pct", f"{limits.collar_pct:g} %", "")
    yield LimitView("C5", "stale_s", f"{limits.stale_s:g} s", "")
    yield LimitView("C6", "repeats", f"{limits.repeats} alike in {limits.repeat_window_s:g} s", "")
    yield LimitView("C7", "orders_per_s", f"{limits.orders_per_s} /s", str(rate))
    yield LimitView("C9", "daily_loss_pct", f"{breakers.daily_loss_pct:g} %", _loss(trading.bars.day_e8, equity_e8))
    yield LimitView("C9", "drawdown_pct", f"{breakers.drawdown_pct:g} %", _loss(trading.bars.peak_e8, equity_e8))
    yield LimitView("C9", "losses", f"{breakers.losses} in a row", "")
    yield LimitView("C9", "cooldown_s", f"{breakers.cooldown_s:g} s", "")
    yield LimitView("C10", "min_stop_pct", f"{limits.min_stop_pct:g} %", "")


def _of(pct: float, equity_e8: int, trading: Trading) -> str:
    return f"{pct:g} % = {_money(int(equity_e8 * pct / 100.0))} {trading.config.quote_asset}"


def _money(value_e8: int) -> str:
    return scaled_text(value_e8, 2)


def _loss(from_e8: int, equity_e8: int) -> str:
    return f"{max(100.0 * (from_e8 - equity_e8) / from_e8, 0.0):.2f} %" if from_e8 > 0 else ""
