"""What is not ours on the account: an order that somebody else placed, with Adopt and Ignore; and a comparison."""

from __future__ import annotations

from typing import Final

from bot.render.blocks import Message, actions, button, context, escape, message, section
from bot.render.say import amount, number, price, who
from engine.wire.reconciliation import ComparedView, ForeignOrderView, ReconciliationView

ADOPT: Final = "foreign_adopt"
IGNORE: Final = "foreign_ignore"


def found(order: ForeignOrderView) -> Message:
    """Show an order that somebody else placed: with two buttons while it waits for a word, then what became of it."""
    limit = f" at {price(order.price)} {escape(order.quote_asset)}" if order.price else ""
    what = f"{order.side} {amount(order.qty, order.base_asset)}{limit}"
    line = f"An order that is not ours is open on the account: {what}"
    small = context(f"`{escape(order.client_order_id)}` · {escape(order.symbol)}")
    if order.state != "waiting":
        return message(f"{line}; {_became(order)}", [section(f":ghost: {line}.\n*{_became(order)}.*"), small])
    tail = f"No entries of {escape(order.symbol)} until an admin adopts it, which makes it ours, or ignores it."
    buttons = [
        button(ADOPT, "Adopt", order.client_order_id, "Adopt: it is ours from now on", "primary"),
        button(IGNORE, "Ignore", order.client_order_id, "Ignore: nobody is asked about it again"),
    ]
    return message(line, [section(f":ghost: *{line}.* {tail}"), actions("foreign", buttons), small])


def compared(view: ReconciliationView) -> Message:
    """Say what a comparison with the exchange's account found, symbol by symbol."""
    line = "The account was compared with the exchange's"
    if view.is_moving:
        line += "; an order is under way, so that balances are compared the next time"
    lines = [*map(_symbol, view.symbols), *(f"• found: {escape(words)}" for words in view.findings)]
    sign = ":white_check_mark:" if view.is_reconciled and not any(it.trouble for it in view.symbols) else ":warning:"
    shown = "\n".join(lines) or "Nothing is held and nothing is open."
    return message(line, [section(f"{sign} *{line}.*\n{shown}")])


def _became(order: ForeignOrderView) -> str:
    if order.state == "gone":
        return "it is not open any more"
    return f"{order.state} by {who(order.decided_by)}"


def _symbol(line: ComparedView) -> str:
    held = f"{amount(line.held, line.base_asset)} held, {number(line.position)} of it ours"
    trouble = f"\n    *no entries*: {escape(line.trouble)}" if line.trouble else ""
    return f"• *{escape(line.symbol)}* {held}, {line.open_orders} open of ours, {line.foreign} of others{trouble}"
