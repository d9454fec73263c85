"""The decision behind an order, a proposal or a trade: what it went by, what the gate said, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from engine.core.amounts import Unclear
from engine.core.instrument import money_words
from engine.core.orders import Order
from engine.core.portfolio import RoundTrip
from engine.core.proposals import Proposal
from engine.core.queries import Roster
from engine.core.story_records import StoryTurned
from engine.core.trading import Trading
from engine.core.types import BUY, ApprovedOrder, Signal
from engine.core.views import order_view, trade_view
from engine.wire.answers import KindName, StoryTurnView, WhyView

_SHORTEST: Final = 3
_MOST_CHOICES: Final = 5
_PREFIXES: Final = ("", "tr-", "p-", "t-")


def why(trading: Trading, roster: Roster, text: str) -> WhyView:
    """Find what an id, or the beginning of one, names, newest first; raises Unclear where it is none or several."""
    word = text.strip().strip("`").lower()
    if len(word.partition("-")[2] or word) < _SHORTEST:
        words = f"Say at least {_SHORTEST} characters of an id, like tr-3f2: see orders and trades."
        raise Unclear("BAD_REQUEST", words)
    names = [*_names(trading)]
    found = [name for name in names if name.lower() == word] or [name for name in names if _begins(name, word)]
    found = _without_their_trades(list(dict.fromkeys(found)))
    if not found:
        raise Unclear("NOT_FOUND", f"Nothing that is remembered is called {text!r}: see orders and trades for ids.")
    if len(found) > 1:
        choices = tuple(found[-_MOST_CHOICES:])
        raise Unclear("BAD_REQUEST", f"{text!r} fits {len(found)}: say more of it.", (text, choices))
    return _Decision(trading, roster).of(found[0])


def _names(trading: Trading) -> Iterable[str]:
    yield from (order.approved.client_order_id for order in trading.orders)
    yield from (proposal.proposal_id for proposal in trading.proposals)
    yield from (trip.trade_id for trip in trading.portfolio.trips())


class _Decision:
    """Puts together what is known of one."""

    def __init__(self, trading: Trading, roster: Roster) -> None:
        self._trading = trading
        self._roster = roster

    def of(self, name: str) -> WhyView:
        """Return what is known of a whole id."""
        trading = self._trading
        if (order := trading.orders.get(name)) is not None:
            return self._of_order(order)
        if (proposal := trading.proposals.get(name)) is not None:
            return self._of_proposal(proposal)
        return self._of_trip(next(trip for trip in trading.portfolio.trips() if trip.trade_id == name))

    def _of_order(self, order: Order) -> WhyView:
        approved = order.approved
        proposal = self._proposal_behind(approved)
        view = order_view(order, self._trading.instrument(order))
        filled = f", {view.filled_qty} filled at {view.avg_price}" if view.avg_price else ""
        reason = f" ({view.reason})" if view.reason else ""
        summary = f"{view.side} {view.qty} {view.base_asset}: {view.state}{filled}{reason}"
        return self._view("order", approved.client_order_id, summary, order, proposal, approved.trade_id)

    def _of_proposal(self, proposal: Proposal) -> WhyView:
        signal, order = proposal.signal, self._trading.orders.get(proposal.client_order_id)
        verb = "buy" if signal.side is BUY else "sell"
        became = f"{proposal.state}: {proposal.outcome}" if proposal.outcome else proposal.state
        summary = f"{signal.strategy} proposed to {verb} {signal.symbol}; {became}"
        trade_id = order.approved.trade_id if order is not None else ""
        return self._view("proposal", proposal.proposal_id, summary, order, proposal, trade_id)

    def _of_trip(self, trip: RoundTrip) -> WhyView:
        bid_ticks = self._trading.markets[trip.instrument.symbol].bid_ticks
        view = trade_view(trip, bid_ticks, self._trading.now_ns)
        ended = "still open" if trip.is_open else f"closed at {view.exit_price} ({view.exit_reason})"
        summary = f"{view.symbol} bought at {view.entry_price}, {ended}: {view.pnl_quote} {view.quote_asset}"
        orders = (order for order in self._trading.orders if order.approved.cause_id == trip.cause_id)
        if (order := next(orders, None)) is not None:
            proposal = self._proposal_behind(order.approved)
            return self._view("trade", trip.trade_id, summary, order, proposal, trip.trade_id)
        bare = self._view("trade", trip.trade_id, summary, None, None, trip.trade_id)
        told = {"symbol": view.symbol, "by": trip.origin, "cause_id": trip.cause_id, "strategy": trip.strategy}
        return replace(bare, **told, ts_ns=trip.opened_ns)

    def _view(
        self, kind: KindName, name: str, summary: str, order: Order | None, proposal: Proposal | None, trade_id: str
    ) -> WhyView:
        """Put it together from an order, a proposal, or both; with neither, from nothing but the name."""
        view = WhyView(kind=kind, id=name, summary=summary, trade_id=trade_id)
        if proposal is not None:
            view = self._with_signal(view, proposal)
        if order is not None:
            view = _with_order(view, order.approved)
        causes = {view.cause_id, f"proposal:{view.proposal_id}"}
        refused = [str(record.refusal) for record in self._trading.past.refusals if record.cause_id in causes]
        passed = self._passed(order.approved) if order is not None else ()
        return replace(view, gate=(*refused, *passed))

    def _with_signal(self, view: WhyView, proposal: Proposal) -> WhyView:
        signal, config = proposal.signal, self._roster.configs[proposal.signal.strategy]
        return replace(
            view,
            symbol=signal.symbol,
            by=proposal.decided_by,
            cause_id=f"signal:{signal.signal_id}",
            strategy=signal.strategy,
            confidence=proposal.confidence,
            ask=config.ask,
            act=config.act,
            reasons=self._inputs(signal),
            headline=proposal.title,
            source=proposal.source,
            url=proposal.url,
            opinion=proposal.opinion,
            story=tuple(_turn(record) for record in self._trading.stories.of(signal.story_id)),
            proposal_id=proposal.proposal_id,
            ts_ns=signal.ts_ns,
            worth=proposal.worth,
        )

    def _proposal_behind(self, approved: ApprovedOrder) -> Proposal | None:
        """Return the proposal that an order came from, clicked or acted on."""
        kind, _, rest = approved.cause_id.partition(":")
        proposals = self._trading.proposals
        if kind == "proposal":
            return proposals.get(rest.partition(":")[0])
        return proposals.of_client_order(approved.client_order_id)

    def _inputs(self, signal: Signal) -> tuple[str, ...]:
        """Say what a signal went by, and what it wanted."""
        text = self._trading.markets[signal.symbol].instrument.price_text
        wanted = f"price {text(signal.price_ticks)}"
        wanted += f", stop {text(signal.stop_ticks)}" if signal.stop_ticks else ""
        wanted += f", target {text(signal.target_ticks)}" if signal.target_ticks else ""
        return (*signal.reasons, wanted)

    def _passed(self, approved: ApprovedOrder) -> tuple[str, ...]:
        """Say what passed, with the numbers that it was held against."""
        trading = self._trading
        it, limits = trading.heard[approved.symbol].instrument, trading.gate.limits
        cost_e8 = it.notional_e8(approved.price_ticks, approved.qty_lots)
        worst = f"{it.qty_text(approved.qty_lots)} {it.base_asset} at {it.price_text(approved.price_ticks)} or better"
        collar = f"collar {limits.collar_pct:g} % around {it.price_text(approved.ref_ticks)}"
        if approved.reduce_only:
            return (f"passed as a reduction: {worst}, {collar}",)
        lines = [f"passed: {worst}, that is {money_words(cost_e8)} {it.quote_asset}; {collar}"]
        if equity_e8 := trading.past.equity.at(approved.ts_ns):
            part = 100.0 * cost_e8 / equity_e8
            equity = f"{money_words(equity_e8)} {it.quote_asset}"
            lines.append(f"{part:.2f} % of an equity of {equity}; limit {limits.max_order_pct:g} %")
        if approved.stop_ticks:
            risk_e8 = cost_e8 - it.notional_e8(approved.stop_ticks, approved.qty_lots)
            stop, risk = it.price_text(approved.stop_ticks), money_words(max(risk_e8, 0))
            lines.append(f"at its stop {stop} it loses {risk} {it.quote_asset} at most, before slippage and fees")
        return tuple(lines)


def _turn(record: StoryTurned) -> StoryTurnView:
    item = record.item
    rules, state = record.rules, record.story.state
    return StoryTurnView(record.ts_ns, record.turn, state, item.source, item.title, rules, record.verdict)


def _without_their_trades(names: list[str]) -> list[str]:
    """Leave trades out whose first order is among the names: both are named after the same cause."""
    orders = [name.removeprefix("tr-") for name in names if name.startswith("tr-")]
    return [name for name in names if not any(order.startswith(name.removeprefix("t-")) for order in orders)]


def _begins(name: str, word: str) -> bool:
    return any(name.lower().startswith(prefix + word) for prefix in _PREFIXES)


def _with_order(view: WhyView, approved: ApprovedOrder) -> WhyView:
    return replace(
        view,
        symbol=approved.symbol,
        by=approved.origin,
        cause_id=approved.cause_id,
        client_order_id=approved.client_order_id,
        ts_ns=approved.ts_ns,
    )
