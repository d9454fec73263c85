"""An order by hand before it leaves: what it would be, what the gate says, and the button that gives it."""

from __future__ import annotations

from typing import Final

import msgspec

from bot.render.blocks import Block, Message, actions, button, context, escape, fields, header, message, section
from bot.render.say import amount, money, names, price
from bot.render.trade import level
from engine.wire.commands import ByHand, Shown
from engine.wire.figures import span
from engine.wire.hand_views import PreviewView
from engine.wire.phrases import expected_fill

CONFIRM: Final = "confirm_order"
CANCEL: Final = "cancel_preview"


class Ticket(msgspec.Struct, frozen=True):
    """What a confirmation carries: the order, exactly what was shown of it, and the fingerprint over both."""

    order: ByHand
    shown: Shown
    fingerprint: str

    def __str__(self) -> str:
        return msgspec.json.encode(self).decode()

    @classmethod
    def read(cls, text: str) -> Ticket:
        """Read a button's value; raises msgspec.MsgspecError for anything else."""
        return msgspec.json.decode(text, type=cls)

    @classmethod
    def of(cls, order: ByHand, view: PreviewView) -> Ticket:
        """Make the ticket of an order that is shown so."""
        return cls(order, Shown(view.qty, view.price, view.ts_ns), view.fingerprint)


def preview(view: PreviewView, order: ByHand) -> Message:
    """Show an order with Confirm and Cancel, or why the gate would refuse it, without."""
    deal = f"{view.side} {amount(view.qty, view.base_asset)} for {money(view.notional_quote, view.quote_asset)}"
    if view.code != "OK":
        line = f"Nothing was done. The gate would refuse to {deal}: {escape(view.detail)}"
        return message(f"{line} ({view.code})", [header(f"Not possible: {view.side} {view.symbol}"), *facts(view)])
    life = span((view.ts_expires_ns - view.ts_ns) / 1e9)
    ask = [
        button(CONFIRM, f"Confirm: {view.side}", str(Ticket.of(order, view)), f"Confirm: {deal}", "primary"),
        button(CANCEL, "Cancel", view.symbol, "Cancel: nothing is ordered"),
    ]
    loss = f", worst loss {money(view.worst_loss_quote, view.quote_asset)}" if view.worst_loss_quote else ""
    text = f"Preview: {deal} at {price(_entry(view))}{loss}. Nothing was ordered yet; confirm within {life}."
    terms = f"Only you see this, and only you may confirm it, within {life}. Price, size and limits are checked again."
    return message(
        text,
        [header(f"{view.side.capitalize()} {view.symbol}?"), *facts(view), actions("preview", ask), context(terms)],
    )


def ended(text: str) -> Message:
    """Say in the preview's place what became of it."""
    return message(text, [context(escape(text))])


def facts(view: PreviewView) -> list[Block]:
    """Show size, price, cost and risk, and below it what the gate says, in words and not by a sign alone."""
    quote = view.quote_asset
    size = f"{amount(view.qty, view.base_asset)} for {money(view.notional_quote, quote)}"
    table = fields(
        [
            ("Size", size),
            ("Price now", _price_now(view)),
            ("Expected fill", escape(expected_fill(view))),
            ("Fee", f"about {money(view.fee_quote, quote)}"),
            ("Stop", level(view.stop_price, _entry(view))),
            ("Target", level(view.target_price, _entry(view))),
            ("Exits", escape(view.plan)),
            ("Worst loss", money(view.worst_loss_quote, quote) if view.worst_loss_quote else ""),
        ]
    )
    small = "Worst loss: bought at the limit, sold at the stop, both fees; a gap through the stop loses more."
    what_else = [section(escape(view.note))] if view.note else []
    return [table, *what_else, section(_verdict(view)), *([context(small)] if view.worst_loss_quote else [])]


def _entry(view: PreviewView) -> str:
    return view.limit_price if view.is_resting else view.price


def _price_now(view: PreviewView) -> str:
    if not view.limit_price:
        return ""
    bound = "it waits at" if view.is_resting else "at most" if view.side == "buy" else "at least"
    return f"{price(view.price)}, {bound} {price(view.limit_price)}"


def _verdict(view: PreviewView) -> str:
    if view.code != "OK":
        numbers = f"`{escape(view.code)}` {names(view.detail)}"
        advice = f"{escape(view.advice)}\n" if view.advice else ""
        return f":no_entry: *The gate says no.* {advice}{numbers}".rstrip()
    second = " It then waits for a second person." if view.needs_second else ""
    return f":white_check_mark: *The gate says yes*, as of now.{second}"
