"""An alarm: what is critical, with a button for whoever takes care of it; repeated until somebody does."""

from __future__ import annotations

from typing import Final

from bot.render.blocks import Block, Message, actions, button, clip, confirm, context, escape, message, section
from bot.render.say import who
from engine.wire.figures import clock, plural, span
from engine.wire.safeguard_views import AlarmView

ACKNOWLEDGE: Final = "acknowledge"
CLOSE_PAIR: Final = "close_pair"
_IN_TEXT: Final = 500


def alarm(view: AlarmView, mentions: tuple[str, ...] = (), reminder: int = 0, *, is_latest: bool = True) -> Message:
    """Show an alarm as it is now; ``mentions`` are the user ids of those who are called.

    ``reminder`` counts the repetitions, 0 for the first message. Only the latest message has the button.
    """
    last = escape(clip(view.texts[-1], _IN_TEXT)) if view.texts else escape(view.code)
    if view.acknowledged_by:
        after = span((view.ts_acknowledged_ns - view.ts_raised_ns) / 1e9)
        line = f"{who(view.acknowledged_by)} has acknowledged this after {after}"
        shown = f":ballot_box_with_check: *Critical, acknowledged:* {last}\n{line}."
        return message(f"Acknowledged: {last} {line}.", [section(shown), *_older(view), _small(view)])
    called = " ".join(f"<@{escape(user)}>" for user in mentions)
    again = f"Reminder {reminder}, nobody has acknowledged it: " if reminder else ""
    head = f":rotating_light: *{again}Critical* {last}\n{called}".strip()
    text = f"{again}Critical: {last} {called}".strip()
    return message(text, [section(head), *_older(view), *(_buttons(view) if is_latest else []), _small(view)])


def _buttons(view: AlarmView) -> list[Block]:
    label = f"Acknowledge {view.code}: it is repeated no more"
    shown = [button(ACKNOWLEDGE, "Acknowledge", view.alarm_id, label, "primary")]
    if view.closing_loss:
        shown.append(_close(view))
    row = actions(f"alarm:{view.alarm_id}", shown)
    return [row, context("Repeated here, and by the second channel where one is set, until somebody acknowledges it.")]


def _close(view: AlarmView) -> Block:
    """Offer to close a pair; the button carries what the person has seen it cost."""
    label, loss = f"Close now at market (est. loss {view.closing_loss})", view.closing_loss.partition(" ")[0]
    terms = f"That loses some {view.closing_loss}, and at most a quarter more: else nothing is done."
    sure = confirm("Close the pair now?", terms, "Close it")
    return button(CLOSE_PAIR, label, f"{view.subject}|{loss}", label, "danger", sure)


def _older(view: AlarmView) -> list[Block]:
    lines = "\n".join(f"• {escape(text)}" for text in view.texts[:-1])
    return [section(f"*Before that*\n{lines}")] if lines else []


def _small(view: AlarmView) -> Block:
    times = f" · said {plural(view.times, 'time')}" if view.times > 1 else ""
    return context(f"`{escape(view.code)}` · since {clock(view.ts_raised_ns)}{times}")
