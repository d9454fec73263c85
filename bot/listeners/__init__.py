"""What people can do: one file for each command and kind of click, put on the app here."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from slack_bolt.async_app import AsyncApp

from bot.listeners import (
    acknowledge,
    approve,
    auto,
    buy,
    catch_alls,
    chart,
    close,
    close_pair,
    decide,
    drill,
    errors,
    halt,
    health,
    home,
    kill,
    lock,
    mute,
    orders,
    positions,
    preview,
    questions,
    reconcile,
    resume,
    risk,
    sell,
    size,
    status,
)
from bot.listeners.helping import Helper
from bot.render import alarm, alert, approval, foreign, trade
from bot.render import home as home_lines
from bot.render import kill as kill_lines
from bot.render import preview as preview_lines
from bot.render import size as size_modal
from bot.render.help import GO_ON

Listener: TypeAlias = Callable[..., Awaitable[Any]]

COMMANDS: Final[dict[str, Listener]] = {
    "/buy": buy.buy,
    "/sell": sell.sell,
    "/close": close.close,
    "/auto": auto.auto,
    "/positions": positions.positions,
    "/orders": orders.orders,
    "/status": status.status,
    "/balance": questions.ask,
    "/pnl": questions.ask,
    "/digest": questions.ask,
    "/trades": questions.ask,
    "/strategies": questions.ask,
    "/why": questions.ask,
    "/news": questions.ask,
    "/latency": questions.ask,
    "/watch": questions.ask,
    "/cancel": questions.ask,
    "/chart": chart.chart,
    "/halt": halt.halt,
    "/drill": drill.drill,
    "/risk": risk.risk,
    "/lock": lock.lock,
    "/mute": mute.mute,
    "/health": health.health,
    "/missed": questions.ask,
    "/pairs": questions.ask,
    "/kill": kill.kill,
    "/reconcile": reconcile.reconcile,
    "/resume": resume.resume,
}
HELPER: Final = Helper(COMMANDS)
COMMANDS["/help"] = HELPER.explain
ACTIONS: Final[dict[str, Listener]] = {
    alert.BUY: decide.decide,
    alert.SELL: decide.decide,
    alert.DISMISS: decide.decide,
    alert.MUTE: mute.mute_alerts,
    alert.HALT: halt.halt_now,
    alarm.ACKNOWLEDGE: acknowledge.acknowledge,
    alarm.CLOSE_PAIR: close_pair.close_pair,
    size_modal.SIZE: size.open_modal,
    preview_lines.CONFIRM: preview.confirm,
    preview_lines.CANCEL: preview.cancel,
    approval.APPROVE: approve.approve,
    approval.DECLINE: approve.approve,
    kill_lines.KILL: kill.kill_now,
    foreign.ADOPT: reconcile.decide_foreign,
    foreign.IGNORE: reconcile.decide_foreign,
    trade.CLOSE: close.close_position,
    home_lines.CLOSE: home.clicked,
    home_lines.TAKE: home.clicked,
    home_lines.DISMISS: home.clicked,
    home_lines.HALT: home.clicked,
    home_lines.RESUME: home.clicked,
    home_lines.MODE: home.clicked,
    home_lines.KILL: home.clicked,
    home_lines.FLATTEN: home.ask_for_the_word,
}
VIEWS: Final[dict[str, Listener]] = {
    size_modal.ASK: size.check,
    size_modal.GIVE: size.give,
    home_lines.FLATTENED: home.flatten,
}
EVENTS: Final[dict[str, Listener]] = {"app_home_opened": home.opened}
_GO_ON: Final = re.compile(f"^{GO_ON}")
_ANYTHING: Final = re.compile(".*")


def register(app: AsyncApp) -> None:
    """Put every listener on the app; the catch-alls last, because the first that matches is called."""
    for name, listener in COMMANDS.items():
        app.command(name)(listener)
    app.use(HELPER.before)
    app.action(_GO_ON)(HELPER.go_on)
    for action_id, listener in ACTIONS.items():
        app.action(action_id)(listener)
    for callback_id, listener in VIEWS.items():
        app.view(callback_id)(listener)
    for name, listener in EVENTS.items():
        app.event(name)(listener)
    app.command(_ANYTHING)(catch_alls.unknown_command)
    app.action(_ANYTHING)(catch_alls.nothing_to_do)
    app.view(_ANYTHING)(catch_alls.old_modal)
    app.event(_ANYTHING)(catch_alls.nothing_to_do)
    app.error(errors.on_error)
