"""What people ask for: each command becomes an action through the same gate as a strategy's, and one reply.

A command id that was seen before gets the reply that it got then, and nothing happens a second time. Only a click
that was refused may be tried again: its id is that of the button, and the proposal itself sees to it that it is taken
once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, Final

from engine.core import queries, risk_view
from engine.core.actions import Cancel
from engine.core.amounts import Unclear, buy_lots, distance, exit_plan, sell_lots
from engine.core.asked import asked
from engine.core.breakers import Breakers
from engine.core.instrument import exit_levels, moved_levels
from engine.core.kill import KillSwitch
from engine.core.limit_changes import LimitChanges
from engine.core.plan import plan_of
from engine.core.proposal_records import decided
from engine.core.proposals import Proposal
from engine.core.queries import Identity, Roster
from engine.core.records import Answered, Declined
from engine.core.trading import Trading
from engine.core.types import ApprovedOrder, Mode, OrderRequest, Refusal, Side, Signal, Symbol
from engine.core.views import order_view, proposal_view
from engine.wire import commands, events
from engine.wire.commands import AnyCommand, Reply, Who
from engine.wire.views import HealthView, OrderView, StatusView

_ANSWERS_KEPT: Final = 10_000
_LONGEST_LOCK_S: Final = 30 * 86_400.0
_QUESTIONS: Final = (
    commands.GetStatus,
    commands.GetPositions,
    commands.GetOrders,
    commands.GetRisk,
    commands.GetSnapshot,
)


class People:
    """The commands, one method each."""

    def __init__(self, trading: Trading, roster: Roster, identity: Identity) -> None:
        self._trading = trading
        self._roster = roster
        self._identity = identity
        self._answers: dict[str, Reply] = {}
        self.kill = KillSwitch(trading)
        self.breakers = Breakers(trading)
        self.limits = LimitChanges(trading, self._symbol)
        self.outside_health: Sequence[HealthView] = ()
        self._acts: dict[type, Callable[[Any], Reply]] = {
            commands.Buy: self._buy,
            commands.Sell: self._sell,
            commands.Close: self._close,
            commands.CancelOrder: self._cancel,
            commands.SetMode: self._set_mode,
            commands.Halt: self._halt,
            commands.Resume: self._resume,
            commands.Decide: self._decide,
            commands.Kill: self._kill,
            commands.ResetKill: self.kill.on_reset,
            commands.ResetBreakers: self._reset_breakers,
            commands.LockSymbol: self._lock,
            commands.SetLimit: self.limits.on_set,
            commands.Acknowledge: self._acknowledge,
        }

    def answer(self, command: AnyCommand) -> Reply:
        """Carry out a command, or repeat the answer that its id got before."""
        if isinstance(command, _QUESTIONS):
            return self._look_up(command)
        if (before := self._answers.get(command.id)) is not None:
            return before
        trading = self._trading
        trading.write(asked(command, trading.now_ns))
        try:
            reply = self._acts[type(command)](command)
        except Unclear as unclear:
            reply = Reply(command.id, False, unclear.code, str(unclear))
        if reply.ok or not isinstance(command, commands.Decide):
            self.remember(reply)
            trading.write(Answered(reply.command_id, reply.ok, reply.code, reply.text, trading.now_ns))
        else:
            trading.write(Declined(reply.command_id, reply.code, reply.text, trading.now_ns))
        return reply

    def status(self) -> StatusView:
        """Return what ``/status`` shows."""
        return queries.status(self._trading, self._roster, self._identity, self.outside_health)

    def remember(self, reply: Reply) -> None:
        """Keep a reply for the case that its command comes again."""
        self._answers[reply.command_id] = reply
        if len(self._answers) > _ANSWERS_KEPT:
            del self._answers[next(iter(self._answers))]

    def _look_up(self, question: AnyCommand) -> Reply:
        trading = self._trading
        result: commands.Result
        if isinstance(question, commands.GetPositions):
            result = queries.positions(trading)
        elif isinstance(question, commands.GetOrders):
            result = queries.orders(trading)
        elif isinstance(question, commands.GetRisk):
            result = risk_view.risk(trading)
        elif isinstance(question, commands.GetSnapshot):
            result = queries.snapshot(trading, self._roster, self._identity, self.outside_health)
        else:
            result = self.status()
        return Reply(question.id, True, "OK", "", result)

    def _buy(self, command: commands.Buy) -> Reply:
        symbol, limits = self._symbol(command.symbol), self._trading.config.limits
        stop_pct = distance("stop", command.stop_pct, limits.default_stop_pct, 99.0)
        target_pct = distance("target", command.target_pct, limits.default_target_pct, 1000.0)
        exits = exit_plan(command.exits, self._trading.config.by_hand, target_pct)
        facts = self._trading.facts(symbol)
        lots = buy_lots(command.amount, facts, self._trading.gate)
        stop, target = exit_levels(facts.ask_ticks, stop_pct, target_pct if exits.target else 0.0)
        cause, plan = f"command:{command.id}", plan_of(exits)
        return self._order(command, self._trading.entry(symbol, cause, _by(command.who), lots, stop, target, plan))

    def _sell(self, command: commands.Sell) -> Reply:
        symbol = self._symbol(command.symbol)
        lots = sell_lots(command.amount, self._trading.facts(symbol))
        return self._order(command, self._reduction(command, symbol, lots))

    def _close(self, command: commands.Close) -> Reply:
        if not 0.0 < command.percent <= 100.0:
            raise Unclear("BAD_AMOUNT", f"{command.percent:g} % can't be closed: say a number from 1 to 100.")
        if command.symbol.lower() != "all":
            symbol = self._symbol(command.symbol)
            return self._order(command, self._reduction(command, symbol, self._percent_lots(symbol, command.percent)))
        return self._close_all(command)

    def _close_all(self, command: commands.Close) -> Reply:
        held = list(self._trading.portfolio.open)
        if not held:
            raise Unclear("NO_POSITION", "There is no position to close.")
        requests = [self._reduction(command, s, self._percent_lots(s, command.percent), f":{s}") for s in held]
        results = [(request.symbol, self._submit(request)) for request in requests]
        placed = tuple(self._view(result) for _, result in results if isinstance(result, ApprovedOrder))
        refused = [(symbol, result) for symbol, result in results if isinstance(result, Refusal)]
        text = f"Closing {len(placed)} of {len(held)} positions."
        text += "".join(f" Not {symbol}: {refusal}. {refusal.advice}" for symbol, refusal in refused)
        code = "OK" if placed else refused[0][1].code
        return Reply(command.id, bool(placed), code, text, commands.OrderPlaced(placed))

    def _cancel(self, command: commands.CancelOrder) -> Reply:
        working = self._trading.orders.working()
        chosen = [o for o in working if command.client_order_id in ("all", o.approved.client_order_id)]
        protective = [order for order in chosen if order.approved.client_order_id in self._trading.resting]
        chosen = [order for order in chosen if order not in protective]
        if protective and not chosen:
            raise Unclear("PROTECTS", "What is open protects what is held, and would be put back: close the position.")
        if not chosen:
            raise Unclear("NOT_FOUND", "There is no such open order; see /orders for what is open.")
        for order in chosen:
            self._trading.do(Cancel(order.approved.symbol, order.approved.client_order_id))
        return Reply(command.id, True, "OK", f"Asked the venue to cancel {len(chosen)} order(s).")

    def _set_mode(self, command: commands.SetMode) -> Reply:
        strategy = command.strategy or ""
        if strategy and strategy not in self._trading.modes.own:
            known = ", ".join(self._trading.modes.own)
            raise Unclear("NOT_FOUND", f"There is no strategy {strategy!r}; there are {known}.")
        previous = self._trading.set_mode(Mode(command.mode), strategy, _by(command.who))
        what = strategy or "everything"
        capped = ""
        if strategy and self._trading.modes.effective(strategy) != command.mode:
            capped = f" The global mode {self._trading.modes.everything} still caps it."
        return Reply(command.id, True, "OK", f"The mode of {what} is {command.mode} now (it was {previous}).{capped}")

    def _halt(self, command: commands.Halt) -> Reply:
        by = _by(command.who)
        self._trading.halt(by, command.reason or f"halted by {command.who.name}")
        if command.who.door == "watchdog":
            self._trading.notice("critical", "C12_WATCHDOG", command.reason)
        return Reply(command.id, True, "OK", "Trading is halted: no new entries. Closes and exits still work.")

    def _kill(self, command: commands.Kill) -> Reply:
        return self.kill.on_kill(command, self._symbol(command.symbol) if command.symbol else "")

    def _acknowledge(self, command: commands.Acknowledge) -> Reply:
        trading, by = self._trading, _by(command.who)
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
        told = self.breakers.reset(_by(command.who), command.reason.strip())
        armed = "armed" if self._trading.is_armed else "halted: /resume arms it"
        text = f"Reset: {'; '.join(told)}. Losses count from here on. Trading is {armed}."
        return Reply(command.id, True, "OK", text)

    def _lock(self, command: commands.LockSymbol) -> Reply:
        if not 0.0 <= command.seconds <= _LONGEST_LOCK_S:
            raise Unclear("BAD_REQUEST", f"Lock it for a time from 1 s to {_LONGEST_LOCK_S / 86_400:.0f} days.")
        symbol, now_ns = self._symbol(command.symbol), self._trading.now_ns
        until_ns = now_ns + int(command.seconds * 1e9)
        self.breakers.lock(symbol, until_ns, _by(command.who), command.reason.strip())
        if until_ns <= now_ns:
            return Reply(command.id, True, "OK", f"{symbol} is not locked any more.")
        words = f"{symbol} has no entries for {command.seconds / 60:.0f} min" if command.seconds >= 60 else ""
        words = words or f"{symbol} has no entries for {command.seconds:.0f} s"
        return Reply(command.id, True, "OK", f"{words}; closes and exits go on.")

    def _resume(self, command: commands.Resume) -> Reply:
        trading = self._trading
        if trading.latch.is_on:
            raise Unclear("C11_KILLED", trading.latch.advice)
        missing = [f"{h.name}: {h.detail}" for h in queries.health(trading, ()) if not h.is_ok]
        if missing:
            raise Unclear("NOT_READY", f"Not yet, {'; '.join(missing)}. Try again in a few seconds.")
        if trading.account == "live" and command.confirm != "LIVE":
            raise Unclear(
                "C1_LIVE_NOT_CONFIRMED", "This is a live account with real money. Type /resume LIVE to arm it."
            )
        trading.is_live_confirmed = trading.account == "live"
        trading.arm(_by(command.who))
        return Reply(command.id, True, "OK", f"Trading is armed, in mode {trading.modes.everything}.")

    def _decide(self, command: commands.Decide) -> Reply:
        proposal, by = self._open_proposal(command), _by(command.who)
        if command.choice == "dismiss":
            proposal.decided_by, proposal.state = by, "dismissed"
            proposal.outcome = f"dismissed by {command.who.name}"
            self.tell(proposal)
            return Reply(command.id, True, "OK", "Dismissed.", self._taken(proposal, (), None))
        signal = proposal.signal
        if command.choice == "sell":
            request, changes = (
                self._trading.reduction(signal.symbol, _cause(proposal), by, 0),
                ["selling all that is held"],
            )
        elif signal.side is Side.BUY:
            request, changes = self._repriced(proposal, by)
        else:
            raise Unclear("BAD_REQUEST", f"This alert proposes to sell; to buy, type /buy {signal.symbol} AMOUNT.")
        moved = None if command.choice == "sell" else self._moved(signal)
        result = self._trading.refuse(request, moved) if moved else self._submit(request, signal.strategy)
        if isinstance(result, Refusal):
            return Reply(
                command.id, False, result.code, f"{result}. {result.advice}", self._taken(proposal, changes, None)
            )
        proposal.state, proposal.decided_by = ("bought" if command.choice == "buy" else "sold"), by
        proposal.client_order_id = result.client_order_id
        proposal.outcome = f"{command.who.name} clicked {command.choice.capitalize()}; the order is on its way"
        self.tell(proposal)
        changes.append("still inside the gate")
        return Reply(command.id, True, "OK", "; ".join(changes), self._taken(proposal, changes, result))

    def _open_proposal(self, command: commands.Decide) -> Proposal:
        proposal, now_ns = self._trading.proposals.get(command.proposal_id), self._trading.now_ns
        if proposal is None:
            raise Unclear("EXPIRED", "This alert is too old to be known here: nothing was done.")
        if proposal.state == "expired" or (proposal.is_open and now_ns >= proposal.expires_ns):
            raise Unclear("EXPIRED", "This alert has expired, and expiring means no: nothing was done.")
        if not proposal.is_open:
            raise Unclear("ALREADY_DECIDED", f"Already decided: {proposal.outcome}. Nothing more was done.")
        if proposal.fingerprint != command.fingerprint:
            raise Unclear("CHANGED", "What is proposed has changed since this message: look at the newest one.")
        return proposal

    def _repriced(self, proposal: Proposal, by: str) -> tuple[OrderRequest, list[str]]:
        """Word a proposal's entry anew at the present price, its stop and target as far away as they were."""
        signal, trading = proposal.signal, self._trading
        facts = trading.facts(signal.symbol, "", signal.strategy)
        if facts.ask_ticks <= 0:
            return trading.entry(signal.symbol, _cause(proposal), by, 0, 0, 0), []
        move_pct = _move_pct(signal, facts.ask_ticks)
        stop, target = moved_levels(facts.ask_ticks, signal.price_ticks, signal.stop_ticks, signal.target_ticks)
        sizing = self._roster.configs[signal.strategy].sizing
        lots, not_sized = trading.size(sizing, signal.strategy, signal.symbol, facts.ask_ticks, stop)
        if not_sized:
            raise Unclear("NO_SIZE", f"{not_sized}.")
        changes = [f"alert {(trading.now_ns - proposal.opened_ns) / 1e9:.0f} s old", f"price {move_pct:+.2f} %"]
        if proposal.lots and lots != proposal.lots:
            change = 100.0 * (lots / proposal.lots - 1.0)
            changes.append(f"size {'cut' if change < 0 else 'raised'} {abs(change):.1f} %")
        plan = plan_of(self._roster.configs[signal.strategy].exits)
        return trading.entry(signal.symbol, _cause(proposal), by, lots, stop, target, plan), changes

    def _moved(self, signal: Signal) -> Refusal | None:
        """Say whether the price left the collar around what the alert showed; without a price the gate says so."""
        market = self._trading.markets[signal.symbol]
        limit_pct = self._trading.gate.limits_of(signal.symbol, signal.strategy).collar_pct
        move_pct = _move_pct(signal, market.ask_ticks)
        if market.ask_ticks <= 0 or abs(move_pct) <= limit_pct:
            return None
        ref, age_s = market.instrument.price_text(signal.price_ticks), (self._trading.now_ns - signal.ts_ns) / 1e9
        detail = f"limit={limit_pct:.2f}% move={move_pct:+.2f}% ref={ref} age={age_s:.1f}s since the alert"
        return Refusal("C4_PRICE_COLLAR", detail, "Nothing was done: the alert's price is gone.")

    def tell(self, proposal: Proposal) -> None:
        """Write down and publish that a proposal was decided or expired, or what came of it."""
        now_ns, config = self._trading.now_ns, self._roster.configs[proposal.signal.strategy]
        self._trading.write(decided(proposal, now_ns))
        instrument = self._trading.markets[proposal.signal.symbol].instrument
        self._trading.publish(
            lambda: events.ProposalClosed(ts_ns=now_ns, proposal=proposal_view(proposal, config, instrument, ""))
        )

    def _submit(self, request: OrderRequest, strategy: str = "") -> ApprovedOrder | Refusal:
        """Ask for an order; that a person wants it is what lets it leave (C15)."""
        self._trading.last_hop.cause_in(request.cause_id)
        return self._trading.submit(request, strategy)

    def _order(self, command: AnyCommand, request: OrderRequest) -> Reply:
        result = self._submit(request)
        if isinstance(result, Refusal):
            return Reply(command.id, False, result.code, f"{result}. {result.advice}")
        instrument = self._trading.markets[result.symbol].instrument
        verb = "Buying" if result.side is Side.BUY else "Selling"
        text = f"{verb} {instrument.qty_text(result.qty_lots)} {instrument.base_asset}"
        text += f" at the market, {instrument.price_text(result.price_ticks)} {instrument.quote_asset} at the worst."
        return Reply(command.id, True, "OK", text, commands.OrderPlaced((self._view(result),)))

    def _reduction(self, command: AnyCommand, symbol: Symbol, lots: int, part: str = "") -> OrderRequest:
        return self._trading.reduction(symbol, f"command:{command.id}{part}", _by(command.who), lots)

    def _taken(
        self, proposal: Proposal, changes: Sequence[str], result: ApprovedOrder | None
    ) -> commands.ProposalTaken:
        config = self._roster.configs[proposal.signal.strategy]
        instrument = self._trading.markets[proposal.signal.symbol].instrument
        view = proposal_view(proposal, config, instrument, queries.warning(self._trading))
        return commands.ProposalTaken(view, tuple(changes), self._view(result) if result else None)

    def _view(self, approved: ApprovedOrder) -> OrderView:
        order = self._trading.orders.of(approved)
        return order_view(order, self._trading.instrument(order))

    def _symbol(self, text: str) -> Symbol:
        """Find what a person means by ``eth``, ``ETH/USDT`` or ``ETHUSDT`` among what is traded."""
        word = text.upper().replace("/", "").replace("-", "").lstrip("$")
        for candidate in (word, word + self._trading.config.quote_asset):
            if candidate in self._trading.markets:
                return Symbol(candidate)
        known = list(self._trading.markets)
        near = get_close_matches(word, known, n=1, cutoff=0.6)
        hint = f"Did you mean {near[0]}?" if near else f"There is {', '.join(known[:10])}."
        raise Unclear("BAD_SYMBOL", f"{text!r} is not traded here. {hint}")

    def _percent_lots(self, symbol: Symbol, percent: float) -> int:
        held = self._trading.portfolio.position_lots(symbol)
        return 0 if percent == 100.0 or not held else max(int(held * percent / 100.0), 1)


def _by(who: Who) -> str:
    return f"{who.door}:{who.user_id}"


def _move_pct(signal: Signal, ask_ticks: int) -> float:
    return 100.0 * (ask_ticks / signal.price_ticks - 1.0)


def _cause(proposal: Proposal) -> str:
    return f"proposal:{proposal.proposal_id}"
