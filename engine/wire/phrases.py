"""What Slack and a terminal say of a view in the same words."""

from __future__ import annotations

from typing import Final

from engine.wire.answers import StrategyDetail
from engine.wire.figures import amount, gain, in_r, is_some, money, percent, plural, price
from engine.wire.hand_views import PreviewView
from engine.wire.safeguard_views import KillSymbolView
from engine.wire.views import StrategyView, TradeView

PERIODS: Final = {
    "today": "today (UTC)",
    "day": "the last 24 hours",
    "week": "the last 7 days",
    "month": "the last 30 days",
    "all": "in all",
}
_STOPS: Final = {"trailing_stop": "trailing stop", "break_even": "break-even stop"}


def bands(ask: float, act: float) -> str:
    """Say from which confidence on a person is asked, and from which it acts by itself."""
    return f"asks from {ask:.2f}, acts from {act:.2f}"


def tally(strategy: StrategyView) -> str:
    """Count what became of a strategy's signals."""
    if not strategy.signals:
        return "no signal yet"
    counts = f"{strategy.ignored} ignored, {strategy.asked} asked, {strategy.acted} acted"
    return f"{plural(strategy.signals, 'signal')}: {counts}"


def parameters(detail: StrategyDetail) -> str:
    """List a strategy's numbers; one that was changed has its default beside it."""
    return ", ".join(
        f"{it.name} {it.value}" + (f" (default {it.default})" if it.value != it.default else "")
        for it in detail.parameters
    )


def made(trade: TradeView, r_multiple: float | None = None) -> str:
    """Say what a trade made: ``+1.13 USDT (+0.45 %, +0.42 R)``, R where it is known; of an open one, what was sold."""
    shares = ", ".join([percent(trade.pnl_pct), *([] if r_multiple is None else [in_r(r_multiple)])])
    is_part = trade.is_open and trade.realised_quote
    part = f", {gain(trade.realised_quote, trade.quote_asset)} of it realised" if is_part else ""
    return f"{gain(trade.pnl_quote, trade.quote_asset)} ({shares}){part}"


def stop_name(trade: TradeView) -> str:
    """Name what kind of stop it is: ``stop``, ``trailing stop`` or ``break-even stop``."""
    return _STOPS.get(trade.stop_kind, "stop")


def expected_fill(view: PreviewView) -> str:
    """Say at what price the visible book would fill an order; empty where the gate refuses and that is not known."""
    if view.is_resting:
        return "it rests at its limit: it may fill late, in part, or never"
    if not view.avg_price:
        return "the visible book can't say" if view.code == "OK" else ""
    part = "" if view.book_part >= 1.0 else f"; the visible book holds {100 * view.book_part:.0f} % of it"
    return f"{price(view.avg_price)} on average, {percent(view.slippage_pct)} slippage{part}"


def killed(line: KillSymbolView) -> list[str]:
    """Say what a kill did in a symbol and what is left there, each a part of a line; what matters most in capitals."""
    parts = [f"{plural(line.cancelled, 'order')} cancelled"]
    if line.filled:
        parts.append(f"{line.filled} filled before")
    if line.still_open:
        parts.append(f"{line.still_open} STILL OPEN")
    if is_some(line.sold_qty):
        parts.append(f"sold {amount(line.sold_qty, line.base_asset)} for {money(line.sold_quote, line.quote_asset)}")
    parts.append(f"{amount(line.held_qty, line.base_asset)} held" if is_some(line.held_qty) else "nothing held")
    if line.resting_sales:
        parts.append(f"{plural(line.resting_sales, 'protective sale')} left at the exchange")
    return parts
