"""Takes what the venue says of our orders: counted, written down, and told as what became of order and round trip."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from engine.core.bands import Bands
from engine.core.breakers import Breakers
from engine.core.equity import EquityMarks
from engine.core.instrument import money_text
from engine.core.orders import NO_SUCH_ORDER, Fill, Order
from engine.core.portfolio import RoundTrip
from engine.core.records import Failed, Reported
from engine.core.resend import Resend
from engine.core.trading import Trading
from engine.core.types import ExecutionReport, OrderState, SendFailed, Side
from engine.core.views import order_view, trade_view
from engine.wire import events

_BAD_TIMESTAMP: Final = -1021
"""Our clock isn't the venue's: it is not known until it was measured again (C17). Source: Binance, "Error codes"."""

Change: TypeAlias = Literal["opened", "filled", "exit", "closed"]


class Reports:
    """Every report, reply and failure ends here, whichever way it came."""

    def __init__(self, trading: Trading, bands: Bands, breakers: Breakers) -> None:
        self._trading = trading
        self._bands = bands
        self._resend = Resend(trading)
        self.equity = EquityMarks(trading, breakers)
        self.last_fill_ns = 0

    def on_report(self, report: ExecutionReport) -> None:
        """Take a report; the same one twice changes nothing (F1, F2)."""
        changed = self._trading.on_report(report)
        if changed is None:
            return
        order, fill, trip = changed
        self._trading.write(Reported(report))
        if fill is not None:
            self.last_fill_ns = report.ts_recv_ns
        if trip is not None:
            self.tell_trade(trip, fill)
        self.tell_order(order)

    def on_failure(self, failure: SendFailed) -> None:
        """Take the news that a send failed."""
        if failure.code == _BAD_TIMESTAMP:
            self._trading.clock_offset_ms = None
        order = self._trading.orders.on_send_failed(failure)
        if order is None:
            return
        self._trading.write(Failed(failure))
        if order.state is OrderState.UNKNOWN:
            self.tell_doubt(order)
            return
        if failure.code == NO_SUCH_ORDER and order.approved.client_order_id not in self._trading.resting:
            self._resend.on_lost(order)
        self.tell_order(order)

    def tell_order(self, order: Order) -> None:
        """Publish an order as it is now, and what it means for the proposal behind it."""
        instrument, now_ns = self._trading.instrument(order), self._trading.now_ns
        self._trading.publish(lambda: events.OrderChanged(ts_ns=now_ns, order=order_view(order, instrument)))
        if not order.is_open:
            self._bands.on_order_ended(order)

    def tell_doubt(self, order: Order) -> None:
        """Publish an order whose outcome became unknown, with a warning."""
        words = f"The outcome of order {order.approved.client_order_id} is unknown ({order.reason}); asking the venue."
        self._trading.notice("warning", "ORDER_UNKNOWN", words)
        self.tell_order(order)

    def tell_trade(self, trip: RoundTrip, fill: Fill | None, words: str = "") -> None:
        """Publish what became of a round trip, through a fill or as ``words`` say."""
        text = [words] if words else []
        if fill is not None:
            text.append(_words_of(fill, trip))
        if not trip.is_open:
            profit = f"{money_text(trip.pnl_e8(0))} {trip.instrument.quote_asset}"
            # A person's close is told by name on the order's own message; here it would be an id.
            reason = "" if ":" in trip.exit_reason else f" ({trip.exit_reason})"
            text.append(f"closed with {profit}{reason}")
            self.equity.on_closed(trip)
        what, told, now_ns = _change(trip, fill), "; ".join(text), self._trading.now_ns
        bid_ticks = self._trading.markets[trip.instrument.symbol].bid_ticks
        self._trading.publish(
            lambda: events.TradeChanged(ts_ns=now_ns, what=what, trade=trade_view(trip, bid_ticks, now_ns), text=told)
        )


def _change(trip: RoundTrip, fill: Fill | None) -> Change:
    if not trip.is_open:
        return "closed"
    if fill is None or fill.side is Side.SELL:
        return "exit"
    return "opened" if trip.fills == 1 else "filled"


def _words_of(fill: Fill, trip: RoundTrip) -> str:
    it, verb = trip.instrument, "bought" if fill.side is Side.BUY else "sold"
    return f"{verb} {it.qty_text(fill.qty_lots)} {it.base_asset} at {it.price_text(fill.price_ticks)}"
