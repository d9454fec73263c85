"""The window in which people may veto a large automatic entry before it goes; the one alert whose silence means yes."""

from __future__ import annotations

from collections.abc import Callable

from engine.core.amounts import Unclear
from engine.core.by_hand import Hand
from engine.core.instrument import E8
from engine.core.orders import Order
from engine.core.proposals import Proposal
from engine.core.trading import Trading
from engine.core.types import ApprovedOrder, Mode, OrderRequest, Refusal

Acted = Callable[[Proposal, Order | None], None]


class VetoWindow:
    """Says which entries wait, and lets those go that nobody has vetoed: priced, sized and gated anew."""

    def __init__(self, trading: Trading, hand: Hand, acted: Acted) -> None:
        """``acted`` tells people what became of one that went."""
        self._trading = trading
        self._hand = hand
        self._acted = acted
        self.from_e8 = int(trading.config.people.veto_quote * E8)
        """Entries that may cost more than this wait; 0 for none."""
        self._window_ns = int(trading.config.people.veto_s * 1e9)

    def holds(self, request: OrderRequest, strategy: str) -> int:
        """Return the lots of an entry that has to wait; 0 for one that is small enough, or that the gate refuses."""
        facts = self._trading.facts(request.symbol, request.cause_id, strategy)
        tried = self._trading.gate.check(request, facts)
        is_large = isinstance(tried, ApprovedOrder) and self._hand.authority.cost_e8(tried) > self.from_e8
        return tried.qty_lots if isinstance(tried, ApprovedOrder) and is_large else 0

    def begin(self, proposal: Proposal, lots: int) -> None:
        """Let a proposal stand until its window is over, and then go."""
        proposal.goes, proposal.lots = True, lots
        proposal.expires_ns = self._trading.now_ns + self._window_ns
        self._trading.proposals.add(proposal)

    def go(self, proposal: Proposal) -> None:
        """Order what nobody vetoed, unless trading was halted or the mode changed meanwhile."""
        trading, strategy = self._trading, proposal.signal.strategy
        if not trading.is_armed or trading.modes.effective(strategy) is not Mode.AUTO:
            why = "trading is halted" if not trading.is_armed else "the mode is not auto any more"
            proposal.state, proposal.outcome = "expired", f"not sent, because {why}"
            self._hand.tell(proposal)
            return
        result = self._order(proposal)
        proposal.decided_by = "auto"
        if isinstance(result, ApprovedOrder):
            proposal.state, proposal.outcome = "acted", "nobody vetoed it; the order is on its way"
            proposal.client_order_id, proposal.lots = result.client_order_id, result.qty_lots
            self._acted(proposal, trading.orders.of(result))
        else:
            proposal.state, proposal.outcome = "refused", str(result)
            self._hand.missed.begin(proposal)
            self._acted(proposal, None)

    def _order(self, proposal: Proposal) -> ApprovedOrder | Refusal | Unclear:
        trading = self._trading
        try:
            wish = self._hand.wishes.automatic(proposal)
        except Unclear as unclear:
            return unclear
        if wish.gone:
            return trading.refuse(wish.request, wish.gone)
        trading.last_hop.cause_in(wish.request.cause_id)
        return trading.submit(wish.request, wish.strategy)
