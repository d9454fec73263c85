"""What people see of the controls: limits with how much of each is used and who changed it, what bars, and the rest."""

from __future__ import annotations

from collections.abc import Iterator

from engine.core.instrument import money_words
from engine.core.limits import ACCOUNT, KINDS, Scope
from engine.core.trading import Trading
from engine.core.types import Symbol
from engine.wire.safeguard_views import ControlView, LimitView, LockView, RiskView


def risk(trading: Trading, controls: tuple[ControlView, ...]) -> RiskView:
    """Show the gate and the breakers as they stand: the account's limits, those of symbols and strategies, the rest."""
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
    return RiskView((*_of_account(trading), *_own(trading)), tripped, (*cooling, *locked), controls)


def _of_account(trading: Trading) -> Iterator[LimitView]:
    used = _used_of_account(trading)
    for name in KINDS:
        value = trading.limits.value(ACCOUNT, name)
        if value is not None:
            yield _view(trading, ACCOUNT, name, value, used.get(name, ""))


def _own(trading: Trading) -> Iterator[LimitView]:
    for scope, name in trading.limits.own():
        value, used = trading.limits.value(scope, name), ""
        if scope.kind == "symbol" and name == "max_position_pct" and scope.name in trading.markets:
            used = money_words(trading.facts(Symbol(scope.name)).symbol_exposure_e8)
        if value is not None:
            yield _view(trading, scope, name, value, used)


def _view(trading: Trading, scope: Scope, name: str, value: float, used: str) -> LimitView:
    kind, change = KINDS[name], trading.limits.changes.get((scope, name))
    limit = f"{value:g} {kind.unit}"
    if kind.unit == "% of equity":
        equity_e8 = int(trading.equity_e8() * value / 100.0)
        limit = f"{value:g} % = {money_words(equity_e8)} {trading.config.quote_asset}"
    changed = ""
    if change is not None:
        in_file = trading.limits.of_file(scope, name)
        kept = "nothing" if in_file is None else f"{in_file:g}"
        changed = f"{change.by}: {change.reason} (trader.toml: {kept})"
    return LimitView(kind.code, name, limit, used, "" if scope == ACCOUNT else str(scope), changed)


def _used_of_account(trading: Trading) -> dict[str, str]:
    everywhere = [trading.facts(symbol) for symbol in trading.markets]
    equity_e8, bars = trading.equity_e8(), trading.bars
    return {
        "max_position_pct": money_words(max((facts.symbol_exposure_e8 for facts in everywhere), default=0)),
        "max_gross_pct": money_words(everywhere[0].gross_exposure_e8 if everywhere else 0),
        "orders_per_s": str(everywhere[0].orders_last_s if everywhere else 0),
        "daily_loss_pct": _loss(bars.day_e8, equity_e8),
        "drawdown_pct": _loss(bars.peak_e8, equity_e8),
    }


def _loss(from_e8: int, equity_e8: int) -> str:
    return f"{max(100.0 * (from_e8 - equity_e8) / from_e8, 0.0):.2f} %" if from_e8 > 0 else ""
