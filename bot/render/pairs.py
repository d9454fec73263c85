"""How arbitrage goes: between two venues, and in circles within one."""

from __future__ import annotations

from bot.render.blocks import Message, context, escape, header, message, section
from bot.render.say import gain, money
from engine.wire.figures import plural
from engine.wire.pairs import PairsView, VenueSideView


def pairs(view: PairsView) -> Message:
    """Show both venues, what keeps new pairs from being tried, and the last pairs."""
    circles = [section("\n".join(map(escape, view.circles)))] if view.circles else []
    if not view.sides:
        alone = section(escape(f"No second venue: {view.bar}."))
        return message("No second venue.", [header("Arbitrage"), *circles, alone])
    made = gain(view.made_quote, view.quote_asset)
    text = f"{plural(view.taken, 'pair')}, {view.mended} with a leg that fell short: {made}"
    sides = "\n".join(_side(side, view.quote_asset) for side in view.sides)
    last = "\n".join(f"• {'*open* ' if pair.is_open else ''}{escape(pair.text)}" for pair in view.pairs)
    return message(
        text,
        [
            header("Arbitrage"),
            section(f"Mode {escape(view.mode)}: {escape(view.bar or 'looking')}"),
            section(sides),
            section(last or "No pair so far."),
            *circles,
            context(text),
        ],
    )


def _side(side: VenueSideView, asset: str) -> str:
    held = ", ".join(side.held) or "nothing to sell"
    state = "armed" if side.is_armed else "halted"
    worth = f"{money(side.equity_quote, asset)}, {money(side.free_quote)} free"
    return f"• *{escape(side.name)}* {state}: {worth}, {escape(held)}"
