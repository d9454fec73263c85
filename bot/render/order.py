"""An order in words: what was asked, what became of it, and each fill."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from bot.render.blocks import Block, Message, context, escape, message, section
from bot.render.say import amount, money, number, price, who
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
_SIGNS: Final = {
    "in_flight": ":hourglass_flowing_sand:",
    "working": ":hourglass_flowing_sand:",
    "partially_filled": ":hourglass_flowing_sand:",
    "filled": ":white_check_mark:",
    "unknown": ":question:",
}


def headline(order: OrderView, asked: str = "") -> str:
    """Say in one line who wanted what: ``@alice buys ETH for 250 USDT``."""
    verb = "buys" if order.side == "buy" else "sells"
    return f"{who(order.origin)} {verb} {escape(asked) if asked else amount(order.qty, order.base_asset)}"


def outcome(order: OrderView) -> str:
    """Say in one line where the order is: ``filled 0.0932 ETH at 2,682.51 = 250.01 USDT, fee 0.25 USDT``."""
    state = _STATES.get(order.state, escape(order.state))
    if not has_fill(order):
        return f"{state}: {escape(order.reason)}" if order.reason else state
    if order.state == "filled":
        return f"filled {deal(order)}"
    rest = f"; the rest {state}" if order.state in FINISHED else ""
    return f"partly filled, {deal(order)}, of {amount(order.qty, order.base_asset)}{rest}"


def terms(order: OrderView) -> str:
    """Say on what terms an order rests: ``at 1.1059 or better``, of a stop ``at 1.0422, then 1.0214 or better``."""
    limit = f"{price(order.limit_price)} or better" if order.limit_price else "the market"
    if order.stop_price:
        return f"at {price(order.stop_price)}, then {limit}"
    return f"at {limit}" if order.limit_price else ""


def deal(order: OrderView) -> str:
    """Say what was traded so far: ``0.0932 ETH at 2,682.51 = 250.01 USDT, fee 0.25 USDT``."""
    size = amount(order.filled_qty, order.base_asset)
    fee = f", fee {fee_text(order)}" if order.fee else ""
    return f"{size} at {price(order.avg_price)} = {money(order.filled_quote, order.quote_asset)}{fee}"


def has_fill(order: OrderView) -> bool:
    """Tell whether anything was filled."""
    return Decimal(order.filled_qty or "0") > 0


def lines(order: OrderView, asked: str = "") -> list[Block]:
    """Show the order as blocks."""
    return [section(f"*{headline(order, asked)}*\n{sign(order)} {outcome(order)}"), context(small_print(order))]


def sign(order: OrderView) -> str:
    """Choose the sign in front of the outcome, which says the same in words."""
    return _SIGNS.get(order.state, ":white_check_mark:" if has_fill(order) else ":no_entry:")


def small_print(order: OrderView) -> str:
    """Say what kind of order it is, how far it may go, and its id."""
    bound = "at most" if order.side == "buy" else "at least"
    limit = f", {bound} {price(order.limit_price)} {escape(order.quote_asset)}" if order.limit_price else ""
    return f"{order.order_type.lower().replace('_', ' ')} order{limit} · `{escape(order.client_order_id)}`"


def order_message(order: OrderView, asked: str = "") -> Message:
    """Show one person's order, to be edited as it goes on."""
    return message(f"{headline(order, asked)}: {outcome(order)}", lines(order, asked))


def fill_reply(order: OrderView) -> str:
    """Say in the thread what just happened to the order."""
    verb = "Bought" if order.side == "buy" else "Sold"
    if not has_fill(order):
        return f"Order {outcome(order)}"
    tail = "" if order.state in FINISHED else f" ({number(order.filled_qty)} of {number(order.qty)} so far)"
    text = f"{verb} {deal(order)}{tail}"
    if order.state in FINISHED and order.state != "filled":
        text += f". The rest {_STATES[order.state]}" + (f": {escape(order.reason)}" if order.reason else "")
    return text


def fee_text(order: OrderView) -> str:
    """Write the fee with its asset: cents of the quote asset where it comes to one, else without idle zeros."""
    fee, _, asset = order.fee.partition(" ")
    is_cents = asset == order.quote_asset and money(fee) != "0.00"
    return money(fee, asset) if is_cents else amount(fee, asset)
