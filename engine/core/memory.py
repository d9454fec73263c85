"""What a restart remembers: the journal's records, folded into the state in the order in which they happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, assert_never

from engine.core.adoption import adopt, restore_balance
from engine.core.books import Shelf, kept_orders, put_back_books
from engine.core.circles_left import LeftCircles
from engine.core.kept import Kept, KeptProposals, kept_circle, kept_proposal, kept_trip, proposal_of
from engine.core.past import headline_view
from engine.core.people import People
from engine.core.proposal_records import decided, restored, take_decision, take_review
from engine.core.proposals import Proposal
from engine.core.record_codec import AnyRecord
from engine.core.records import (
    Adopted,
    Answered,
    ArmedSet,
    Asked,
    Audited,
    Balanced,
    CircleEnded,
    Decided,
    Declined,
    Failed,
    Ignored,
    Intended,
    Listed,
    Missed,
    ModeSet,
    Muted,
    MuteEnded,
    Proposed,
    Refused,
    Reported,
    Shrunk,
    Started,
    StopMoved,
    Unbalanced,
    Watched,
    WatchEnded,
)
from engine.core.safeguard_records import (
    AlarmAcknowledged,
    AlarmRaised,
    BreakersReset,
    DayOpened,
    EquityMarked,
    Killed,
    KillReset,
    LimitSet,
    Locked,
    SafeguardRecord,
    Tripped,
)
from engine.core.story_records import HeadlineHeard, Reviewed, StoryTurned
from engine.core.trading import Trading
from engine.core.types import BUY, ApprovedOrder, Mode
from engine.wire.replies import Reply

PASSED_OVER: Final = (Started, Asked, Declined)
"""Kinds that a restart makes nothing of: they are for the ledger."""


_AS_THEY_ARE: Final[frozenset[type]] = frozenset(
    {
        ArmedSet,
        ModeSet,
        Audited,
        LimitSet,
        Locked,
        DayOpened,
        Tripped,
        BreakersReset,
        Killed,
        KillReset,
        AlarmRaised,
        AlarmAcknowledged,
        Watched,
        WatchEnded,
        Muted,
        MuteEnded,
        Ignored,
        Unbalanced,
        Balanced,
    }
)
"""Kinds that a snapshot keeps as records: few, and what they come to depends on settings and time as well."""
_IN_BOOKS: Final = (
    Intended,
    Reported,
    Failed,
    Answered,
    Refused,
    Proposed,
    Decided,
    Missed,
    EquityMarked,
    Shrunk,
    StopMoved,
    CircleEnded,
    Adopted,
    StoryTurned,
    HeadlineHeard,
    Reviewed,
    Listed,
)
"""Kinds that a snapshot keeps as what they came to."""
KEEPS: Final = frozenset((*PASSED_OVER, *_AS_THEY_ARE, *_IN_BOOKS))
"""Every kind that a snapshot knows; of a journal with another one there is none."""


def restore(
    trading: Trading,
    people: People,
    records: Iterable[AnyRecord],
    kept: Kept | None = None,
    keep: Callable[[Kept], None] | None = None,
) -> None:
    """Fold the records of earlier runs: orders, positions with their stops, proposals, modes, answered commands, the
    safeguards, and the peak of the equity.

    ``kept`` is what an earlier fold of the records before came to; ``keep`` is given what this one comes to.
    Records of symbols that are not followed any more are passed over; their positions stay at the venue.
    """
    memory = Memory(trading, people)
    if kept is not None:
        memory.put_back(kept)
    for record in records:
        memory.take(record)
    if keep is not None and (now := memory.kept()) is not None:
        keep(now)
    memory.finish()


class Memory:
    """Folds records into the state, one after the other, and at last writes down what the last run had no time to."""

    def __init__(self, trading: Trading, people: People) -> None:
        self._trading = trading
        self._people = people
        self._questions = _Questions(trading)
        self._left = LeftCircles(trading)
        self._as_they_are: list[AnyRecord] = []
        self._knows_all = True

    def take(self, record: AnyRecord) -> None:
        """Take the next record."""
        trading, people = self._trading, self._people
        kind = type(record)
        if kind in _AS_THEY_ARE:
            self._as_they_are.append(record)
        elif kind not in KEEPS:
            self._knows_all = False
        match record:
            case Intended(order):
                self._intend(order)
            case Reported(report):
                trading.on_report(report)
                self._left.on_report(report)
            case Failed(failure):
                trading.orders.on_send_failed(failure)
                self._left.on_failed(failure)
            case ModeSet(strategy, mode):
                _restore_mode(trading, strategy, Mode(mode))
            case Answered(command_id, ok, code, text):
                people.remember(Reply(command_id, ok, code, text))
            case Refused():
                trading.past.refusals.append(record)
            case Audited():
                people.parameters.restore(record)
            case Watched() | WatchEnded():
                people.watches.restore(record)
            case Muted() | MuteEnded():
                people.mutes.restore(record)
            case Proposed() | Decided() | Reviewed():
                self._questions.take(record)
            case StoryTurned():
                trading.stories.add(record)
            case HeadlineHeard():
                trading.stories.tell_again(record.repeated)
                trading.past.headlines.append(headline_view(record))
            case Missed():
                people.hand.missed.take(record)
            case Shrunk(symbol, base_e8, ts_ns):
                if (trip := trading.portfolio.open.get(symbol)) is not None:
                    trading.portfolio.shrink_to(trip, base_e8, ts_ns)
            case StopMoved():
                self._move_stop(record)
            case CircleEnded(circle_id, ts_ns):
                trading.portfolio.end_circle(circle_id, ts_ns)
                self._left.on_ended(circle_id)
            case Adopted(order):
                if order.symbol in trading.markets:
                    adopt(trading, record)
            case Ignored(symbol, name):
                trading.strangers.ignore(name, symbol)
            case Unbalanced(symbol) | Balanced(symbol):
                if symbol in trading.markets:
                    restore_balance(trading, record)
            case ArmedSet():
                trading.past.note(record)  # that it was armed is not remembered: it starts halted
            case Listed():
                self._left.on_listed(record)
            case Started() | Asked() | Declined():
                pass
            case _:
                self._take_safeguard(record)

    def _take_safeguard(self, record: SafeguardRecord) -> None:
        trading, people = self._trading, self._people
        match record:
            case EquityMarked(equity_e8, _, peak_e8, ts_ns):
                trading.past.equity.add(ts_ns, equity_e8)
                trading.portfolio.peak_e8 = max(trading.portfolio.peak_e8, peak_e8)
                people.breakers.restore(record)
            case DayOpened() | Tripped() | BreakersReset() | Locked():
                people.breakers.restore(record)
            case LimitSet():
                people.limits.restore(record)
            case Killed():
                trading.latch.take(record)
            case KillReset():
                trading.latch.reset()
            case AlarmRaised() | AlarmAcknowledged():
                trading.alarms.take(record)
            case _:
                assert_never(record)

    def put_back(self, kept: Kept) -> None:
        """Begin with what an earlier fold came to, instead of with nothing."""
        trading, people = self._trading, self._people
        for record in kept.records:
            self.take(record)
        self._left.put_back(kept.orders.orders)
        put_back_books(trading, kept)
        people.hand.authority.put_back(kept.spent)
        for command_id, ok, code, text in kept.answers:
            people.remember(Reply(command_id, ok, code, text))
        proposals = [proposal_of(one) for one in kept.proposals.proposals]
        places = kept.proposals
        trading.stories.put_back(kept.stories)
        trading.past.headlines.extend(kept.headlines)
        trading.proposals.put_back([proposals[at] for at in places.known], [proposals[at] for at in places.open])
        self._questions.put_back([proposals[at] for at in places.unwritten])

    def kept(self) -> Kept | None:
        """Return what the fold has come to, before ``finish``; None where a snapshot can't have all of it."""
        if not self._knows_all or self._left.is_lost:
            return None
        trading, people = self._trading, self._people
        known, waiting = trading.proposals.lists()
        unwritten, shelf = self._questions.unwritten(), Shelf[Proposal]()
        return Kept(
            records=[*self._left.records(), *self._as_they_are, *trading.past.refusals, *people.hand.missed.records()],
            orders=kept_orders(trading),
            open_trips=[kept_trip(trip) for trip in trading.portfolio.open.values()],
            closed_trips=[kept_trip(trip) for trip in trading.portfolio.closed],
            circles={name: kept_circle(circle) for name, circle in trading.portfolio.circles.items()},
            proposals=KeptProposals(
                known=shelf.put(known),
                open=shelf.put(waiting),
                unwritten=shelf.put(unwritten),
                proposals=[kept_proposal(one) for one in shelf.things],
            ),
            watched=[symbol for symbol, market in trading.markets.items() if market.is_watched],
            causes=trading.causes(),
            cash_e8=trading.portfolio.cash_e8,
            realised_e8=trading.portfolio.realised_e8,
            peak_e8=trading.portfolio.peak_e8,
            breakers_peak_e8=trading.bars.peak_e8,
            aside_e8=dict(trading.portfolio.aside_e8),
            spent=people.hand.authority.spent(),
            answers=[(reply.command_id, reply.ok, reply.code, reply.text) for reply in people.answers()],
            equity=trading.past.equity.to_bytes(),
            stories=trading.stories.kept(),
            headlines=list(trading.past.headlines),
        )

    def finish(self) -> None:
        """Say that this was the last one."""
        self._questions.write_missing()
        self._left.finish()

    def _intend(self, order: ApprovedOrder) -> None:
        trading = self._trading
        if self._left.is_counted(order):
            trading.resting.adopt(trading.orders.open(order))
            trading.remember_cause(order.cause_id)
            self._people.hand.authority.count(order)
            self._questions.on_order(order)

    def _move_stop(self, moved: StopMoved) -> None:
        trip = self._trading.portfolio.open.get(moved.symbol)
        if trip is not None and trip.trade_id == moved.trade_id:
            trip.move_stop(moved.stop_ticks, moved.high_ticks, moved.kind, moved.ts_ns)


def _restore_mode(trading: Trading, strategy: str, mode: Mode) -> None:
    if not strategy or strategy in trading.modes.own:
        trading.modes.set(mode, strategy)


class _Questions:
    """The proposals of earlier runs.

    An order leaves before the decision behind it is written down: a kill between the two leaves a proposal that looks
    open although its order is on its way. Nobody may be asked about it again, so here the order counts.
    """

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._unwritten: dict[str, Proposal] = {}
        """Decided by their orders, without a word about it in the journal."""

    def take(self, record: Proposed | Decided | Reviewed) -> None:
        """Take one as it was when it opened, what became of it, or what a second opinion said."""
        match record:
            case Proposed():
                self._open(record)
            case Decided():
                self._close(record)
            case Reviewed():
                if (proposal := self._trading.proposals.get(record.proposal_id)) is not None:
                    take_review(proposal, record)

    def _open(self, record: Proposed) -> None:
        trading, signal = self._trading, record.signal
        if signal.symbol not in trading.markets or signal.strategy not in trading.modes.own:
            return
        proposal = restored(record)
        if trading.was_ordered(f"signal:{signal.signal_id}"):
            self._decide(proposal, "auto", "the engine acted, and was stopped right then")
            proposal.state = "acted"
        trading.proposals.add(proposal)

    def _close(self, record: Decided) -> None:
        self._unwritten.pop(record.proposal_id, None)
        proposal = self._trading.proposals.get(record.proposal_id)
        if proposal is not None:
            take_decision(proposal, record)
            if (proposal.kind, proposal.state) == ("arbitrage", "acted"):
                self._trading.proposals.forget(record.proposal_id)

    def on_order(self, order: ApprovedOrder) -> None:
        """Take the order that a click led to, or its second try."""
        kind, _, rest = order.cause_id.partition(":")
        proposal = self._trading.proposals.get(rest.partition(":")[0]) if kind == "proposal" else None
        if proposal is None:
            return
        proposal.client_order_id = order.client_order_id
        if proposal.is_open:
            self._decide(proposal, order.origin, "the order is on its way")
            proposal.state = "bought" if order.side is BUY else "sold"

    def unwritten(self) -> list[Proposal]:
        """Return those that were decided by their orders, without a word about it in the journal."""
        return list(self._unwritten.values())

    def put_back(self, unwritten: list[Proposal]) -> None:
        """Take such a list of a snapshot."""
        self._unwritten = {proposal.proposal_id: proposal for proposal in unwritten}

    def write_missing(self) -> None:
        """Write down what the last run had no time to."""
        for proposal in self._unwritten.values():
            self._trading.write(decided(proposal, self._trading.now_ns))

    def _decide(self, proposal: Proposal, by: str, outcome: str) -> None:
        proposal.decided_by, proposal.outcome = by, outcome
        self._unwritten[proposal.proposal_id] = proposal
