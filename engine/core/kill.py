"""The kill switch (C11): halts, cancels what is open, sells what is held where that is asked, and latches.

It goes on until the venue confirms: each timer cancels again what is still open and sells the next slice, and it is
done only when the venue's own list of open orders, asked for after the last change, has none of ours left. It stands
guard until the reset: whatever of ours turns up as open later, a request that arrived late for example, goes too.

Without flattening only what buys is cancelled: sales that rest at the venue protect what is held, and stay.
"""

from __future__ import annotations

from itertools import count
from typing import Final

from engine.core import risk
from engine.core.account import AccountSnapshot
from engine.core.actions import Cancel
from engine.core.instrument import money_text
from engine.core.orders import Order
from engine.core.safeguard_records import Killed, KillReset
from engine.core.trading import Trading
from engine.core.types import ORDER_PREFIX, ClientOrderId, OrderState, Refusal, Side, Symbol, TimeInForce
from engine.wire import events
from engine.wire.commands import Kill, ResetKill, Who
from engine.wire.replies import Reply
from engine.wire.safeguard_views import KillSymbolView, KillView

AGAIN_NS: Final = 1_000_000_000
"""A cancel that the venue has not confirmed is asked for again after this, and a sale that did not work."""
TELL_NS: Final = 5_000_000_000
"""So long after the kill, if it is not done by then, people are told what is left; and then once a minute."""
TELL_AGAIN_NS: Final = 60_000_000_000
ORIGIN: Final = "exit:kill"
"""Of the sales: the round trips that they close ended by ``kill``."""


class KillSwitch:
    """Does what the latch says, for as long as it is on."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._asked_ns: dict[ClientOrderId, int] = {}
        """When a cancel of each open order was last asked for."""
        self._slices: dict[Symbol, Order] = {}
        """The last sale of each symbol."""
        self._refused: dict[Symbol, tuple[int, str]] = {}
        """When the gate last refused a sale, and why."""
        self._is_done = True
        self._tell_ns = 0

    @property
    def is_waiting(self) -> bool:
        """True while the venue has not confirmed that nothing is left."""
        return self._trading.latch.is_on and not self._is_done

    def on_kill(self, command: Kill, symbol: str) -> Reply:
        """Halt, latch and begin; an empty ``symbol`` takes all. Reply with the report as of now."""
        trading, by = self._trading, _by(command.who)
        if not trading.latch.has(symbol, flatten=command.flatten):
            killed = Killed(by, command.reason.strip(), Symbol(symbol), command.flatten, trading.now_ns)
            trading.latch.take(killed)
            trading.write(killed)
        trading.halt(by, trading.latch.words)
        self.go_on()
        self._work()
        view = self.view()
        text = "Trading is killed: halted until an admin resets it."
        still_open = sum(line.still_open for line in view.symbols)
        text += f" Cancelling {still_open} open order{'' if still_open == 1 else 's'}"
        text += ", and selling what is held, in slices." if command.flatten else "; what is held stays, and its exits."
        return Reply(command.id, True, "OK", text, view)

    def on_reset(self, command: ResetKill) -> Reply:
        """Let the latch go, for a reason; trading stays halted."""
        trading, by, reason = self._trading, _by(command.who), command.reason.strip()
        if not trading.latch.is_on:
            words = "The kill switch is not latched: there is nothing to reset."
            return Reply(command.id, False, "NOT_FOUND", words)
        if not reason:
            words = f"Say why it may be reset ({trading.latch.words}): kill reset REASON."
            return Reply(command.id, False, "BAD_REQUEST", words)
        trading.latch.reset()
        trading.write(KillReset(by, reason, trading.now_ns))
        trading.halt(by, f"the kill was reset: {reason}")
        return Reply(command.id, True, "OK", "The kill switch is reset. Trading is halted still: /resume arms it.")

    def go_on(self) -> None:
        """Begin the work of the latch anew: at a kill, and after a restart."""
        if self._trading.latch.is_on:
            self._asked_ns.clear()
            self._refused.clear()
            self._is_done, self._tell_ns = False, self._trading.now_ns + TELL_NS
            self._trading.halt_reason = self._trading.latch.words

    def look(self) -> None:
        """Go on with what is left; called by the timer, some ten times a second."""
        trading = self._trading
        if not trading.latch.is_on:
            return
        self._work()
        if self._is_done and self._is_anything_left():
            self._is_done, self._tell_ns = False, trading.now_ns + TELL_NS
        if not self._is_done and trading.now_ns >= self._tell_ns:
            self._tell_ns = trading.now_ns + TELL_AGAIN_NS
            self._tell()
            words = "The kill switch is not done: the venue has not confirmed it yet. See its report."
            trading.notice("critical", "C11_INCOMPLETE", words)

    def on_account(self, account: AccountSnapshot) -> None:
        """Take the venue's word of what is open: nothing of it, asked for after the last change, and it is done."""
        if not self.is_waiting or self._is_anything_left():
            return
        changes = (order.changed_ns for order in self._trading.orders if self._is_meant(order))
        last_ns = max(changes, default=self._trading.latch.since_ns)
        still_there = any(self._is_listed(r.client_order_id, r.symbol, r.side) for r in account.open_orders)
        if not still_there and (account.ts_asked_ns or account.ts_recv_ns) > last_ns:
            self._is_done = True
            self._tell()

    def view(self) -> KillView:
        """Report what was done and what is left, symbol by symbol."""
        latch, symbols = self._trading.latch, self._trading.markets
        lines = (self._line(symbol) for symbol in symbols if latch.cancels(symbol))
        told = tuple(line for line in lines if line is not None)
        flatten = any(latch.flattens(symbol) for symbol in symbols)
        return KillView(latch.by, latch.words, flatten, not self.is_waiting, told)

    # ------------------------------------------------------------------ cancelling and selling

    def _work(self) -> None:
        trading = self._trading
        for order in trading.orders.working():
            if self._is_meant(order) and _rests(order) and not self._makes_way(order):
                self._cancel(order)
        for symbol in tuple(trading.portfolio.open):
            if trading.latch.flattens(symbol):
                self._sell(symbol)

    def _makes_way(self, order: Order) -> bool:
        """Say whether an order protects what is about to be sold: the sale's own request cancels it, and not before."""
        resting, symbol = self._trading.resting, order.approved.symbol
        is_needed = resting.is_frozen or self._slice_lots(symbol) > 0
        return order.approved.client_order_id in resting and is_needed

    def _cancel(self, order: Order) -> None:
        name, now_ns = order.approved.client_order_id, self._trading.now_ns
        if now_ns - self._asked_ns.get(name, -AGAIN_NS) >= AGAIN_NS:
            self._asked_ns[name] = now_ns
            self._trading.do(Cancel(order.approved.symbol, name))

    def _sell(self, symbol: Symbol) -> None:
        """Sell the next slice, once the last one has ended."""
        trading, lots = self._trading, self._slice_lots(symbol)
        if not lots or self._is_pausing(symbol):
            return
        cause = self._cause(symbol)
        trading.last_hop.cause_in(cause)
        result = trading.submit(trading.reduction(symbol, cause, ORIGIN, lots))
        if isinstance(result, Refusal):
            self._refused[symbol] = trading.now_ns, str(result)
        else:
            self._slices[symbol] = trading.orders.of(result)
            self._refused.pop(symbol, None)

    def _slice_lots(self, symbol: Symbol) -> int:
        """Return how much to sell at once: what one order may be (C2), and no rest that the venue would not take.

        0 where nothing can be sold: there is no price, or too little is left.
        """
        trading, market = self._trading, self._trading.markets[symbol]
        sellable, it, bid_ticks = trading.unoffered_lots(symbol), market.instrument, market.bid_ticks
        if bid_ticks <= 0 or sellable < (least := risk.least_lots(bid_ticks, market)):
            return 0
        most_e8 = int(trading.equity_e8() * trading.gate.limits_of(symbol).max_order_pct / 100.0)
        if it.max_notional_e8:
            most_e8 = min(most_e8, it.max_notional_e8 // 2)
        lots = min(it.lots_for_quote(most_e8, bid_ticks), it.max_qty_lots // 2)
        lots = min(max(lots, least), sellable)
        return sellable if sellable - lots < least else lots

    def _is_pausing(self, symbol: Symbol) -> bool:
        """Say whether the last slice is still under way, or came to nothing a moment ago."""
        now_ns, last = self._trading.now_ns, self._slices.get(symbol)
        if symbol in self._refused and now_ns - self._refused[symbol][0] < AGAIN_NS:
            return True
        if last is None or last.filled_lots:
            return last is not None and not last.is_settled
        return last.is_open or now_ns - last.sent_ns < AGAIN_NS

    def _cause(self, symbol: Symbol) -> str:
        """Name the next slice: the first number that no order bears, those before a restart included."""
        names = (f"{self._causes(symbol)}{number}" for number in count())
        return next(name for name in names if not self._trading.was_ordered(name))

    def _causes(self, symbol: Symbol) -> str:
        return f"kill:{self._trading.latch.since_ns}:{symbol}:"

    # ------------------------------------------------------------------ what is left

    def _is_meant(self, order: Order) -> bool:
        """Say whether an order has to go: what buys, and where it is flattened what else rests; not our own sales."""
        approved, latch = order.approved, self._trading.latch
        if approved.side is Side.BUY:
            return latch.cancels(approved.symbol)
        return latch.flattens(approved.symbol) and not approved.cause_id.startswith("kill:")

    def _is_listed(self, name: str, symbol: Symbol, side: Side) -> bool:
        """Say whether an order in the venue's list is ours and has to go; one that the journal doesn't know too."""
        latch = self._trading.latch
        has_to_go = latch.cancels(symbol) if side is Side.BUY else latch.flattens(symbol)
        return has_to_go and (name.startswith(ORDER_PREFIX) or self._trading.orders.is_known(name))

    def _is_anything_left(self) -> bool:
        trading = self._trading
        if any(self._is_meant(order) for order in trading.orders.unsettled()):
            return True
        return any(trading.latch.flattens(symbol) and self._is_sellable(symbol) for symbol in trading.portfolio.open)

    def _is_sellable(self, symbol: Symbol) -> bool:
        """Say whether more of a position can be sold: also what is being sold, and where there is no price yet."""
        market, held = self._trading.markets[symbol], self._trading.portfolio.position_lots(symbol)
        is_selling = any(order.approved.symbol == symbol for order in self._trading.orders.unsettled())
        return is_selling or market.bid_ticks <= 0 or held >= risk.least_lots(market.bid_ticks, market)

    # ------------------------------------------------------------------ telling

    def _tell(self) -> None:
        now_ns, view = self._trading.now_ns, self.view()
        self._trading.publish(lambda: events.KillReported(ts_ns=now_ns, kill=view))

    def _line(self, symbol: Symbol) -> KillSymbolView | None:
        """Report on one symbol; None where there was nothing to do and nothing is left."""
        trading, it = self._trading, self._trading.markets[symbol].instrument
        meant = [order for order in trading.orders if order.approved.symbol == symbol and self._is_touched(order)]
        sales = [order for order in trading.orders if order.approved.cause_id.startswith(self._causes(symbol))]
        working = [order for order in trading.orders.working() if order.approved.symbol == symbol]
        resting = sum(not self._is_meant(o) and _rests(o) for o in working)
        held = trading.portfolio.position_lots(symbol)
        if not (meant or sales or resting or held):
            return None
        still_open = sum(order.is_open for order in meant)
        return KillSymbolView(
            symbol=symbol,
            base_asset=it.base_asset,
            quote_asset=it.quote_asset,
            cancelled=sum(order.state in (OrderState.CANCELED, OrderState.EXPIRED) for order in meant),
            filled=sum(order.state is OrderState.FILLED for order in meant),
            still_open=still_open,
            resting_sales=resting,
            sold_qty=it.qty_text(sum(order.filled_lots for order in sales)),
            sold_quote=money_text(sum(order.cum_quote_e8 for order in sales)),
            held_qty=it.qty_text(held),
            why=self._why_left(symbol, still_open, held),
        )

    def _is_touched(self, order: Order) -> bool:
        return self._is_meant(order) and (order.is_open or order.changed_ns >= self._trading.latch.since_ns)

    def _why_left(self, symbol: Symbol, still_open: int, held: int) -> str:
        """Say why something is left that should not be; empty where nothing is."""
        if still_open:
            return "the venue has not confirmed the cancels yet: they are asked for again each second"
        if not held or not self._trading.latch.flattens(symbol):
            return ""
        market = self._trading.markets[symbol]
        if symbol in self._refused:
            return self._refused[symbol][1]
        if market.bid_ticks <= 0:
            return "there is no price to sell at yet"
        is_sellable = held >= risk.least_lots(market.bid_ticks, market)
        return "it is being sold in slices" if is_sellable else "the venue takes no order that small"


def _by(who: Who) -> str:
    return f"{who.door}:{who.user_id}"


def _rests(order: Order) -> bool:
    """Say whether an order can rest at the venue: of the others a cancel comes too late in any case."""
    return order.approved.time_in_force is TimeInForce.GTC
