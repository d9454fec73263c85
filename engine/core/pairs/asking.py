"""Asks people about a pair, and takes both of its legs with one click, if it is above cost still."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from engine.core import queries
from engine.core.amounts import Unclear
from engine.core.authority import origin_of
from engine.core.instrument import E8, exit_levels, scaled_text
from engine.core.pairs.desk import NAME, Chance, PairDesk
from engine.core.people import People
from engine.core.proposal_records import decided, proposed
from engine.core.proposals import Proposal
from engine.core.strategies.arbitrage import ArbitrageStrategy
from engine.core.types import BUY, ApprovedOrder, Refusal, Signal, SignalId
from engine.core.views import proposal_view
from engine.wire import commands, events
from engine.wire.replies import Reply


class PairQuestions:
    """The pair desk's way to people: proposals of the first core, whose one button buys here and sells there."""

    def __init__(self, desk: PairDesk, people: People) -> None:
        self._desk, self._people, self._trading = desk, people, desk.near.trading
        self._tally = people.roster.tallies[NAME]
        desk.ask, desk.count = self.ask, self._count
        people.hand.take_pair = self.take

    def ask(self, chance: Chance, now_ns: int) -> None:
        """Put a pair to people, unless the same question is open."""
        trading, config = self._trading, self._desk.config
        if trading.proposals.asking(NAME, chance.symbol, BUY):
            return
        proposal = self._proposal(chance, now_ns)
        trading.proposals.add(proposal)
        self._tally.asked, self._tally.last = self._tally.asked + 1, proposal.signal
        trading.write(proposed(proposal, now_ns))
        instrument, warning = trading.markets[chance.symbol].instrument, queries.warning(trading)
        trading.publish(
            lambda: events.ProposalOpened(ts_ns=now_ns, proposal=proposal_view(proposal, config, instrument, warning))
        )

    def take(self, click: commands.Decide) -> Reply:
        """Send both legs of a pair that somebody said yes to, at the present prices; raises Unclear."""
        trading, desk, hand = self._trading, self._desk, self._people.hand
        if click.choice != "buy":
            raise Unclear("BAD_REQUEST", "A pair is taken as it is, a buy and a sale with one click, or dismissed.")
        proposal = hand.wishes.open_proposal(click)
        symbol, now_ns = proposal.signal.symbol, trading.now_ns
        desk.far.trading.now_ns = max(now_ns, desk.far.trading.now_ns)
        if symbol in desk.open or (why := desk.why_not(now_ns)):
            raise Unclear("NOT_READY", f"Not now: {'another pair is open' if symbol in desk.open else why}.")
        if (chance := desk.chance(symbol, now_ns)) is None:
            raise Unclear("GONE", "It is above cost no more: nothing was done.")
        if too_much := self._why_too_much(click, chance, now_ns):
            raise Unclear(*too_much)
        pair = desk.send(chance, now_ns, origin_of(click.who))
        if isinstance(pair, Refusal):
            return Reply(click.id, False, pair.code, f"{pair}. {pair.advice}")
        bought = pair.legs[0][1].approved
        hand.authority.count(bought)
        proposal.state, proposal.decided_by = "bought", origin_of(click.who)
        proposal.client_order_id = bought.client_order_id
        proposal.outcome = f"{click.who.name} took both legs; they are on their way"
        hand.tell(proposal)
        return Reply(click.id, True, "OK", "", hand.taken(proposal, (), None))

    def _why_too_much(self, click: commands.Decide, chance: Chance, now_ns: int) -> tuple[str, str] | None:
        authority, tried = self._people.hand.authority, self._desk.tried(chance, now_ns)
        if not isinstance(tried, ApprovedOrder):
            return None
        code, sentence = authority.why_too_much(click.who, tried)
        if code:
            return code, sentence
        if authority.takes_two(tried):
            return (
                "NEEDS_SECOND",
                "It takes two persons, and a pair can't wait: lower pair_quote. Nothing was done.",
            )
        return None

    def _count(self, chance: Chance, now_ns: int) -> None:
        """Write down what the engine took by itself, and with which score, so that scores can be measured.

        Nobody is shown it: there may be hundreds an hour, and what became of each is told once it is flat.
        """
        trading, proposal = self._trading, self._proposal(chance, now_ns)
        self._tally.acted, self._tally.last = self._tally.acted + 1, proposal.signal
        proposal.state, proposal.decided_by, proposal.outcome = "acted", "auto", "both legs are on their way"

        def write_down() -> None:
            trading.write(proposed(proposal, now_ns))
            trading.write(decided(proposal, now_ns))

        trading.later(write_down)

    def _proposal(self, chance: Chance, now_ns: int) -> Proposal:
        signal, calibrations = self._signal(chance, now_ns), self._people.roster.calibrations
        lots = chance.edge.base_e8 // chance.buy_at.market(chance.symbol).instrument.lot_e8
        name = "p-" + blake2b(signal.signal_id.encode(), digest_size=6).hexdigest()
        expires_ns = now_ns + int(self._desk.config.expires_s * 1e9)
        proposal = Proposal(name, signal, ArbitrageStrategy.kind, lots, expires_ns)
        proposal.settings = calibrations.fingerprints[NAME]
        proposal.worth = calibrations.of_score(NAME, signal.confidence)
        return proposal

    def _signal(self, chance: Chance, now_ns: int) -> Signal:
        market = chance.buy_at.market(chance.symbol)
        stop, _ = exit_levels(market.ask_ticks, self._desk.config.stop_pct, 0.0)
        return Signal(
            SignalId(f"{NAME}:{chance.symbol}:{now_ns}"),
            NAME,
            chance.symbol,
            BUY,
            round(chance.edge.confidence, 4),
            market.ask_ticks,
            stop,
            0,
            ArbitrageStrategy.horizon_ns,
            tuple(_reasons(chance)),
            now_ns,
        )


def _reasons(chance: Chance) -> Iterator[str]:
    edge, cheap, dear = chance.edge, chance.buy_at.market(chance.symbol), chance.sell_at.market(chance.symbol)
    it = cheap.instrument
    base = scaled_text(edge.base_e8, 8).rstrip("0").rstrip(".")
    yield f"buy {base} {it.base_asset} on {chance.buy_at.name} at {edge.paid_e8 / edge.base_e8:.6g}"
    yield f"sell them on {chance.sell_at.name} at {edge.received_e8 / edge.base_e8:.6g}"
    yield f"after fees {edge.profit * 1e4:.1f} bps, at least {edge.needed * 1e4:.1f} are wanted"
    yield f"{edge.paid_e8 * edge.profit / E8:.2f} {dear.instrument.quote_asset} if both fill as the books stand"
