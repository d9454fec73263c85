"""The three bands of confidence: below *ask* ignored but counted, up to *act* a question, above it an order at once."""

from __future__ import annotations

from collections import deque
from hashlib import blake2b
from typing import Final

from msgspec import structs

from engine.core import queries, risk
from engine.core.instrument import money_text
from engine.core.missed import track_record
from engine.core.orders import Order
from engine.core.people import People
from engine.core.plan import plan_of
from engine.core.proposal_records import decided, proposed
from engine.core.proposals import Proposal
from engine.core.queries import Roster
from engine.core.sizing import Sized
from engine.core.tidings import NewsItem
from engine.core.trading import Trading
from engine.core.types import BUY, SELL, ApprovedOrder, Mode, OrderState, Refusal, Side, Signal
from engine.core.veto import VetoWindow
from engine.core.views import order_view, proposal_view
from engine.wire import events

_ON_ITS_WAY: Final = "the order is on its way"
_ACTED: Final = f"acted: {_ON_ITS_WAY}"
_ROSE: Final = "the confidence rose and the engine acted"
HELD: Final = "waits for a veto"
_AUTO: Final = Mode.AUTO


class Bands:
    """Takes a signal; ignores it, asks people, or acts, as its confidence and the mode say."""

    def __init__(self, trading: Trading, roster: Roster, people: People) -> None:
        self._trading = trading
        self._roster = roster
        self._people = people
        self._origins = {name: f"strategy:{name}" for name in roster.configs}
        self._plans = {name: plan_of(config.exits) for name, config in roster.configs.items()}
        self.veto = VetoWindow(trading, people.hand, self._tell_acted)
        self._acted_ns: dict[tuple[str, str, Side], deque[int]] = {}
        self._only_ask = roster.calibrations.uncalibrated if trading.account == "live" else frozenset[str]()
        """Whose scores mean nothing known: with real money they don't buy by themselves."""

    def on_signal(self, signal: Signal, item: NewsItem | None = None) -> str:
        """Decide about a signal (``item``: the headline behind it); returns what was decided, in words."""
        trading, strategy = self._trading, signal.strategy
        is_act = (
            self._roster.configs[strategy].act <= signal.confidence <= 1.0
            and trading.modes.effective(strategy) is _AUTO
            and trading.is_armed
            and not signal.is_question
            and not trading.bars.gap
            and (signal.side is SELL or strategy not in self._only_ask)
        )
        if is_act and signal.side is BUY and (item is None or not trading.proposals.is_known(signal.signal_id)):
            return self._act(signal, item)  # a trade is heard once, so that there is nothing to look up
        if not 0.0 <= signal.confidence <= 1.0:
            self._roster.tallies[strategy].ignored += 1
            return f"ignored: {self._disbelieve(signal)}"
        if why := self._why_ignored(signal, item, is_act):
            tally = self._roster.tallies[strategy]
            tally.ignored, tally.last = tally.ignored + 1, signal
            return f"ignored: {why}"
        return self._act(signal, item) if is_act else self._ask(signal, item)

    def on_order_ended(self, order: Order) -> None:
        """Tell on the proposal's message what became of its order."""
        proposal = self._trading.proposals.of_client_order(order.approved.client_order_id)
        if proposal is None:
            return
        proposal.outcome = self._outcome(proposal, order)
        if proposal.state == "acted":
            self._tell_acted(proposal, order)
        else:
            self._people.hand.tell(proposal)

    def catch_up(self) -> None:
        """After a restart, tell how orders ended where the last run had no time to."""
        for proposal in self._trading.proposals:
            order = self._trading.orders.get(proposal.client_order_id)
            if order is not None and not order.is_open and proposal.outcome != self._outcome(proposal, order):
                self.on_order_ended(order)

    def _outcome(self, proposal: Proposal, order: Order) -> str:
        return f"{proposal.decided_by}: {_ending(order, self._trading)}"

    def _overtake(self, signal: Signal, words: str) -> None:
        """Close the open question in whose place a stronger signal of the same kind comes."""
        for proposal in self._trading.proposals.asking(signal.strategy, signal.symbol, signal.side):
            proposal.state, proposal.outcome = "expired", f"overtaken: {words}"
            self._people.hand.tell(proposal)

    def take_back(self, story_id: str, words: str) -> None:
        """Close what is open about buying on a denied story: a question, and an entry that waits for a veto."""
        for proposal in self._trading.proposals.open():
            if proposal.signal.story_id == story_id and proposal.signal.side is BUY:
                proposal.state, proposal.outcome = "expired", f"withdrawn: {words}"
                self._people.hand.tell(proposal)

    def _is_asked(self, signal: Signal) -> bool:
        """Say whether the same question is open: a weaker one that another story led to is not the same.

        Unless it is answered already, and its order waits for a veto or a second person.
        """
        is_answered = self._people.hand.approvals.is_waiting_on
        return any(
            one.goes
            or is_answered(one.proposal_id)
            or one.signal.story_id == signal.story_id
            or one.signal.confidence >= signal.confidence
            for one in self._trading.proposals.asking(signal.strategy, signal.symbol, signal.side)
        )

    def _why_ignored(self, signal: Signal, item: NewsItem | None, is_act: bool) -> str:
        trading, strategy = self._trading, signal.strategy
        if trading.bars.gap:
            return trading.bars.gap
        if signal.side is SELL and trading.sellable_lots(signal.symbol) <= 0:
            return "nothing is held that is not being sold already"
        if is_act and item is None:
            return ""
        config = self._roster.configs[strategy]
        if signal.confidence < config.ask:
            return f"confidence {signal.confidence:.2f} is below ask = {config.ask:g}"
        if trading.modes.effective(strategy) is Mode.OFF:
            return "the mode is off"
        if trading.proposals.is_known(signal.signal_id):
            return "the same signal came before"
        if not is_act and self._is_asked(signal):
            return "the same question is open already"
        return ""

    def _proposal(self, signal: Signal, item: NewsItem | None) -> Proposal:
        """Word a proposal without its size: what is acted on is sized by the gate."""
        config = self._roster.configs[signal.strategy]
        kind = self._roster.kinds[signal.strategy]
        if explain := self._roster.explanations.get(signal.strategy):
            signal = structs.replace(signal, reasons=explain(signal, self._trading.markets[signal.symbol]))
        expires_ns = self._trading.now_ns + int(config.expires_s * 1e9)
        proposal = Proposal(_proposal_id(signal), signal, kind, 0, expires_ns)
        calibrations = self._roster.calibrations
        proposal.settings = calibrations.fingerprints[signal.strategy]
        proposal.worth = calibrations.of_score(signal.strategy, signal.confidence)
        if item:
            proposal.title, proposal.source, proposal.url = item.title, item.source, item.url
        return proposal

    def _size(self, proposal: Proposal) -> int:
        """Set what the gate would size a proposal to now, and return it: 0 where that is less than the venue takes."""
        trading, signal = self._trading, proposal.signal
        facts = trading.facts(signal.symbol, "", signal.strategy)
        if signal.side is SELL:
            lots = facts.sellable_lots
        else:
            lots = self._sized(signal).lots
        proposal.lots = lots if lots >= risk.least_lots(signal.price_ticks, facts.market) else 0
        return proposal.lots

    def _ask(self, signal: Signal, item: NewsItem | None) -> str:
        """Ask people, unless the limits leave no room for what would be asked."""
        trading, tally, proposal = self._trading, self._roster.tallies[signal.strategy], self._proposal(signal, item)
        tally.last = signal
        if not self._size(proposal):
            tally.ignored += 1
            return "ignored: the limits leave no room for it"
        tally.asked += 1
        self._overtake(signal, "a stronger headline asks instead")
        trading.proposals.add(proposal)
        trading.later(lambda: self._asked(proposal))
        return "asked"

    def _asked(self, proposal: Proposal) -> None:
        """Write a question down, and put it to people."""
        trading, signal = self._trading, proposal.signal
        config, instrument = self._roster.configs[signal.strategy], trading.markets[signal.symbol].instrument
        now_ns, warning = trading.now_ns, queries.warning(trading)
        proposal.record = track_record(signal.strategy, trading.portfolio.closed)
        trading.write(proposed(proposal, now_ns))
        trading.publish(
            lambda: events.ProposalOpened(ts_ns=now_ns, proposal=proposal_view(proposal, config, instrument, warning))
        )

    def _act(self, signal: Signal, item: NewsItem | None) -> str:
        """Order at once; what people are told about it is worded when the order has left."""
        trading, cause = self._trading, f"signal:{signal.signal_id}"
        if self._is_repeating(signal):
            return self._refuse(signal, item, self._halt_strategy(signal))
        origin, lots = self._origins[signal.strategy], 0
        if signal.side is BUY:
            if self._roster.configs[signal.strategy].sizing.method != "risk":  # which the gate does by itself
                lots, not_sized = self._sized(signal)
                if not_sized:
                    return self._refuse(signal, item, not_sized)
            stop, target, plan = signal.stop_ticks, signal.target_ticks, self._plans[signal.strategy]
            request = trading.entry(signal.symbol, cause, origin, lots, stop, target, plan)
            if self.veto.from_e8 and (held := self.veto.holds(request, signal.strategy)):
                return self._hold(signal, item, held)
        else:
            request = trading.reduction(signal.symbol, cause, origin, 0)
        trading.last_hop.cause_in(cause)
        result = trading.submit(request, signal.strategy)
        if isinstance(result, Refusal):
            return self._refuse(signal, item, str(result))
        trading.later(lambda: self._acted(signal, item, result))
        return _ACTED

    def _refuse(self, signal: Signal, item: NewsItem | None, why: str) -> str:
        """Have people told that a signal could not be acted on; return the same in words."""
        self._trading.later(lambda: self._refused(signal, item, why))
        return f"refused: {why}"

    def _hold(self, signal: Signal, item: NewsItem | None, lots: int) -> str:
        """Let a large entry wait for a veto, once for each question."""
        trading = self._trading
        if any(proposal.goes for proposal in trading.proposals.asking(signal.strategy, signal.symbol, signal.side)):
            self._roster.tallies[signal.strategy].ignored += 1
            return "ignored: one like it waits for a veto already"
        self._overtake(signal, _ROSE)
        self._count_acted(signal)
        proposal = self._proposal(signal, item)
        self.veto.begin(proposal, lots)
        trading.later(lambda: self._asked(proposal))
        return HELD

    def _sized(self, signal: Signal) -> Sized:
        """Size an entry the way that its strategy is set to, by what is known now."""
        sizing = self._roster.configs[signal.strategy].sizing
        return self._trading.size(sizing, signal.strategy, signal.symbol, signal.price_ticks, signal.stop_ticks)

    def _acted(self, signal: Signal, item: NewsItem | None, approved: ApprovedOrder) -> None:
        """Remember and tell what the engine did by itself."""
        self._count_acted(signal)
        proposal = self._proposal(signal, item)
        proposal.state, proposal.decided_by, proposal.outcome = "acted", "auto", _ON_ITS_WAY
        proposal.client_order_id, proposal.lots = approved.client_order_id, approved.qty_lots
        self._trading.write(proposed(proposal, self._trading.now_ns))
        self._overtake(signal, _ROSE)
        order = self._trading.orders.of(approved)
        self._tell_acted(proposal, order)
        self._trading.proposals.add(proposal)
        if not order.is_open:  # it could not even leave
            self.on_order_ended(order)

    def _count_acted(self, signal: Signal) -> None:
        tally = self._roster.tallies[signal.strategy]
        tally.acted, tally.last = tally.acted + 1, signal

    def _is_repeating(self, signal: Signal) -> bool:
        """C6: count this one; say whether so many alike came within the window."""
        trading = self._trading
        gate, now_ns = trading.gate, trading.now_ns
        key, began_ns = (signal.strategy, signal.symbol, signal.side), now_ns - gate.repeat_window_ns
        times = self._acted_ns.get(key)
        if times is None:
            times = self._acted_ns[key] = deque()
        times.append(now_ns)
        while times[0] < began_ns:
            times.popleft()
        return len(times) >= gate.limits.repeats

    def _halt_strategy(self, signal: Signal) -> str:
        """Turn a strategy off that signals without end; return why, in words."""
        limits = self._trading.gate.limits
        return self._turn_off(signal, "C6_REPEATS", f"{limits.repeats} alike within {limits.repeat_window_s:g} s")

    def _disbelieve(self, signal: Signal) -> str:
        """Turn a strategy off whose confidence is none (NaN, infinite, above 1), before anybody is asked about it;
        return why, in words. Whoever counts wrong so far counts other things wrong too."""
        return self._turn_off(signal, "BAD_CONFIDENCE", f"it said {signal.confidence:g}, which is not from 0 to 1")

    def _turn_off(self, signal: Signal, code: str, why: str) -> str:
        """Turn a strategy off and have people told, once; return why, with its code."""
        trading, name, detail = self._trading, signal.strategy, f"{code}: {why}"
        if trading.modes.is_on(name):
            trading.set_mode(Mode.OFF, name, code)
            words = f"{name} is off: {detail} on {signal.symbol}. An admin may turn it on with /auto auto {name}."
            trading.notice("critical", code, words)
        return detail

    def _refused(self, signal: Signal, item: NewsItem | None, why: str) -> None:
        """Tell that a signal could not be acted on, and how large the order would have been."""
        self._count_acted(signal)
        proposal = self._proposal(signal, item)
        self._size(proposal)
        proposal.state, proposal.decided_by, proposal.outcome = "refused", "auto", why
        self._people.hand.missed.begin(proposal)
        self._trading.write(proposed(proposal, self._trading.now_ns))
        self._tell_acted(proposal, None)
        self._trading.proposals.add(proposal)

    def _tell_acted(self, proposal: Proposal, order: Order | None) -> None:
        trading, signal = self._trading, proposal.signal
        config, instrument = self._roster.configs[signal.strategy], trading.markets[signal.symbol].instrument
        now_ns = trading.now_ns
        trading.write(decided(proposal, now_ns))
        trading.publish(
            lambda: events.SignalActed(
                ts_ns=now_ns,
                proposal=proposal_view(proposal, config, instrument, ""),
                order=order_view(order, instrument) if order else None,
            )
        )


def _proposal_id(signal: Signal) -> str:
    return "p-" + blake2b(signal.signal_id.encode(), digest_size=6).hexdigest()


def _ending(order: Order, trading: Trading) -> str:
    """Say in words how an order ended."""
    instrument = trading.instrument(order)
    verb = "bought" if order.approved.side is BUY else "sold"
    if not order.cum_lots:
        return f"nothing was {verb}, the order was {order.state} {order.reason}".rstrip()
    view = order_view(order, instrument)
    part = "" if order.state is OrderState.FILLED else f" of {view.qty}"
    cost = f"{money_text(order.cum_quote_e8)} {instrument.quote_asset}"
    return f"{verb} {view.filled_qty}{part} {instrument.base_asset} at {view.avg_price} ({cost})"
