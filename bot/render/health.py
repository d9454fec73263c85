"""Whether all is well: process by process, part by part."""

from __future__ import annotations

from collections.abc import Mapping

from bot.render.blocks import Message, clip, context, escape, header, message, section
from engine.wire.figures import plural
from engine.wire.safeguard_views import AlarmView
from engine.wire.views import HealthView

_DETAIL = 200


def health(processes: Mapping[str, tuple[HealthView, ...]], alarms: tuple[AlarmView, ...] = ()) -> Message:
    """Show the parts of each process, what is ill first, and the alarms that nobody has acknowledged."""
    ill = [part for parts in processes.values() for part in parts if not part.is_ok]
    line = "All is well" if not ill and not alarms else f"NOT WELL: {plural(len(ill), 'part')} ill"
    line += f", {plural(len(alarms), 'alarm')} open" if alarms else ""
    named = [(name, "\n".join(map(_line, parts))) for name, parts in processes.items() if parts]
    shown = [section(f"*{escape(name)}*\n{lines}") for name, lines in named]
    if alarms:
        shown.append(section("*Alarms*\n" + "\n".join(f":rotating_light: `{escape(a.code)}`" for a in alarms)))
    small = context("The same in a terminal, with the exchange and how far the ledger is: `trader health all`.")
    return message(line, [header(line), *shown, small])


def _line(part: HealthView) -> str:
    sign = ":white_check_mark: ok" if part.is_ok else ":x: *NOT ok*"
    return f"{sign}: {escape(part.name)} – {escape(clip(part.detail, _DETAIL))}"
