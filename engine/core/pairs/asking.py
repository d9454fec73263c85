"""Asks people about orders that are worth something together only, and sends all of them for one click."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import NamedTuple

from engine.core import queries
from engine.core.amounts import Unclear
from engine.core.authority import origin_of
from engine.core.instrument import exit_levels
from engine.core.people import People
from engine.core.proposal_records import decided, proposed
from engine.core.proposals import CIRCLE_SIGNAL, LegsWord, Proposal
from engine.core.strategies.arbitrage import ArbitrageStrategy
from engine.core.strategies.arbitrage_settings import Arbitrage
from engine.core.trading import Trading
from engine.core.types import BUY, ApprovedOrder, Refusal, Signal, SignalId, Symbol
from engine.core.views import proposal_view
from engine.wire import commands, events
from engine.wire.replies import Reply

NAME = ArbitrageStrategy.name


class Kind(NamedTuple):
    """What pairs and circles are called."""

    word: LegsWord
    measured: str
    """By which name its scores are measured."""
    legs: str
    """All of them, in words."""
    under_way: str
    """What is so once somebody took it."""

    @property
    def signal(self) -> str:
        """What the ids of its signals begin with."""
        return CIRCLE_SIGNAL if self.word == "circle" else f"{NAME}:"


class Legs(NamedTuple):
    """Such orders as the books stand now."""

    symbol: Symbol
    """Of the buy that leaves first, ..."""
    lots: int
    ticks: int
    """... how much it buys, and at what price."""
    confidence: float
    reasons: Iterable[str]
    """Looked at only where somebody is asked, or it is written down."""
    tried: Callable[[], ApprovedOrder | Refusal]
    """What the gate makes of that buy; nothing is done."""
    send: Callable[[str], ApprovedOrder | Refusal]
    """Sends all of them for an origin; returns that buy."""


class LegQuestions:
    """The way to people of a desk of pairs or circles."""

    def __init__(
        self,
        kind: Kind,
        trading: Trading,
        people: People,
        config: Callable[[], Arbitrage],
        again: Callable[[Symbol], Legs | None],
    ) -> None:
        """Begin; ``again``: what a symbol's legs are at this moment, None where they are not above cost.

        ``again`` raises Unclear where nothing new may be tried.
        """
        self._kind, self._trading, self._people, self._config, self._again = kind, trading, people, config, again
        self._tally = people.roster.tallies[NAME]
        people.hand.take_legs[kind.word] = self.take

    def ask(self, legs: Legs, now_ns: int) -> None:
        """Put legs to people, unless the same question is open."""
        trading, config = self._trading, self._config()
        if any(it.legs == self._kind.word for it in trading.proposals.asking(NAME, legs.symbol, BUY)):
            return
        proposal = self._proposal(legs, now_ns)
        trading.proposals.add(proposal)
        self._tally.asked, self._tally.last = self._tally.asked + 1, proposal.signal
        trading.write(proposed(proposal, now_ns))
        instrument, warning = trading.markets[legs.symbol].instrument, queries.warning(trading)
        trading.publish(
            lambda: events.ProposalOpened(ts_ns=now_ns, proposal=proposal_view(proposal, config, instrument, warning))
        )

    def take(self, click: commands.Decide) -> Reply:
        """Send what somebody said yes to, at the present prices; raises Unclear."""
        hand, word = self._people.hand, self._kind.word
        if click.choice != "buy":
            raise Unclear("BAD_REQUEST", f"A {word} is taken as it is, {self._kind.legs} with one click, or dismissed.")
        proposal = hand.wishes.open_proposal(click)
        if (legs := self._again(proposal.signal.symbol)) is None:
            raise Unclear("GONE", "It is above cost no more: nothing was done.")
        self._check_authority(click, legs)
        bought = legs.send(origin_of(click.who))
        if isinstance(bought, Refusal):
            return Reply(click.id, False, bought.code, f"{bought}. {bought.advice}")
        hand.authority.count(bought)
        proposal.state, proposal.decided_by = "bought", origin_of(click.who)
        proposal.client_order_id = bought.client_order_id
        proposal.outcome = f"{click.who.name} took it: {self._kind.under_way}"
        hand.tell(proposal)
        return Reply(click.id, True, "OK", "", hand.taken(proposal, (), None))

    def count(self, legs: Legs, now_ns: int) -> None:
        """Write down what the engine took by itself, and with which score, so that scores can be measured.

        Nobody is shown it: there may be hundreds an hour, and what became of each is told once it is over.
        """
        trading, proposal = self._trading, self._proposal(legs, now_ns)
        self._tally.acted, self._tally.last = self._tally.acted + 1, proposal.signal
        proposal.state, proposal.decided_by, proposal.outcome = "acted", "auto", self._kind.under_way

        def write_down() -> None:
            trading.write(proposed(proposal, now_ns))
            trading.write(decided(proposal, now_ns))

        trading.later(write_down)

    def _check_authority(self, click: commands.Decide, legs: Legs) -> None:
        authority, tried = self._people.hand.authority, legs.tried()
        if not isinstance(tried, ApprovedOrder):
            return
        code, sentence = authority.why_too_much(click.who, tried)
        if code:
            raise Unclear(code, sentence)
        if authority.takes_two(tried):
            words = f"It takes two persons, and a {self._kind.word} can't wait: lower pair_quote. Nothing was done."
            raise Unclear("NEEDS_SECOND", words)

    def _proposal(self, legs: Legs, now_ns: int) -> Proposal:
        signal, measured = self._signal(legs, now_ns), self._kind.measured
        calibrations = self._people.roster.calibrations
        name = "p-" + blake2b(signal.signal_id.encode(), digest_size=6).hexdigest()
        expires_ns = now_ns + int(self._config().expires_s * 1e9)
        proposal = Proposal(name, signal, ArbitrageStrategy.kind, legs.lots, expires_ns)
        proposal.settings = calibrations.fingerprints[measured]
        proposal.worth = calibrations.of_score(measured, signal.confidence)
        return proposal

    def _signal(self, legs: Legs, now_ns: int) -> Signal:
        stop, _ = exit_levels(legs.ticks, self._config().stop_pct, 0.0)
        return Signal(
            SignalId(f"{self._kind.signal}{legs.symbol}:{now_ns}"),
            NAME,
            legs.symbol,
            BUY,
            round(legs.confidence, 4),
            legs.ticks,
            stop,
            0,
            ArbitrageStrategy.horizon_ns,
            tuple(legs.reasons),
            now_ns,
        )
