"""An order that waits for a second person, and what became of it."""

from __future__ import annotations

from typing import Final

from bot.render.blocks import Message, actions, button, confirm, context, escape, fields, header, message, section
from bot.render.say import amount, money, number, price, sentence, who
from engine.wire.figures import span
from engine.wire.hand_views import ApprovalView

APPROVE: Final = "approve_order"
DECLINE: Final = "decline_order"
_ENDED: Final = {
    "approved": (":white_check_mark:", "Approved"),
    "declined": (":heavy_multiplication_x:", "Declined"),
    "expired": (":hourglass:", "Expired"),
    "overtaken": (":heavy_multiplication_x:", "Overtaken"),
}


def approval(view: ApprovalView) -> Message:
    """Show what waits, with its buttons, or in one line what it became."""
    first = who(view.asked_by)
    deal = f"{view.side} {amount(view.qty, view.base_asset)} for {money(view.notional_quote, view.quote_asset)}"
    if view.state != "waiting":
        sign, word = _ENDED[view.state]
        line = f"{word}: {first} wanted to {deal}. {sentence(view.outcome)}"
        return message(line, [context(f"{sign} {line}"), context(f"`{escape(view.approval_id)}`")])
    life = span((view.ts_expires_ns - view.ts_opened_ns) / 1e9)
    limit = f"above {number(view.limit_quote)} {escape(view.quote_asset)} it takes two people"
    value = f"{view.approval_id}|{view.fingerprint}"
    yes = confirm(f"Approve {view.symbol}?", f"{view.side.capitalize()} {view.qty} {view.base_asset} now.", "Approve")
    buttons = [
        button(APPROVE, "Approve", value, f"Approve: {deal}", "primary", yes | {"style": "primary"}),
        button(DECLINE, "Decline", value, f"Decline: {deal}"),
    ]
    return message(
        f"{first} wants to {deal}: {limit}. Waits {life} for a second person; no answer means no.",
        [
            header(f"A second person for {view.symbol}?"),
            section(f"{first} wants to *{deal}*; {limit}."),
            fields(
                [
                    ("Price then", price(view.price)),
                    ("Worst loss", money(view.worst_loss_quote, view.quote_asset)),
                ]
            ),
            actions(f"approve:{view.approval_id}", buttons),
            context(f"Waits {life} after it was posted; no answer means no. {first} can't be the second person."),
            context(f"Price, size and limits are checked again · `{escape(view.approval_id)}`"),
        ],
    )
