"""Circles and people: asked about with one button, told of where one can't be brought back to money, and shown."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from engine.core import queries
from engine.core.amounts import Unclear
from engine.core.authority import origin_of
from engine.core.instrument import E8, exit_levels, scaled_text
from engine.core.pairs.circle import Circle
from engine.core.pairs.circling import NAME, CircleDesk
from engine.core.pairs.stuck import AGAIN_NS, allowed_e8
from engine.core.people import People
from engine.core.proposal_records import proposed
from engine.core.proposals import Proposal
from engine.core.strategies.arbitrage import ArbitrageStrategy
from engine.core.strategies.triangle import Round
from engine.core.types import BUY, ApprovedOrder, Refusal, Signal, SignalId
from engine.core.views import proposal_view
from engine.wire import commands, events
from engine.wire.pairs import ClosePair
from engine.wire.replies import Reply

_SHOWN = 5


class CircleQuestions:
    """The circle desk's way to people."""

    def __init__(self, desk: CircleDesk, people: People) -> None:
        self._desk, self._people, self._trading = desk, people, desk.trading
        self._tally = people.roster.tallies[NAME]
        desk.ask, desk.stuck = self.ask, self.on_stuck
        people.hand.take_circle, people.hand.close_circle = self.take, self.close
        people.lookups.circles = lambda: tuple(self._lines())

    def ask(self, found: Round, now_ns: int) -> None:
        """Put a circle to people, unless the same question is open."""
        trading, config = self._trading, self._desk.config
        signal = self._signal(found, now_ns)
        if trading.proposals.asking(NAME, signal.symbol, BUY):
            return
        name = "p-" + blake2b(signal.signal_id.encode(), digest_size=6).hexdigest()
        expires_ns = now_ns + int(config.expires_s * 1e9)
        proposal = Proposal(name, signal, ArbitrageStrategy.kind, found.lots[0], expires_ns)
        proposal.worth = "not measured: circles are only asked about with real money"
        trading.proposals.add(proposal)
        self._tally.asked, self._tally.last = self._tally.asked + 1, signal
        trading.write(proposed(proposal, now_ns))
        instrument, warning = trading.markets[signal.symbol].instrument, queries.warning(trading)
        trading.publish(
            lambda: events.ProposalOpened(ts_ns=now_ns, proposal=proposal_view(proposal, config, instrument, warning))
        )

    def take(self, click: commands.Decide) -> Reply:
        """Begin a circle that somebody said yes to, at the present prices of all three books; raises Unclear."""
        trading, desk, hand = self._trading, self._desk, self._people.hand
        if click.choice != "buy":
            raise Unclear("BAD_REQUEST", "A circle is taken as it is, all three legs, or dismissed.")
        proposal = hand.wishes.open_proposal(click)
        if why := desk.why_not(trading.now_ns):
            raise Unclear("NOT_READY", f"Not now: {why}.")
        found = desk.chance(trading.now_ns)
        if found is None or found.path.first.instrument.symbol != proposal.signal.symbol:
            raise Unclear("GONE", "It is above cost no more: nothing was done.")
        if too_much := self._why_too_much(click, found):
            raise Unclear(*too_much)
        circle = desk.send(found, trading.now_ns, origin_of(click.who))
        if isinstance(circle, Refusal):
            return Reply(click.id, False, circle.code, f"{circle}. {circle.advice}")
        bought = circle.legs[0].approved
        hand.authority.count(bought)
        proposal.state, proposal.decided_by = "bought", origin_of(click.who)
        proposal.client_order_id = bought.client_order_id
        proposal.outcome = f"{click.who.name} took it; the first leg is on its way"
        hand.tell(proposal)
        return Reply(click.id, True, "OK", "", hand.taken(proposal, (), None))

    def on_stuck(self, circle: Circle, now_ns: int) -> None:
        """Tell of a circle that would lose more than it may, once a minute."""
        if circle.told_ns and now_ns - circle.told_ns < AGAIN_NS:
            return
        circle.told_ns = now_ns
        desk, asset = self._desk, self._trading.config.quote_asset
        held = ", ".join(f"{m.instrument.qty_text(lots)} {m.instrument.base_asset}" for m, lots in desk.held(circle))
        loss = f"{scaled_text(max(-desk.result_e8(circle), 0), 2)} {asset}"
        words = f"A circle holds {held} and is not back to money: that would lose more than {desk.config.loss_pct:g} %,"
        words += " or a gate bars it. It is tried on, and no new circle is begun."
        words += f" `pairs close circle` sells now, for a loss of some {loss}."
        notice = events.Notice(ts_ns=now_ns, severity="critical", code="CIRCLE_SHORT", text=words)
        self._trading.alarms.on_notice(notice, f"circle:{circle.circle_id}", loss)

    def close(self, command: ClosePair) -> Reply:
        """Sell what a circle holds, within the collar and what the person has seen it cost; raises Unclear."""
        circle, desk = self._desk.open, self._desk
        if circle is None or command.pair not in ("circle", f"circle:{circle.circle_id}"):
            raise Unclear("NOT_FOUND", "This circle is back to money already, or there is none. Nothing was done.")
        if not circle.is_settled:
            raise Unclear("NOT_READY", "An order of this circle is under way: wait for what comes of it.")
        sent = desk.sell(circle, allowed_e8(command.most_loss), origin_of(command.who))
        if isinstance(sent, Refusal):
            return Reply(command.id, False, sent.code, f"{sent}. {sent.advice}")
        if not sent:
            circle.told_ns = 0
            self.on_stuck(circle, self._trading.now_ns)
            raise Unclear("CHANGED", "It would lose more than was shown by now, or no book has a price: look again.")
        return Reply(command.id, True, "OK", f"Selling what the circle holds: {sent} order(s).")

    def _why_too_much(self, click: commands.Decide, found: Round) -> tuple[str, str] | None:
        authority, tried = self._people.hand.authority, self._desk.tried(found)
        if not isinstance(tried, ApprovedOrder):
            return None
        code, sentence = authority.why_too_much(click.who, tried)
        if code:
            return code, sentence
        if authority.takes_two(tried):
            return "NEEDS_SECOND", "It takes two persons, and a circle can't wait: lower pair_quote. Nothing was done."
        return None

    def _signal(self, found: Round, now_ns: int) -> Signal:
        it, ticks = found.path.first.instrument, found.ticks[0]
        stop, _ = exit_levels(ticks, self._desk.config.stop_pct, 0.0)
        signal_id = SignalId(f"{NAME}:circle:{it.symbol}:{now_ns}")
        return Signal(
            signal_id,
            NAME,
            it.symbol,
            BUY,
            round(found.confidence, 4),
            ticks,
            stop,
            0,
            ArbitrageStrategy.horizon_ns,
            tuple(_reasons(found, self._trading.config.quote_asset)),
            now_ns,
        )

    def _lines(self) -> Iterator[str]:
        desk, asset = self._desk, self._trading.config.quote_asset
        made = f"{desk.taken} taken, {scaled_text(desk.made_e8, 4)} {asset} made"
        yield f"circle {', '.join(desk.config.circle)}: {desk.bar or 'looking'}; {made}"
        shown = [*([desk.open] if desk.open else []), *reversed(desk.done)][:_SHOWN]
        yield from (desk.words(circle) for circle in shown)


def _reasons(found: Round, asset: str) -> Iterator[str]:
    path, verbs = found.path, ("buy", "buy" if found.path.is_buy else "sell", "sell")
    for verb, market, lots, ticks in zip(verbs, path.markets, found.lots, found.ticks, strict=True):
        it = market.instrument
        yield f"{verb} {it.qty_text(lots)} {it.base_asset} ({it.symbol}), at {it.price_text(ticks)} at the worst"
    yield f"after fees {found.profit * 1e4:.1f} bps, at least {found.needed * 1e4:.1f} are wanted"
    yield f"{found.paid_e8 * found.profit / E8:.2f} {asset} if all three fill as the books stand"
