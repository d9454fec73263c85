"""The kill switch: the question before it is thrown, and the report of what it did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bot.render.blocks import Block, Message, actions, button, context, escape, message, section
from bot.render.say import names, who
from engine.wire.phrases import killed
from engine.wire.safeguard_views import KillSymbolView, KillView
from engine.wire.words import KillWords

KILL: Final = "kill_now"


def question(words: KillWords, traded: Iterable[str] = ()) -> Message:
    """Say what the button is going to do, for the one who asked, who is warned of a symbol that is not traded."""
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
            *_doubt(words.symbol, tuple(traded)),
            actions("kill", [button(KILL, label, value, f"{label}: halt, cancel, and hold", "danger")]),
        ],
    )


def _doubt(named: str, traded: tuple[str, ...]) -> list[Block]:
    """Warn of a word that no symbol begins with: what was meant may be everything."""
    plain = named.upper().lstrip("$").replace("/", "").replace("-", "").replace("_", "")
    if not plain or not traded or any(symbol.startswith(plain) for symbol in traded):
        return []
    known = ", ".join(map(escape, traded))
    return [section(f":warning: *{escape(named)}* is not traded here, {known} is. `/kill` alone stops everything.")]


def report(view: KillView) -> Message:
    """Say what was cancelled and sold, what is left and why, symbol by symbol."""
    state = "confirmed by the exchange" if view.is_done else "not confirmed yet, and gone on with"
    line = f"Kill by {who(view.by)}: {state}"
    sign = ":white_check_mark:" if view.is_done else ":rotating_light:"
    lines = "\n".join(map(_symbol, view.symbols)) or "There was nothing open and nothing held."
    small = context(f"{names(view.reason)} · an admin resets it with `/kill reset REASON`, then `/resume` arms")
    return message(line, [section(f"{sign} *{line}*\n{lines}"), small])


def _symbol(line: KillSymbolView) -> str:
    why = f": {escape(line.why)}" if line.why else ""
    return f"• *{escape(line.symbol)}* {escape(' · '.join(killed(line)))}{why}"
