"""Orders by hand: previewed, given, confirmed, and seconded; each passes the same gate as a strategy's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from engine.core import queries
from engine.core.amounts import Unclear, refused
from engine.core.approvals import Approvals, shown_now
from engine.core.authority import Authority, origin_of
from engine.core.entries import Entries
from engine.core.instrument import E8, money_words
from engine.core.missed import MissedProposals
from engine.core.offers import Offers, tell_held_here, what_happens
from engine.core.preview import fingerprint, preview_view
from engine.core.proposal_records import decided
from engine.core.proposals import LegsWord, Proposal
from engine.core.queries import Roster
from engine.core.sales import pieces
from engine.core.trading import Trading
from engine.core.types import ApprovedOrder, OrderRequest, Refusal, Side, TimeInForce
from engine.core.views import order_view, proposal_view
from engine.core.wishes import Wish, Wishes, cause_of
from engine.wire import commands, events, replies
from engine.wire.commands import ByHand, Who
from engine.wire.pairs import ClosePair
from engine.wire.replies import Reply
from engine.wire.views import OrderView

_STILL_IN: Final = "still inside the gate"


class Hand:
    """What people order, one method for each way; a refused click or confirmation may be tried again."""

    def __init__(self, trading: Trading, roster: Roster) -> None:
        self._trading = trading
        self._roster = roster
        self._config = trading.config.people
        self.wishes = Wishes(trading, roster)
        self.authority = Authority(trading)
        self.approvals = Approvals(trading)
        self.missed = MissedProposals(trading)
        self.entries = Entries(trading)
        self.offers = Offers(trading)
        self.take_legs: dict[LegsWord, Callable[[commands.Decide], Reply]] = {"pair": _no_pairs, "circle": _no_circles}
        """Takes all legs of a pair, where there is a second venue, or of a circle, where three symbols are named."""
        self.close_legs: dict[LegsWord, Callable[[ClosePair], Reply]] = {"pair": _no_pairs, "circle": _no_circles}
        """Closes one beyond its loss limit."""

    def look(self) -> None:
        """Look after what rests at people's limits: entries and sales."""
        self.entries.look()
        self.offers.look()

    def on_typed(self, order: commands.Buy | commands.Sell) -> Reply:
        """Give an order as it was typed."""
        return self._give(order.id, order, self.wishes.of(order))

    def on_decide(self, click: commands.Decide) -> Reply:
        """Take a click on an alert: dismiss it, or order what it proposes at the present price."""
        known = self._trading.proposals.get(click.proposal_id)
        if click.choice != "dismiss" and known is not None and known.legs is not None:
            return self.take_legs[known.legs](click)
        if click.choice != "dismiss":
            return self._give(click.id, click, self.wishes.of(click))
        proposal = self.wishes.open_proposal(click)
        proposal.decided_by, proposal.state = origin_of(click.who), "dismissed"
        proposal.outcome = f"{'vetoed' if proposal.goes else 'dismissed'} by {click.who.name}"
        self.tell(proposal)
        return Reply(click.id, True, "OK", "Dismissed.", self.taken(proposal, (), None))

    def on_close_pair(self, command: ClosePair) -> Reply:
        """Close a pair or a circle beyond its loss limit."""
        return self.close_legs["circle" if command.pair.startswith("circle") else "pair"](command)

    def on_preview(self, question: commands.Preview) -> Reply:
        """Say what an order would be and what the gate says to it; nothing is changed by asking."""
        order, trading = question.order, self._trading
        try:
            self.authority.check(order)
            wish = self.wishes.of(order)
        except Unclear as unclear:
            return refused(question.id, unclear)
        request, expires_ns = wish.request, trading.now_ns + int(self._config.preview_s * 1e9)
        if wish.proposal is not None:
            expires_ns = min(expires_ns, wish.proposal.expires_ns)
        tried = wish.gone or self._try(wish)
        takes_two = is_small = False
        if isinstance(tried, ApprovedOrder):
            takes_two = self.authority.takes_two(tried)
            is_small = 0 < self.authority.cost_e8(tried) <= int(self._config.one_step_quote * E8)
            code, sentence = self.authority.why_too_much(order.who, tried)
            tried = Refusal(code, sentence, "") if code else tried
        market, fee_pct = trading.markets[request.symbol], self._config.fee_pct
        note = what_happens(request, trading)
        view = preview_view(order, request, tried, market, trading.now_ns, expires_ns, fee_pct, note)
        view = msgspec.structs.replace(view, needs_second=takes_two, is_one_step=is_small and view.code == "OK")
        return Reply(question.id, True, "OK", "; ".join(wish.changes), view)

    def on_confirm(self, command: commands.Confirm) -> Reply:
        """Give the order that was previewed, if it is the same person, the same order and still in time."""
        order, shown = command.order, command.shown
        if (order.who.door, order.who.user_id) != (command.who.door, command.who.user_id):
            raise Unclear("NOT_YOURS", f"Only {order.who.name} may confirm this, who asked for it. Nothing was done.")
        if fingerprint(order, shown) != command.fingerprint:
            raise Unclear("CHANGED", "This is not what was shown: type it again. Nothing was done.")
        if self._trading.was_ordered(cause_of(order)):
            raise Unclear("ALREADY_DECIDED", "This was ordered already. Nothing more was done.")
        if self._trading.now_ns >= shown.ts_ns + int(self._config.preview_s * 1e9):
            raise Unclear("EXPIRED", "This preview is too old by now: type it again. Nothing was done.")
        return self._give(command.id, order, self.wishes.confirmed(order, shown))

    def on_approve(self, command: commands.Approve) -> Reply:
        """Take the second person's yes or no; on a yes everything is looked at again, the first person too."""
        approval = self.approvals.waiting(command.approval_id, command.fingerprint)
        first, second = approval.order.who, command.who
        if not command.is_yes:
            self.approvals.end(approval, "declined", origin_of(second), f"declined by {second.name}")
            return Reply(command.id, True, "OK", "Declined.", shown_now(approval))
        if self.authority.is_same(first, second):
            raise Unclear("NOT_SECOND", "It takes a second person, and you are the first. Nothing was done.")
        self.authority.check(approval.order)
        wish = self.wishes.confirmed(approval.order, approval.shown)
        reply = self._give(command.id, approval.order, wish, second)
        if not reply.ok:
            return reply
        name = _name_of(reply)
        self.approvals.end(approval, "approved", origin_of(second), f"approved by {second.name}: {reply.text}", name)
        return reply

    def tell(self, proposal: Proposal) -> None:
        """Write down and publish that a proposal was decided or expired, or what came of it."""
        now_ns, config = self._trading.now_ns, self._roster.configs[proposal.signal.strategy]
        self._trading.write(decided(proposal, now_ns))
        if proposal.state in ("expired", "dismissed") and proposal.kind != "arbitrage":
            self.missed.begin(proposal)
        instrument = self._trading.markets[proposal.signal.symbol].instrument
        self._trading.publish(
            lambda: events.ProposalClosed(ts_ns=now_ns, proposal=proposal_view(proposal, config, instrument, ""))
        )

    def _give(self, command_id: str, order: ByHand, wish: Wish, second: Who | None = None) -> Reply:
        """Pass a wish through the amounts of its person, the second person's eyes where it takes two, and the gate."""
        result = self._trading.refuse(wish.request, wish.gone) if wish.gone else self._try(wish)
        if isinstance(result, ApprovedOrder):
            for who in filter(None, (order.who, second)):
                code, sentence = self.authority.why_too_much(who, result)
                if code:
                    raise Unclear(code, sentence)
            if second is None and self.authority.takes_two(result):
                return self._wait(command_id, order, wish, result)
        if not wish.gone:
            result = self.submit(wish.request, wish.strategy)
        if isinstance(result, Refusal):
            taken = self.taken(wish.proposal, wish.changes, None) if wish.proposal else None
            return Reply(command_id, False, result.code, f"{result}. {result.advice}", taken)
        if isinstance(order, commands.Buy) and order.limit_price:
            self.entries.expect(result.client_order_id, order.good_s)
        elif isinstance(order, commands.Sell) and order.limit_price:
            tell_held_here(wish.request, self._trading)
        return self._given(command_id, order, wish, result, second)

    def _given(self, command_id: str, order: ByHand, wish: Wish, result: ApprovedOrder, second: Who | None) -> Reply:
        changes = (*wish.changes, _STILL_IN) if wish.changes else ()
        if wish.proposal is None or not isinstance(order, commands.Decide):
            placed = replies.OrderPlaced(self.order_views(result))
            changed = "; ".join(changes)
            words = f"{self._words(result)} {changed[0].upper()}{changed[1:]}." if changed else self._words(result)
            return Reply(command_id, True, "OK", words, placed)
        proposal, also = wish.proposal, f", {second.name} approved" if second else ""
        proposal.state = "bought" if order.choice == "buy" else "sold"
        proposal.decided_by, proposal.client_order_id = origin_of(order.who), result.client_order_id
        clicked = f"{order.who.name} clicked {order.choice.capitalize()}{also}"
        proposal.outcome = f"{clicked}; the order is on its way"
        self.tell(proposal)
        return Reply(command_id, True, "OK", "; ".join(changes), self.taken(proposal, changes, result))

    def _wait(self, command_id: str, order: ByHand, wish: Wish, tried: ApprovedOrder) -> Reply:
        approval = self.approvals.open(order, wish, tried)
        cost = f"{money_words(self.authority.cost_e8(tried))} {self._trading.config.quote_asset}"
        text = f"This may cost {cost}, so it waits for a second person's yes. Nothing was ordered yet."
        return Reply(command_id, True, "WAITS", text, shown_now(approval))

    def _try(self, wish: Wish) -> ApprovedOrder | Refusal:
        """Ask the gate, as ``Trading.submit`` does, and do nothing with its answer."""
        request = wish.request
        return self._trading.gate.check(request, self._trading.facts(request.symbol, request.cause_id, wish.strategy))

    def submit(self, request: OrderRequest, strategy: str = "") -> ApprovedOrder | Refusal:
        """Ask for an order; that a person wants it is what lets it leave (C15)."""
        self._trading.last_hop.cause_in(request.cause_id)
        result = self._trading.submit(request, strategy)
        if isinstance(result, ApprovedOrder):
            self.authority.count(result)
        return result

    def order_views(self, first: ApprovedOrder) -> tuple[OrderView, ...]:
        """Show the order that an approval became, or the pieces that a sale was cut into."""
        cut = pieces(first, self._trading.orders)
        return tuple(order_view(order, self._trading.instrument(order)) for order in cut)

    def taken(self, proposal: Proposal, changes: Sequence[str], result: ApprovedOrder | None) -> replies.ProposalTaken:
        """Show a proposal as it was decided, with what changed until then and its order."""
        config = self._roster.configs[proposal.signal.strategy]
        instrument = self._trading.markets[proposal.signal.symbol].instrument
        view = proposal_view(proposal, config, instrument, queries.warning(self._trading))
        return replies.ProposalTaken(view, tuple(changes), self.order_views(result)[0] if result else None)

    def _words(self, result: ApprovedOrder) -> str:
        instrument = self._trading.markets[result.symbol].instrument
        verb = "Buying" if result.side is Side.BUY else "Selling"
        lots = sum(order.approved.qty_lots for order in pieces(result, self._trading.orders))
        text = f"{verb} {instrument.qty_text(lots)} {instrument.base_asset}"
        if result.time_in_force is TimeInForce.GTC:
            price = f"{instrument.price_text(result.price_ticks)} {instrument.quote_asset}"
            if result.side is Side.SELL:
                return f"{text} at {price} or more: it rests until it fills or is cancelled."
            return f"{text} at {price} or less: it rests until it fills, its time is over, or trading is halted."
        return (
            f"{text} at the market, {instrument.price_text(result.price_ticks)} {instrument.quote_asset} at the worst."
        )

    def placed(self, command_id: str, result: ApprovedOrder | Refusal) -> Reply:
        """Answer with what became of a request that has no preview: a close."""
        if isinstance(result, Refusal):
            return Reply(command_id, False, result.code, f"{result}. {result.advice}")
        return Reply(command_id, True, "OK", self._words(result), replies.OrderPlaced(self.order_views(result)))


def _no_pairs(command: commands.Decide | ClosePair) -> Reply:
    raise Unclear("NOT_READY", "The second venue is not connected: a pair can't be traded. Nothing was done.")


def _no_circles(command: commands.Decide | ClosePair) -> Reply:
    raise Unclear("NOT_READY", "No circle is traded here: name its symbols in strategies.arbitrage. Nothing was done.")


def _name_of(reply: Reply) -> str:
    """Return the name of the order that a reply tells of."""
    result = reply.result
    if isinstance(result, replies.OrderPlaced):
        return result.orders[0].client_order_id
    order = result.order if isinstance(result, replies.ProposalTaken) else None
    return order.client_order_id if order else ""
