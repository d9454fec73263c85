"""What Slack and a terminal say of an order in the same words: its terms, where it is, what was traded."""

from __future__ import annotations

from typing import Final

from engine.wire.figures import amount, is_some, money, price
from engine.wire.views import OrderView

FINISHED: Final = frozenset({"filled", "canceled", "rejected", "expired"})
_STATES: Final = {
    "in_flight": "sent",
    "working": "working at the exchange",
    "partially_filled": "partly filled",
    "filled": "filled",
    "canceled": "cancelled",
    "rejected": "rejected by the exchange",
    "expired": "expired",
    "unknown": "outcome unknown, asking the exchange",
}


def state_words(order: OrderView) -> str:
    """Word an order's state."""
    return _STATES.get(order.state, order.state)


def outcome(order: OrderView) -> str:
    """Say in one line where the order is: ``filled 0.0932 ETH at 2,682.51 = 250.01 USDT, fee 0.25 USDT``."""
    state = state_words(order)
    if not has_fill(order):
        return f"{state}: {order.reason}" if order.reason else state
    if order.state == "filled":
        return f"filled {deal(order)}"
    rest = f"; the rest {state}" if order.state in FINISHED else ""
    return f"partly filled, {deal(order)}, of {amount(order.qty, order.base_asset)}{rest}"


def terms(order: OrderView) -> str:
    """Say on what terms an order rests: ``at 1.1059 or better``, of a stop ``at 1.0422, then 1.0214 or better``.

    Empty once it is finished, and for one that has none.
    """
    if order.state in FINISHED:
        return ""
    limit = f"{price(order.limit_price)} or better" if order.limit_price else "the market"
    if order.stop_price:
        return f"at {price(order.stop_price)}, then {limit}"
    return f"at {limit}" if order.limit_price else ""


def deal(order: OrderView) -> str:
    """Say what was traded so far: ``0.0932 ETH at 2,682.51 = 250.01 USDT, fee 0.25 USDT``."""
    size = amount(order.filled_qty, order.base_asset)
    fee = f", fee {_fee(order)}" if order.fee else ""
    return f"{size} at {price(order.avg_price)} = {money(order.filled_quote, order.quote_asset)}{fee}"


def has_fill(order: OrderView) -> bool:
    """Tell whether anything was filled."""
    return is_some(order.filled_qty)


def _fee(order: OrderView) -> str:
    """Write the fee with its asset: cents of the quote asset where it comes to one, else without idle zeros."""
    fee, _, asset = order.fee.partition(" ")
    is_cents = asset == order.quote_asset and money(fee) != "0.00"
    return money(fee, asset) if is_cents else amount(fee, asset)
