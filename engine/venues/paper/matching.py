"""The matching: orders in, fills out, by price and time against the tape; no clock, no socket, no chance.

Everything is an integer of 1e-8 units. What happens is kept in order until whoever called takes it with
``drain``. The server and the backtest run this same class. How a resting order fills is told in ``market``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import copy
from typing import Final

from engine.core.types import OrderType, Side, TimeInForce
from engine.venues.paper import rules as filters
from engine.venues.paper.accounts import Account
from engine.venues.paper.book import Level
from engine.venues.paper.defaults import MAKER_FEE_PPM, TAKER_FEE_PPM
from engine.venues.paper.errors import cancel_rejected, filter_failure, invalid_symbol, new_order_rejected
from engine.venues.paper.lists import NewOrderList, OrderList, OrderLists
from engine.venues.paper.market import Market, Offer, Touch
from engine.venues.paper.orders import (
    AT_MARKET,
    CONDITIONAL,
    BalanceEvent,
    DepositEvent,
    Execution,
    Expiry,
    Fill,
    Happening,
    Hold,
    NewOrder,
    Numbers,
    Order,
    OrderEvent,
    Status,
    StpMode,
)
from engine.venues.paper.register import Register
from engine.venues.paper.rules import SymbolRules
from engine.venues.paper.settlement import prevented, settle
from engine.venues.paper.triggers import is_triggered
from engine.venues.paper.units import quote_of, quote_of_up

NO_NUMBERS: Final = Numbers()


class Matching:
    """All markets and all accounts of one exchange."""

    def __init__(
        self, *, maker_fee_ppm: int = MAKER_FEE_PPM, taker_fee_ppm: int = TAKER_FEE_PPM, after: Numbers = NO_NUMBERS
    ) -> None:
        """Make an exchange without symbols and accounts; fees in parts per million of what is received.

        Orders, trades and executions get the numbers that follow ``after``.
        """
        self.maker_fee_ppm = maker_fee_ppm
        self.taker_fee_ppm = taker_fee_ppm
        self.markets: dict[str, Market] = {}
        self.accounts: dict[str, Account] = {}
        self.register = Register(after.orders)
        self.lists = OrderLists(self)
        self._happenings: list[Happening] = []
        self._trades = after.trades
        self._executions = after.executions

    @property
    def numbers(self) -> Numbers:
        """The last numbers given."""
        return Numbers(self.register.last_order_id, self._trades, self._executions)

    def list_symbol(self, rules: SymbolRules) -> None:
        """List a symbol, or give a listed one new rules (F25)."""
        if rules.symbol in self.markets:
            self.markets[rules.symbol].rules = rules
        else:
            self.markets[rules.symbol] = Market(rules)

    def open_account(self, name: str, balances: Mapping[str, int]) -> None:
        """Open an account with free balances in 1e-8 of each asset."""
        self.accounts[name] = Account(name, balances)

    def market(self, symbol: str) -> Market:
        """Return a listed symbol's state; raises Refused (-1121)."""
        if symbol not in self.markets:
            raise invalid_symbol()
        return self.markets[symbol]

    def drain(self) -> list[Happening]:
        """Take what happened since the last time, oldest first."""
        happened, self._happenings = self._happenings, []
        return happened

    # --- the tape ---------------------------------------------------------------------------------------------

    def on_snapshot(
        self, symbol: str, last_update_id: int, bids: Collection[Level], asks: Collection[Level], ts_ms: int
    ) -> None:
        """Take a whole book."""
        market = self.markets[symbol]
        market.book.replace(last_update_id, bids, asks)
        market.on_snapshot()
        self._sweep(market, ts_ms)

    def on_depth(
        self, symbol: str, last_update_id: int, bids: Collection[Level], asks: Collection[Level], ts_ms: int
    ) -> None:
        """Take what changed in a book."""
        market = self.markets[symbol]
        market.book.apply(last_update_id, bids, asks)
        market.on_levels(Side.BUY, bids)
        market.on_levels(Side.SELL, asks)
        self._sweep(market, ts_ms)

    def on_touch(self, symbol: str, touch: Touch, ts_ms: int) -> None:
        """Take the tape's best bid and ask."""
        market = self.markets[symbol]
        market.on_touch(touch)
        self._sweep(market, ts_ms)

    def on_trade(self, symbol: str, price: int, qty: int, is_buyer_maker: bool, ts_ms: int) -> None:
        """Take one public trade: it moves queues, fills what rests, and triggers what waits."""
        market = self.markets[symbol]
        market.last_price = price
        self._fill_makers(market, market.queue_fills(is_buyer_maker, price, qty), ts_ms)
        for order in [o for o in market.waiting if is_triggered(o.request, price)]:
            if order.is_open:  # the other leg of its list may have ended it a moment ago
                self._trigger(market, order, ts_ms)
        self._tell_balances(ts_ms)

    def _sweep(self, market: Market, ts_ms: int) -> None:
        for side in Side:
            if market.resting[side]:
                self._fill_makers(market, market.crossing_fills(side), ts_ms)
        self._tell_balances(ts_ms)

    def _fill_makers(self, market: Market, fills: list[tuple[Order, int]], ts_ms: int) -> None:
        for order, qty in fills:
            if order.is_open:
                self._fill(market, order, order.price, qty, self._next_trade_id(), True, ts_ms)

    def _trigger(self, market: Market, order: Order, ts_ms: int) -> None:
        market.remove(order)
        self.lists.on_leg_lives(order, ts_ms)
        self._work(market, order, ts_ms)

    # --- people -----------------------------------------------------------------------------------------------

    def check(self, account: str, new: NewOrder) -> NewOrder:
        """Pass an order without placing it and return it with its quantity; raises Refused."""
        market = self.market(new.symbol)
        filters.check(market.rules, new, market.reference)
        self.register.refuse_duplicate(account, new.client_order_id)
        self.check_counts(account, (new,))
        if new.type is OrderType.LIMIT_MAKER and next(market.offers(new.side, new.price), None):
            raise new_order_rejected("Order would immediately match and take.")
        if new.type in CONDITIONAL and is_triggered(new, market.last_price):
            raise new_order_rejected("Stop price would trigger immediately.")
        return new

    def check_counts(self, account: str, orders: Collection[NewOrder]) -> None:
        """Pass so many more open orders of one symbol together; raises Refused."""
        symbol = next(iter(orders)).symbol
        filters.check_counts(self.markets[symbol].rules, orders, *self.register.counts(account, symbol))

    def place(self, account: str, new: NewOrder, ts_ms: int) -> Order:
        """Take an order and match it; raises Refused where it can't be taken at all."""
        self.check(account, new)
        qty = new.qty or self.markets[new.symbol].qty_for_quote(new.side, new.quote_qty)
        if not qty:
            raise filter_failure("LOT_SIZE")
        hold = self.accounts[account].put_aside(*self.needs(new, qty))
        order = self.admit(account, new, hold, ts_ms, qty=qty)
        self.begin(order, ts_ms)
        self._tell_balances(ts_ms)
        return order

    def needs(self, new: NewOrder, qty: int) -> tuple[str, int]:
        """Say which asset an order of a quantity needs put aside, and how much of it."""
        market = self.markets[new.symbol]
        if new.side is Side.SELL:
            return market.rules.base_asset, qty
        price = new.price or new.stop_price
        return market.rules.quote_asset, quote_of_up(price, qty) if price else market.cost_of(new.side, qty)

    def admit(self, account: str, new: NewOrder, hold: Hold, ts_ms: int, *, qty: int, list_id: int = -1) -> Order:
        """Give an order its id and enter it, without letting it work yet."""
        order = Order(
            order_id=self.register.next_order_id(),
            account=account,
            request=new,
            hold=hold,
            time_ms=ts_ms,
            update_ms=ts_ms,
            list_id=list_id,
            qty=qty,
            status=Status.PENDING_NEW,
        )
        self.register.add(order)
        return order

    def begin(self, order: Order, ts_ms: int) -> None:
        """Let an admitted order live: a conditional one waits for its price, any other goes to the book."""
        market = self.markets[order.symbol]
        order.status = Status.NEW
        if order.request.type in CONDITIONAL and not is_triggered(order.request, market.last_price):
            market.waiting.append(order)
            self.tell(Execution.NEW, order, ts_ms)
        else:
            self._work(market, order, ts_ms)

    def cancel(self, order: Order, ts_ms: int, cancel_client_id: str = "") -> Order:
        """Cancel an open order, with all of its list; raises Refused (-2011)."""
        if not order.is_open:
            raise cancel_rejected()
        if order.list_id >= 0:
            self.lists.cancel(order.list_id, ts_ms, cancel_client_id)
        else:
            self.end(order, Status.CANCELED, Execution.CANCELED, ts_ms, cancel_client_id)
        self._tell_balances(ts_ms)
        return order

    def place_list(self, account: str, orders: NewOrderList, ts_ms: int) -> OrderList:
        """Take an OCO, OTO or OTOCO; raises Refused where any part of it can't be taken."""
        placed = self.lists.place(account, orders, ts_ms)
        self._tell_balances(ts_ms)
        return placed

    def deposit(self, account: str, asset: str, amount: int, ts_ms: int) -> None:
        """Let money come from outside, or go there (a negative amount, at most what is free)."""
        owner = self.accounts[account]
        owner.receive(asset, max(amount, -owner.free.get(asset, 0)))
        self._happenings.append(DepositEvent(account, asset, amount, ts_ms))
        self._tell_balances(ts_ms)

    # --- the life of an order ---------------------------------------------------------------------------------

    def end(self, order: Order, status: Status, what: Execution, ts_ms: int, cancel_client_id: str = "") -> None:
        """Take an order out of the market for good and give back what it had put aside."""
        self._close(order, status, ts_ms)
        self.tell(what, order, ts_ms, cancel_client_id=cancel_client_id)
        self.lists.on_ended(order, ts_ms)

    def expire(self, order: Order, why: Expiry, ts_ms: int) -> None:
        """End an order by its own rules."""
        order.expiry_reason = why
        self.end(order, Status.EXPIRED, Execution.EXPIRED, ts_ms)

    def tell(
        self, what: Execution, order: Order, ts_ms: int, *, fill: Fill | None = None, cancel_client_id: str = ""
    ) -> None:
        """Note what happened to an order, with the order as it is now."""
        self._executions += 1
        self._happenings.append(OrderEvent(what, copy(order), fill, ts_ms, self._executions, cancel_client_id))

    def note(self, happening: Happening) -> None:
        """Note what happened to something else than an order."""
        self._happenings.append(happening)

    def _close(self, order: Order, status: Status, ts_ms: int) -> None:
        self.markets[order.symbol].remove(order)
        order.status, order.is_working, order.update_ms = status, False, ts_ms
        self.register.close(order)
        if not self.lists.is_hold_shared(order):
            self.accounts[order.account].release(order.hold)

    def _work(self, market: Market, order: Order, ts_ms: int) -> None:
        order.is_working, order.working_ms, order.update_ms = True, ts_ms, ts_ms
        self.tell(Execution.NEW, order, ts_ms)
        new = order.request
        if new.time_in_force is not TimeInForce.FOK or market.can_fill_whole(new.side, order.leaves, _limit(new)):
            self._take(market, order, ts_ms)
        if not order.is_open:
            return
        if (expiry := _expiry(new)) is not None:
            self.expire(order, expiry, ts_ms)
        else:
            market.rest(order)

    def _take(self, market: Market, order: Order, ts_ms: int) -> None:
        for offer in market.offers(order.side, _limit(order.request)):
            maker = offer.maker
            if maker is not None and not maker.is_open:
                continue
            if maker is not None and self._prevents_self_trade(order, maker, ts_ms):
                if order.is_open:
                    continue
                return
            if not self._trade(market, order, offer, ts_ms):
                return

    def _trade(self, market: Market, order: Order, offer: Offer, ts_ms: int) -> bool:
        """Let a taker have an offer; return whether it goes on to the next."""
        qty = min(offer.qty, order.leaves)
        if order.side is Side.BUY and quote_of(offer.price, qty) > self._purse(order):
            return False
        trade_id = self._next_trade_id()
        if offer.maker is not None:
            self._fill(market, offer.maker, offer.price, qty, trade_id, True, ts_ms)
        else:
            market.take(order.side.other, offer.price, qty)
        self._fill(market, order, offer.price, qty, trade_id, False, ts_ms)
        return order.is_open

    def _purse(self, order: Order) -> int:
        return order.hold.amount + self.accounts[order.account].free.get(order.hold.asset, 0)

    def _fill(
        self, market: Market, order: Order, price: int, qty: int, trade_id: int, is_maker: bool, ts_ms: int
    ) -> None:
        if not order.executed:
            self.lists.on_leg_lives(order, ts_ms)
        quote = quote_of(price, qty)
        fee_ppm = self.maker_fee_ppm if is_maker else self.taker_fee_ppm
        bare = Fill(trade_id, price, qty, quote, 0, "", is_maker, ts_ms)
        fill = settle(self.accounts[order.account], market.rules, order, bare, fee_ppm)
        order.executed += qty
        order.cum_quote += quote
        order.fills.append(fill)
        if order.leaves:
            order.status, order.update_ms = Status.PARTIALLY_FILLED, ts_ms
        else:
            self._close(order, Status.FILLED, ts_ms)
        self.tell(Execution.TRADE, order, ts_ms, fill=fill)
        if not order.leaves:
            self.lists.on_ended(order, ts_ms)

    def _prevents_self_trade(self, taker: Order, maker: Order, ts_ms: int) -> bool:
        """Apply the taker's mode where both are one account's; return whether there is no trade."""
        if taker.account != maker.account or taker.request.stp_mode is StpMode.NONE:
            return False
        for order in prevented(taker, maker):
            self.end(order, Status.EXPIRED_IN_MATCH, Execution.TRADE_PREVENTION, ts_ms)
        return True

    def _next_trade_id(self) -> int:
        self._trades += 1
        return self._trades

    def _tell_balances(self, ts_ms: int) -> None:
        for account in self.accounts.values():
            if account.changed:
                self._happenings.append(BalanceEvent(account.name, tuple(sorted(account.changed)), ts_ms))
                account.changed.clear()


def _expiry(new: NewOrder) -> Expiry | None:
    """Say why what an order doesn't fill at once expires; None where it rests."""
    if new.type in AT_MARKET:
        return Expiry.INSUFFICIENT_LIQUIDITY
    return {TimeInForce.IOC: Expiry.UNFILLED_IOC, TimeInForce.FOK: Expiry.UNFILLED_FOK}.get(new.time_in_force)


def _limit(new: NewOrder) -> int:
    return 0 if new.type in AT_MARKET else new.price
