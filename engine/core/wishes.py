"""Words what a person wants as a request to the gate: from a typed order, or from a click on an alert."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from engine.core.amounts import Unclear, buy_lots, distance, exit_plan, sell_lots
from engine.core.authority import origin_of
from engine.core.entries import LONGEST_S
from engine.core.facts import Facts
from engine.core.instrument import exit_levels, moved_levels, parse_e8
from engine.core.offers import too_low
from engine.core.plan import plan_of
from engine.core.proposals import Proposal
from engine.core.queries import Roster
from engine.core.symbols import find_symbol
from engine.core.trading import Trading
from engine.core.types import OrderRequest, OrderType, Refusal, Side, Symbol
from engine.wire import commands
from engine.wire.commands import Amount, ByHand, Shown

_LARGEST_TICKS: Final = 1 << 40


class Wish(NamedTuple):
    """A request, what has changed since the person looked, and what bars it before the gate is asked."""

    request: OrderRequest
    changes: tuple[str, ...] = ()
    gone: Refusal | None = None
    """The price has left what the person saw."""
    proposal: Proposal | None = None

    @property
    def strategy(self) -> str:
        """Whose signal it is, whoever decided about it; empty where it is nobody's but the person's."""
        return self.proposal.signal.strategy if self.proposal else ""


class Wishes:
    """Makes a wish of an order by hand; changes nothing."""

    def __init__(self, trading: Trading, roster: Roster) -> None:
        self._trading = trading
        self._roster = roster

    def of(self, order: ByHand) -> Wish:
        """Word an order as it would be now; raises Unclear for what can't be meant, or was decided already."""
        if isinstance(order, commands.Buy):
            return Wish(self._buy(order))
        return self._sell(order) if isinstance(order, commands.Sell) else self._click(order)

    def confirmed(self, order: ByHand, shown: Shown) -> Wish:
        """Word an order that was previewed: at the present price, never larger than shown; says what changed."""
        wish = self.of(order)
        request, market = wish.request, self._trading.markets[wish.request.symbol]
        try:
            lots, ticks = market.instrument.qty_lots(shown.qty), market.instrument.price_ticks(shown.price)
        except ValueError:
            raise Unclear("CHANGED", "What was shown is not of this market any more: type it again.") from None
        now_ticks = market.ask_ticks if request.side is Side.BUY else market.bid_ticks
        sized = self._size_now(request)
        capped = min(sized, lots) if sized and lots else lots
        age_s = (self._trading.now_ns - shown.ts_ns) / 1e9
        changes = [f"preview {age_s:.0f} s old"]
        if ticks > 0 and now_ticks > 0:
            changes.append(f"price {100.0 * (now_ticks / ticks - 1.0):+.2f} %")
        if lots and capped < lots:
            changes.append(f"size cut {100.0 * (1.0 - capped / lots):.1f} %")
        gone = wish.gone or self._left(ticks, shown.ts_ns, request, "preview", wish.strategy)
        return Wish(msgspec.structs.replace(request, qty_lots=capped), tuple(changes), gone, wish.proposal)

    def symbol(self, text: str) -> Symbol:
        """Find what a person means by ``eth``, ``ETH/USDT`` or ``ETHUSDT`` among what is traded; raises Unclear."""
        return find_symbol(text, self._trading.markets, self._trading.config.quote_asset)

    def open_proposal(self, click: commands.Decide) -> Proposal:
        """Find what was clicked on; raises Unclear where it expired, was decided, or is not what the person saw."""
        proposal, now_ns = self._trading.proposals.get(click.proposal_id), self._trading.now_ns
        if proposal is None:
            raise Unclear("EXPIRED", "This alert is too old to be known here: nothing was done.")
        if proposal.state == "expired" or (proposal.is_open and now_ns >= proposal.expires_ns):
            raise Unclear("EXPIRED", "This alert has expired, and expiring means no: nothing was done.")
        if not proposal.is_open:
            raise Unclear("ALREADY_DECIDED", f"Already decided: {proposal.outcome}. Nothing more was done.")
        if proposal.fingerprint != click.fingerprint:
            raise Unclear("CHANGED", "What is proposed has changed since this message: look at the newest one.")
        return proposal

    def _buy(self, order: commands.Buy) -> OrderRequest:
        symbol, limits = self.symbol(order.symbol), self._trading.config.limits
        stop_pct = distance("stop", order.stop_pct, limits.default_stop_pct, 99.0)
        target_pct = distance("target", order.target_pct, limits.default_target_pct, 1000.0)
        exits = exit_plan(order.exits, self._trading.config.by_hand, target_pct)
        facts = self._trading.facts(symbol)
        if order.good_s is not None and not 0.0 < order.good_s <= LONGEST_S:
            raise Unclear("BAD_AMOUNT", f"An entry may rest for up to {LONGEST_S / 86_400:.0f} days.")
        limit = _limit(order.limit_price, facts, is_up=False)
        lots = buy_lots(order.amount, facts, self._trading.gate, limit)
        stop, target = exit_levels(limit or facts.ask_ticks, stop_pct, target_pct if exits.target else 0.0)
        by = origin_of(order.who)
        request = self._trading.entry(symbol, cause_of(order), by, lots, stop, target, plan_of(exits))
        return msgspec.structs.replace(request, order_type=OrderType.LIMIT, limit_ticks=limit) if limit else request

    def _sell(self, order: commands.Sell) -> Wish:
        symbol, trading = self.symbol(order.symbol), self._trading
        facts = trading.facts(symbol)
        limit = _limit(order.limit_price, facts, is_up=True)
        lots = sell_lots(order.amount, facts, limit)
        request = trading.reduction(symbol, cause_of(order), origin_of(order.who), lots)
        if not limit:
            return Wish(request)
        request = msgspec.structs.replace(request, order_type=OrderType.LIMIT, limit_ticks=limit)
        return Wish(request, gone=too_low(request, trading))

    def _click(self, click: commands.Decide) -> Wish:
        proposal = self.open_proposal(click)
        if proposal.legs is not None:
            raise Unclear("BAD_REQUEST", f"A {proposal.legs} is taken as it is, with one click: nothing to size.")
        if click.choice == "sell":
            symbol = proposal.signal.symbol
            lots = sell_lots(click.amount, self._trading.facts(symbol)) if click.amount else 0
            request = self._trading.reduction(symbol, cause_of(click), origin_of(click.who), lots)
            return Wish(
                request, ("selling a part of what is held" if lots else "selling all that is held",), None, proposal
            )
        if proposal.signal.side is not Side.BUY:
            symbol = proposal.signal.symbol
            raise Unclear("BAD_REQUEST", f"This alert proposes to sell; to buy, type /buy {symbol} AMOUNT.")
        return self._repriced(proposal, cause_of(click), origin_of(click.who), click.amount)

    def automatic(self, proposal: Proposal) -> Wish:
        """Word what a strategy orders by itself once its veto window is over; raises Unclear where it has no size."""
        signal = proposal.signal
        return self._repriced(proposal, f"signal:{signal.signal_id}", f"strategy:{signal.strategy}", None)

    def _repriced(self, proposal: Proposal, cause: str, by: str, amount: Amount | None) -> Wish:
        """Word a proposal's entry anew at the present price, its stop and target as far away as they were."""
        signal, trading = proposal.signal, self._trading
        facts = trading.facts(signal.symbol, "", signal.strategy)
        if facts.ask_ticks <= 0:
            return Wish(trading.entry(signal.symbol, cause, by, 0, 0, 0), (), None, proposal)
        stop, target = moved_levels(facts.ask_ticks, signal.price_ticks, signal.stop_ticks, signal.target_ticks)
        if amount is not None:
            lots = buy_lots(amount, facts, trading.gate)
        else:
            sizing = self._roster.configs[signal.strategy].sizing
            lots, not_sized = trading.size(sizing, signal.strategy, signal.symbol, facts.ask_ticks, stop)
            if not_sized:
                raise Unclear("NO_SIZE", f"{not_sized}.")
        move_pct = 100.0 * (facts.ask_ticks / signal.price_ticks - 1.0)
        changes = [f"alert {(trading.now_ns - proposal.opened_ns) / 1e9:.0f} s old", f"price {move_pct:+.2f} %"]
        if proposal.lots and lots != proposal.lots:
            change = 100.0 * (lots / proposal.lots - 1.0)
            changes.append(f"size {'cut' if change < 0 else 'raised'} {abs(change):.1f} %")
        plan = plan_of(self._roster.configs[signal.strategy].exits)
        request = trading.entry(signal.symbol, cause, by, lots, stop, target, plan)
        gone = self._left(signal.price_ticks, signal.ts_ns, request, "alert", signal.strategy)
        return Wish(request, tuple(changes), gone, proposal)

    def _left(self, then_ticks: int, then_ns: int, request: OrderRequest, what: str, strategy: str) -> Refusal | None:
        """Say whether the price left the collar around what was shown; without a price the gate says so."""
        market = self._trading.markets[request.symbol]
        if market.ask_ticks <= 0 or then_ticks <= 0 or request.side is Side.SELL:
            return None  # one must always be able to get out
        limit_pct = self._trading.gate.limits_of(request.symbol, strategy).collar_pct
        if abs(market.ask_ticks - then_ticks) <= int(then_ticks * limit_pct / 100.0):  # as the gate's collar does
            return None
        move_pct = 100.0 * (market.ask_ticks / then_ticks - 1.0)
        ref, age_s = market.instrument.price_text(then_ticks), (self._trading.now_ns - then_ns) / 1e9
        detail = f"limit={limit_pct:.2f}% move={move_pct:+.2f}% ref={ref} age={age_s:.1f}s since the {what}"
        return Refusal("C4_PRICE_COLLAR", detail, f"Nothing was done: the {what}'s price is gone.")

    def _size_now(self, request: OrderRequest) -> int:
        """Return what a request without a size would come to: for a sale all that can be sold."""
        if request.qty_lots or request.side is Side.BUY:
            return request.qty_lots
        is_at_market = request.order_type is OrderType.MARKET
        count = self._trading.sellable_lots if is_at_market else self._trading.unoffered_lots
        return max(count(request.symbol), 0)


def _limit(price: str, facts: Facts, *, is_up: bool) -> int:
    """Read a limit in ticks, rounded to one; 0 where none was said; raises Unclear for what none can be."""
    if not price:
        return 0
    tick_e8 = facts.instrument.tick_e8
    try:
        ticks = (parse_e8(price) + (tick_e8 - 1 if is_up else 0)) // tick_e8
    except ValueError as error:
        raise Unclear("BAD_AMOUNT", f"{error}: say a limit like limit=2500.") from None
    if not 0 < ticks < _LARGEST_TICKS:
        raise Unclear("BAD_AMOUNT", f"{price} is no price that {facts.instrument.symbol} can have.")
    return ticks


def cause_of(order: ByHand) -> str:
    """Name the cause of an order by hand: one order for each typed command, and one for each alert."""
    return f"proposal:{order.proposal_id}" if isinstance(order, commands.Decide) else f"command:{order.id}"
