"""The kill switch: the question before it is thrown, and the report of what it did."""

from __future__ import annotations

from typing import Final

from bot.render.blocks import Message, actions, button, context, escape, message, section
from bot.render.say import amount, money, names, plural, who
from engine.wire.views import KillSymbolView, KillView
from engine.wire.words import KillWords

KILL: Final = "kill_now"


def question(words: KillWords) -> Message:
    """Say what the button is going to do, for the one who asked."""
    what = f"every open entry order of {escape(words.symbol)}" if words.symbol else "every open entry order"
    held = f"what is held of {escape(words.symbol)}" if words.symbol else "all that is held"
    then = f"sells {held}, in slices" if words.flatten else f"leaves {held}, and what protects it"
    line = f"Kill trading? It halts at once, cancels {what}, and {then}"
    value = " ".join(["flatten"] * words.flatten + [words.symbol] * bool(words.symbol)) or "all"
    label = "Kill and sell" if words.flatten else "Kill"
    return message(
        line,
        [
            section(f":octagonal_sign: *{line}.* It holds until an admin types `/kill reset REASON`."),
            actions("kill", [button(KILL, label, value, f"{label}: halt, cancel, and hold", "danger")]),
        ],
    )


def report(view: KillView) -> Message:
    """Say what was cancelled and sold, what is left and why, symbol by symbol."""
    state = "confirmed by the exchange" if view.is_done else "not confirmed yet, and gone on with"
    line = f"Kill by {who(view.by)}: {state}"
    sign = ":white_check_mark:" if view.is_done else ":rotating_light:"
    lines = "\n".join(map(_symbol, view.symbols)) or "There was nothing open and nothing held."
    small = context(f"{names(view.reason)} · an admin resets it with `/kill reset REASON`, then `/resume` arms")
    return message(line, [section(f"{sign} *{line}*\n{lines}"), small])


def _symbol(line: KillSymbolView) -> str:
    parts = [f"{plural(line.cancelled, 'order')} cancelled"]
    if line.filled:
        parts.append(f"{line.filled} filled before")
    if line.still_open:
        parts.append(f"*{line.still_open} still open*")
    if line.sold_qty.strip("0."):
        sold = amount(line.sold_qty, line.base_asset)
        parts.append(f"sold {sold} for {money(line.sold_quote, line.quote_asset)}")
    parts.append(f"{amount(line.held_qty, line.base_asset)} held" if line.held_qty.strip("0.") else "nothing held")
    if line.resting_sales:
        parts.append(f"{plural(line.resting_sales, 'protective sale')} left at the exchange")
    why = f": {escape(line.why)}" if line.why else ""
    return f"• *{escape(line.symbol)}* {' · '.join(parts)}{why}"
