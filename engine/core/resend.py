"""Sends an entry once more whose request never reached the venue: at most once, re-priced, and through the gate again.

Only for what a signal caused, by itself or with somebody's click on it, and only while that is fresh. A command that
somebody typed is not repeated: whoever typed it sees that it was lost, and may have typed it again. An exit is asked
for again anyway, by ``protection``.
"""

from __future__ import annotations

from typing import Final

from engine.core.instrument import moved_levels
from engine.core.orders import Order
from engine.core.proposal_records import decided
from engine.core.trading import Trading
from engine.core.types import Mode, OrderRequest, Refusal

FRESH_NS: Final = 16_000_000_000
"""So long after the decision an entry may be sent again. That it never arrived is known after 6 s at the earliest, and
the answer may take a few tries when the venue is in trouble; an event that is older is no news any more."""
AGAIN: Final = ":again"


class Resend:
    """Decides what becomes of an order that the venue never had."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading

    def on_lost(self, order: Order) -> None:
        """Take an order that is known not to have arrived: send it once more, or tell people why not."""
        name, why = order.approved.client_order_id, self._why_not(order)
        if not why:
            strategy = self._strategy(order)
            request = self._request(order, strategy)
            self._trading.last_hop.cause_in(request.cause_id)
            result = self._trading.submit(request, strategy)
            if not isinstance(result, Refusal):
                self._follow(name, result.client_order_id)
                words = f"Order {name} never reached the venue. It is sent once more, priced anew, as"
                self._trading.notice("warning", "ORDER_LOST", f"{words} {result.client_order_id}.")
                return
            why = f"{result}. {result.advice}"
        self._trading.notice("warning", "ORDER_LOST", f"Order {name} never reached the venue. Not sent again: {why}")

    def _why_not(self, order: Order) -> str:
        """Say why an order is not sent again; empty where it may be."""
        trading, approved = self._trading, order.approved
        kind, _, rest = approved.cause_id.partition(":")
        if approved.reduce_only:
            return "what is held can still be closed; a stop or target is tried again by itself."
        if rest.endswith(AGAIN):
            return "this was the second try already. Decide anew."
        if kind == "stock":
            return "what is missing of it is bought with a later look."
        if kind == "circle":
            return "what was bought for its circle is sold for money."
        if kind == "pair":
            return "what its pair lacks is made up for at the present price."
        if kind not in ("signal", "proposal"):
            return "a command is carried out once. Type it again if you still want it."
        if trading.now_ns - approved.ts_ns > FRESH_NS:
            return "what caused it is too old by now. Decide anew."
        strategy = approved.origin.removeprefix("strategy:")
        if kind == "signal" and trading.modes.effective(strategy) is not Mode.AUTO:
            return f"{strategy} may not act by itself any more."
        proposal = trading.proposals.of_client_order(approved.client_order_id)
        if proposal is not None and trading.stories.is_denied(proposal.signal.story_id):
            return "the story that caused it was denied."
        return self._why_moved(order)

    def _why_moved(self, order: Order) -> str:
        market, ref_ticks = self._trading.markets[order.approved.symbol], order.approved.ref_ticks
        limit_pct = self._trading.gate.limits_of(order.approved.symbol, self._strategy(order)).collar_pct
        move_pct = 100.0 * (market.ask_ticks / ref_ticks - 1.0)
        if abs(move_pct) <= limit_pct:
            return ""
        return f"C4_PRICE_COLLAR: limit={limit_pct:.2f}% move={move_pct:+.2f}% since it was decided. Decide anew."

    def _strategy(self, order: Order) -> str:
        """Say whose signal led to an order, by itself or through somebody's click on its alert."""
        proposal = self._trading.proposals.of_client_order(order.approved.client_order_id)
        return proposal.signal.strategy if proposal else order.approved.origin.removeprefix("strategy:")

    def _request(self, order: Order, strategy: str) -> OrderRequest:
        """Word the entry anew at the present price, stop and target as far away as they were, and not larger."""
        trading, approved = self._trading, order.approved
        facts = trading.facts(approved.symbol, "", strategy)
        stop, target = moved_levels(facts.ask_ticks, approved.ref_ticks, approved.stop_ticks, approved.target_ticks)
        # Where there is less room than before the gate sizes it (0), and says which limit is in the way if one is.
        has_room = trading.gate.entry_lots(facts.ask_ticks, stop, facts) >= approved.qty_lots
        lots = approved.qty_lots if has_room else 0
        cause, origin = approved.cause_id + AGAIN, approved.origin
        return trading.entry(approved.symbol, cause, origin, lots, stop, target, approved.plan)

    def _follow(self, lost: str, again: str) -> None:
        """Let the alert that led to the order show what becomes of the second try."""
        proposal = self._trading.proposals.of_client_order(lost)
        if proposal is not None:
            proposal.client_order_id = again
            self._trading.write(decided(proposal, self._trading.now_ns))
