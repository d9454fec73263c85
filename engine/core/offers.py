"""Sales of people that rest at the exchange at a limit of their own: what they may ask, and what becomes of the stop.

The venue locks what is on sale, so that no stop can rest over it: the engine watches the stop of that part, and lets
the sale make way when it comes. Whatever else sells at the market, a close or a kill, takes it back where it has to.
"""

from __future__ import annotations

from engine.core.orders import Order
from engine.core.trading import Trading
from engine.core.types import OrderRequest, OrderType, Refusal, Side, Symbol
from engine.core.withdrawals import Withdrawals


class Offers:
    """Takes back what offers more than is held, ten times a second: it would sell what is not ours."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._withdrawals = Withdrawals(trading)

    def look(self) -> None:
        """Cancel the newest offers of which nothing, or too little, is held any more."""
        offers = [order for order in self._trading.orders.working() if order.is_offer]
        for symbol in dict.fromkeys(order.approved.symbol for order in offers):
            self._look(symbol, [order for order in offers if order.approved.symbol == symbol])
        self._withdrawals.keep({order.approved.client_order_id for order in offers})

    def _look(self, symbol: Symbol, offers: list[Order]) -> None:
        over = sum(order.uncounted_lots for order in offers) - self._trading.portfolio.position_lots(symbol)
        for order in reversed(offers):
            if over > 0 and order.is_waiting:
                self._cancel(order)
                over -= order.uncounted_lots

    def _cancel(self, order: Order) -> None:
        if self._withdrawals.ask(order):
            name, symbol = order.approved.client_order_id, order.approved.symbol
            words = f"The sale {name} of {symbol} at its limit is cancelled: it sells more than is held."
            self._trading.notice("warning", "OFFER_WITHDRAWN", words)


def too_low(request: OrderRequest, trading: Trading) -> Refusal | None:
    """Refuse a sale whose limit lies so far below the market that it could take a book down (C4)."""
    market = trading.markets[request.symbol]
    bid_ticks, limit_pct = market.bid_ticks, trading.gate.limits_of(request.symbol).collar_pct
    if bid_ticks <= 0 or request.limit_ticks >= bid_ticks - int(bid_ticks * limit_pct / 100.0):
        return None
    text = market.instrument.price_text
    detail = f"limit={limit_pct:.2f}% price={text(request.limit_ticks)} bid={text(bid_ticks)}"
    return Refusal("C4_PRICE_COLLAR", detail, "That is far below what is bid: say a higher limit, or none.")


def what_happens(request: OrderRequest, trading: Trading) -> str:
    """Say in a sentence or two what becomes of the stop and target of what is offered; empty where there is none."""
    trip = trading.portfolio.open.get(request.symbol)
    if request.side is Side.BUY or request.order_type is OrderType.MARKET or trip is None:
        return ""
    if not trip.stop_ticks:
        return "What is on sale has no stop: nobody watches it."
    stop = trip.instrument.price_text(trip.stop_ticks)
    words = f"While it rests, the stop at {stop} of this part can't rest at the exchange: the engine watches it"
    target = " Its target no longer counts." if trip.target_ticks or (trip.plan and trip.plan.steps) else ""
    return f"{words}, and takes this sale back to sell at the market when it comes.{target}"


def tell_held_here(request: OrderRequest, trading: Trading) -> None:
    """Tell everybody that the engine alone watches the stop of what was just put on sale at a limit."""
    trip = trading.portfolio.open.get(request.symbol)
    if trip is None or not trip.kept_ticks or trading.config.exits == "engine":
        return
    words = f"The stop of {request.symbol} can't rest at the exchange for what {request.client_order_id} has on sale"
    trading.notice("warning", "HELD_BY_ENGINE", f"{words} at its limit. The engine watches that part itself.")
