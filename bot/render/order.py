"""An order in words: what was asked, what became of it, and each fill."""

from __future__ import annotations

from typing import Final

from bot.render.blocks import Block, Message, context, escape, message, section
from bot.render.say import amount, number, price, who
from engine.wire import order_phrases
from engine.wire.order_phrases import FINISHED, has_fill, state_words
from engine.wire.views import OrderView

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
    """Say in one line where the order is."""
    return escape(order_phrases.outcome(order))


def terms(order: OrderView) -> str:
    """Say on what terms an order rests."""
    return escape(order_phrases.terms(order))


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
    text = f"{verb} {escape(order_phrases.deal(order))}{tail}"
    if order.state in FINISHED and order.state != "filled":
        text += f". The rest {state_words(order)}" + (f": {escape(order.reason)}" if order.reason else "")
    return text
