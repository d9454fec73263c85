"""What people ask for: each command becomes an action through the same gate as a strategy's, and one reply.

A command id that was seen before gets the reply that it got then, and nothing happens a second time. Only a click
that was refused may be tried again: its id is that of the button, and what was clicked on sees to it that it is taken
once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from engine.core import controls, queries, risk_view
from engine.core.actions import Cancel
from engine.core.adoption import Adoption
from engine.core.amounts import Unclear, refused
from engine.core.asked import asked
from engine.core.authority import origin_of
from engine.core.breakers import Breakers
from engine.core.by_hand import Hand
from engine.core.dead_man import DEAF, DeadMan
from engine.core.drills import Drills
from engine.core.kill import KillSwitch
from engine.core.limit_changes import LimitChanges
from engine.core.lookups import Lookups
from engine.core.mutes import Mutes
from engine.core.orders import Order
from engine.core.parameters import Parameters
from engine.core.queries import Identity, Roster
from engine.core.records import Answered, Declined
from engine.core.trading import Trading
from engine.core.types import ApprovedOrder, Mode, OrderRequest, Refusal, Symbol
from engine.core.watches import Watches
from engine.wire import commands, replies
from engine.wire.commands import AnyCommand
from engine.wire.drill import StartDrill
from engine.wire.mutes import EndMute, SetMute
from engine.wire.pairs import ClosePair
from engine.wire.questions import SetParameter, Unwatch, Watch
from engine.wire.replies import Reply
from engine.wire.views import HealthView, StatusView

_ANSWERS_KEPT: Final = 10_000
_SHORTEST_ID: Final = 6
_LONGEST_LOCK_S: Final = 30 * 86_400.0
_QUESTIONS: Final = (
    commands.GetStatus,
    commands.GetPositions,
    commands.GetOrders,
    commands.GetRisk,
    commands.GetSnapshot,
)
_MAY_BE_TRIED_AGAIN: Final = (commands.Decide, commands.Confirm, commands.Approve, commands.TurnAway)
"""What was refused of these changed nothing; what is decided sees to it that it is done once."""


class People:
    """The commands, one method each."""

    def __init__(self, trading: Trading, roster: Roster, identity: Identity) -> None:
        self._trading = trading
        self.roster = roster
        self._identity = identity
        self._answers: dict[str, Reply] = {}
        self.hand = Hand(trading, roster)
        self.kill = KillSwitch(trading)
        self.breakers = Breakers(trading)
        self.dead_man = DeadMan(trading)
        self.parameters = Parameters(trading, roster)
        self.watches = Watches(trading)
        self.mutes = Mutes(trading)
        self.drills = Drills(trading)
        self.lookups = Lookups(trading, roster, self.parameters, self.watches, self.mutes, self.hand.missed)
        self.limits = LimitChanges(trading, self.hand.wishes.symbol)
        self.adoption = Adoption(trading)
        self.outside_health: Sequence[HealthView] = ()
        self._acts: dict[type, Callable[[Any], Reply]] = {
            commands.Buy: self.hand.on_typed,
            commands.Sell: self.hand.on_typed,
            commands.Confirm: self.hand.on_confirm,
            commands.Approve: self.hand.on_approve,
            commands.TurnAway: _turned_away,
            commands.SetQuiet: lambda asked: Reply(asked.id, True, "OK", "Written down."),
            commands.Close: self._close,
            commands.CancelOrder: self._cancel,
            commands.SetMode: self._set_mode,
            commands.Halt: self._halt,
            commands.Resume: self._resume,
            commands.Decide: self.hand.on_decide,
            commands.Kill: self._kill,
            commands.ResetKill: self.kill.on_reset,
            commands.ResetBreakers: self._reset_breakers,
            commands.LockSymbol: self._lock,
            SetParameter: self.parameters.on_set,
            StartDrill: self.drills.on_start,
            ClosePair: self.hand.on_close_pair,
            Watch: self.watches.on_watch,
            Unwatch: self.watches.on_unwatch,
            SetMute: self.mutes.on_set,
            EndMute: self.mutes.on_end,
            commands.SetLimit: self.limits.on_set,
            commands.Acknowledge: self._acknowledge,
            commands.Reconcile: self.adoption.on_reconcile,
            commands.DecideForeign: self.adoption.on_decide,
            commands.AcceptBalance: lambda asked: self.adoption.on_accept(asked, self.hand.wishes.symbol(asked.symbol)),
        }

    def answer(self, command: AnyCommand) -> Reply:
        """Carry out a command, or repeat the answer that its id got before."""
        self.dead_man.on_command(command)
        if isinstance(command, commands.Preview):
            return self._preview(command)
        if isinstance(command, _QUESTIONS):
            return self._look_up(command)
        if isinstance(command, commands.Reach):
            return self.dead_man.on_reach(command)
        if (look_up := self.lookups.answers.get(type(command))) is not None:
            try:
                return Reply(command.id, True, "OK", "", look_up(command))
            except Unclear as unclear:
                return refused(command.id, unclear)
        if (before := self._answers.get(command.id)) is not None:
            return before
        trading = self._trading
        trading.write(asked(command, trading.now_ns))
        try:
            self.hand.authority.check(command)
            reply = self._acts[type(command)](command)
        except Unclear as unclear:
            reply = refused(command.id, unclear)
        if reply.ok or not isinstance(command, _MAY_BE_TRIED_AGAIN):
            self.remember(reply)
            trading.write(Answered(reply.command_id, reply.ok, reply.code, reply.text, trading.now_ns))
        else:
            trading.write(Declined(reply.command_id, reply.code, reply.text, trading.now_ns))
        return reply

    def status(self) -> StatusView:
        """Return what ``/status`` shows."""
        status = queries.status(self._trading, self.roster, self._identity, self.outside_health)
        return msgspec.structs.replace(status, people=self.hand.authority.views())

    def remember(self, reply: Reply) -> None:
        """Keep a reply for the case that its command comes again."""
        self._answers[reply.command_id] = reply
        if len(self._answers) > _ANSWERS_KEPT:
            del self._answers[next(iter(self._answers))]

    def answers(self) -> list[Reply]:
        """Return the replies that are kept, oldest first."""
        return list(self._answers.values())

    def _preview(self, question: commands.Preview) -> Reply:
        """Say what an order would be; of one that was given already, because it came twice, what became of it."""
        if (before := self._answers.get(question.order.id)) is not None:
            return msgspec.structs.replace(before, command_id=question.id)
        return self.hand.on_preview(question)

    def _look_up(self, question: AnyCommand) -> Reply:
        trading = self._trading
        result: replies.Result
        if isinstance(question, commands.GetPositions):
            result = queries.positions(trading)
        elif isinstance(question, commands.GetOrders):
            result = queries.orders(trading)
        elif isinstance(question, commands.GetRisk):
            shown = controls.controls(trading, self._identity, self.dead_man, self.outside_health)
            result = risk_view.risk(trading, shown)
        elif isinstance(question, commands.GetSnapshot):
            snapshot = queries.snapshot(trading, self.roster, self._identity, self.outside_health)
            waiting, mutes = self.hand.approvals.views(), self.mutes.view().mutes
            result = msgspec.structs.replace(snapshot, status=self.status(), approvals=waiting, mutes=mutes)
        else:
            result = self.status()
        return Reply(question.id, True, "OK", "", result)

    def _close(self, command: commands.Close) -> Reply:
        if not 0.0 < command.percent <= 100.0:
            raise Unclear("BAD_AMOUNT", f"{command.percent:g} % can't be closed: say a number from 1 to 100.")
        if command.symbol.lower() != "all":
            symbol = self.hand.wishes.symbol(command.symbol)
            request = self._reduction(command, symbol, self._percent_lots(symbol, command.percent))
            return self.hand.placed(command.id, self.hand.submit(request))
        return self._close_all(command)

    def _close_all(self, command: commands.Close) -> Reply:
        held = list(self._trading.portfolio.open)
        if not held:
            raise Unclear("NO_POSITION", "There is no position to close.")
        requests = [self._reduction(command, s, self._percent_lots(s, command.percent), f":{s}") for s in held]
        results = [(request.symbol, self.hand.submit(request)) for request in requests]
        sold = [result for _, result in results if isinstance(result, ApprovedOrder)]
        placed = tuple(view for result in sold for view in self.hand.order_views(result))
        refused = [(symbol, result) for symbol, result in results if isinstance(result, Refusal)]
        text = f"Closing {len(sold)} of {len(held)} positions."
        text += "".join(f" Not {symbol}: {refusal}. {refusal.advice}" for symbol, refusal in refused)
        code = "OK" if placed else refused[0][1].code
        return Reply(command.id, bool(placed), code, text, replies.OrderPlaced(placed))

    def _cancel(self, command: commands.CancelOrder) -> Reply:
        chosen = self._meant(command.client_order_id)
        protective = [order for order in chosen if order.approved.client_order_id in self._trading.resting]
        chosen = [order for order in chosen if order not in protective]
        if protective and not chosen:
            raise Unclear("PROTECTS", "What is open protects what is held, and would be put back: close the position.")
        if not chosen:
            raise Unclear("NOT_FOUND", "There is no such open order; see /orders for what is open.")
        for order in chosen:
            self._trading.do(Cancel(order.approved.symbol, order.approved.client_order_id))
        orders = "1 order" if len(chosen) == 1 else f"{len(chosen)} orders"
        return Reply(command.id, True, "OK", f"Asked the exchange to cancel {orders}.")

    def _meant(self, word: str) -> list[Order]:
        """Return the open orders that a word names: all, one by its id or how that begins, or those of a symbol."""
        working = self._trading.orders.working()
        exact = [order for order in working if word in ("all", order.approved.client_order_id)]
        begun = [o for o in working if len(word) >= _SHORTEST_ID and o.approved.client_order_id.startswith(word)]
        if exact or len(begun) == 1:
            return exact or begun
        if begun:
            names = tuple(order.approved.client_order_id for order in begun[:5])
            raise Unclear("BAD_REQUEST", f"{word!r} fits {len(begun)} orders: say more of it.", (word, names))
        try:
            symbol = self.hand.wishes.symbol(word)
        except Unclear:
            return []
        return [order for order in working if order.approved.symbol == symbol]

    def _set_mode(self, command: commands.SetMode) -> Reply:
        strategy = command.strategy or ""
        if strategy and strategy not in self._trading.modes.own:
            known = ", ".join(self._trading.modes.own)
            raise Unclear("NOT_FOUND", f"There is no strategy {strategy!r}; there are {known}.")
        if command.mode == "auto" and (why := self.dead_man.why_deaf()):
            raise Unclear(DEAF, f"{why}. Mend that first, or let it ask: /auto ask.")
        previous = self._trading.set_mode(Mode(command.mode), strategy, origin_of(command.who))
        what = strategy or "everything"
        capped = ""
        if strategy and self._trading.modes.effective(strategy) != command.mode:
            capped = f" The global mode {self._trading.modes.everything} still caps it."
        return Reply(command.id, True, "OK", f"The mode of {what} is {command.mode} now (it was {previous}).{capped}")

    def _halt(self, command: commands.Halt) -> Reply:
        by = origin_of(command.who)
        self._trading.halt(by, command.reason or f"halted by {command.who.name}")
        if command.who.door == "watchdog":
            self._trading.notice("critical", "C12_WATCHDOG", command.reason)
        return Reply(command.id, True, "OK", "Trading is halted: no new entries. Closes and exits still work.")

    def _kill(self, command: commands.Kill) -> Reply:
        return self.kill.on_kill(command, self.hand.wishes.symbol(command.symbol) if command.symbol else "")

    def _acknowledge(self, command: commands.Acknowledge) -> Reply:
        trading, by = self._trading, origin_of(command.who)
        done = trading.alarms.acknowledge(command.alarm, by, trading.now_ns)
        if done:
            return Reply(command.id, True, "OK", f"Acknowledged: {', '.join(alarm.code for alarm in done)}.")
        before = trading.alarms.get(command.alarm)
        if before is not None:
            raise Unclear("ALREADY_DECIDED", f"{before.acknowledged_by} has acknowledged this alarm already.")
        raise Unclear("NOT_FOUND", "No such alarm is open.")

    def _reset_breakers(self, command: commands.ResetBreakers) -> Reply:
        if not self._trading.bars.tripped:
            raise Unclear("NOT_FOUND", "No breaker has tripped: there is nothing to reset.")
        if not command.reason.strip():
            raise Unclear("BAD_REQUEST", "Say why they may be reset: risk reset REASON.")
        told = self.breakers.reset(origin_of(command.who), command.reason.strip())
        armed = "armed" if self._trading.is_armed else "halted: /resume arms it"
        text = f"Reset: {'; '.join(told)}. Losses count from here on. Trading is {armed}."
        return Reply(command.id, True, "OK", text)

    def _lock(self, command: commands.LockSymbol) -> Reply:
        if not 0.0 <= command.seconds <= _LONGEST_LOCK_S:
            raise Unclear("BAD_REQUEST", f"Lock it for a time from 1 s to {_LONGEST_LOCK_S / 86_400:.0f} days.")
        symbol, now_ns = self.hand.wishes.symbol(command.symbol), self._trading.now_ns
        until_ns = now_ns + int(command.seconds * 1e9)
        self.breakers.lock(symbol, until_ns, origin_of(command.who), command.reason.strip())
        if until_ns <= now_ns:
            return Reply(command.id, True, "OK", f"{symbol} is not locked any more.")
        words = f"{symbol} has no entries for {command.seconds / 60:.0f} min" if command.seconds >= 60 else ""
        words = words or f"{symbol} has no entries for {command.seconds:.0f} s"
        return Reply(command.id, True, "OK", f"{words}; closes and exits go on.")

    def _resume(self, command: commands.Resume) -> Reply:
        trading = self._trading
        if trading.latch.is_on:
            raise Unclear("C11_KILLED", trading.latch.advice)
        outside = [health for health in self.outside_health if health.name == "journal"]
        missing = [f"{h.name}: {h.detail}" for h in queries.health(trading, outside) if not h.is_ok]
        if missing:
            raise Unclear("NOT_READY", f"Not yet, {'; '.join(missing)}. Try again in a few seconds.")
        if trading.account == "live" and command.confirm != "LIVE":
            raise Unclear(
                "C1_LIVE_NOT_CONFIRMED", "This is a live account with real money. Type /resume LIVE to arm it."
            )
        trading.is_live_confirmed = trading.account == "live"
        trading.arm(origin_of(command.who))
        return Reply(command.id, True, "OK", f"Trading is armed, in mode {trading.modes.everything}.")

    def _reduction(self, command: AnyCommand, symbol: Symbol, lots: int, part: str = "") -> OrderRequest:
        return self._trading.reduction(symbol, f"command:{command.id}{part}", origin_of(command.who), lots)

    def _percent_lots(self, symbol: Symbol, percent: float) -> int:
        held = self._trading.portfolio.position_lots(symbol)
        return 0 if percent == 100.0 or not held else max(int(held * percent / 100.0), 1)


def _turned_away(command: commands.TurnAway) -> Reply:
    """Answer with the refusal that somebody got at a door: the journal has both from here on."""
    return Reply(command.id, False, "TURNED_AWAY", command.why)
