"""The limits, how much of each is used, who changed it, what has tripped and what is locked; the other controls."""

from __future__ import annotations

from typing import Final

from bot.render.blocks import Block, Message, clip, context, escape, header, message, section
from bot.render.say import names
from engine.wire.figures import plural, span
from engine.wire.safeguard_views import ControlView, LimitView, LockView, RiskView

_MOST_ROWS: Final = 12
"""Lines of one section, whose text may have 3,000 characters."""
_MOST: Final = 60
_MOST_CONTROLS: Final = 24
_LINE: Final = 230
_MOST_BARS: Final = 10
_USED: Final = {
    "max_position_pct": "largest position",
    "max_gross_pct": "all positions",
    "orders_per_s": "order rate",
    "daily_loss_pct": "lost today",
    "drawdown_pct": "below the peak",
}


def limits(view: RiskView) -> Message:
    """Show what bars entries first, then every limit, then the controls that have none."""
    barred, found = bars(view), len(view.tripped) + len(view.locks)
    changed = sum(1 for row in view.limits if row.changed)
    text = f"{plural(len(view.limits), 'limit')}, {changed} changed while running, "
    text += f"{plural(found, 'bar')} on entries" if barred else "nothing bars entries"
    rows = [_row(row) for row in view.limits[:_MOST]] + [_control(row) for row in view.controls[:_MOST_CONTROLS]]
    blocks: list[Block] = [header("Limits")]
    if barred:
        blocks.append(section("\n".join(barred)))
    blocks += [section("\n".join(rows[at : at + _MOST_ROWS])) for at in range(0, len(rows), _MOST_ROWS)]
    more = len(view.limits) + len(view.controls) - len(rows) + found - len(barred)
    hidden = f"{more} more: `trader risk` lists all. " if more > 0 else ""
    change = "An admin changes one with `/risk set NAME VALUE because REASON`, and takes it back with `/risk unset`."
    return message(text, [*blocks, context(hidden + change)])


def bars(view: RiskView) -> list[str]:
    """Say line by line what bars entries now: breakers that have tripped, symbols that are locked."""
    return [*map(_tripped, view.tripped), *map(_locked, view.locks)][:_MOST_BARS]


def used(view: RiskView) -> list[str]:
    """Say line by line how much of the account's limits is used, where something can be used up."""
    rows = [row for row in view.limits if row.used and not row.scope]
    return [f"• {_USED.get(row.name, row.name)}: {escape(row.used)} of {_bound(row)}" for row in rows[:_MOST_BARS]]


def _bound(row: LimitView) -> str:
    """Write a limit in the unit of ``used``: of ``5 % = 5,000.56 USDT`` the amount, of ``2 % of the peak`` the 2 %."""
    return escape(row.limit.rpartition(" = ")[2].partition(" of ")[0])


def _row(row: LimitView) -> str:
    scope = f" of the {row.scope}" if row.scope else ""
    used = f" · {row.used} used" if row.used else ""
    changed = f" · :pencil2: {row.changed}" if row.changed else ""
    shown = clip(f"`{escape(row.code)}` {escape(f'{row.name}{scope}')}: *{escape(row.limit)}*", _LINE // 2)
    return shown + names(clip(used + changed, _LINE // 2))


def _control(row: ControlView) -> str:
    return clip(f"`{escape(row.code)}` {escape(row.name)}: {escape(row.state)}", _LINE)


def _tripped(words: str) -> str:
    return f":rotating_light: *{names(clip(words, _LINE))}* · an admin resets it with `/risk reset REASON`"


def _locked(lock: LockView) -> str:
    return f":lock: *{escape(lock.symbol)}* for {span(lock.left_s)}: {names(clip(lock.why, _LINE))}"
