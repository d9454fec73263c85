"""What we hold, what it cost, and what it is worth: positions as round trips, cash, equity and its peak.

Spot only: a position is never negative. Amounts are integers in 1e-8 of their asset, so that nothing is lost to
rounding; a fee taken in the base asset makes the position smaller than what was bought.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from engine.core.account import Balance
from engine.core.circle_trips import USUAL_FEE_PPM, OpenCircle
from engine.core.instrument import Instrument
from engine.core.orders import CROSS, Fill, circle_of
from engine.core.plan import ExitPlan
from engine.core.types import ORDER_PREFIX, ApprovedOrder, Side, Symbol, TradeId

if TYPE_CHECKING:  # and no compiled function for those who only count
    from engine.core.market import Market

_E8 = 100_000_000
_MINUTE_NS: Final = 60_000_000_000
STOP_LOSS: Final = "stop_loss"
TAKE_PROFIT: Final = "take_profit"
_TARGETS: Final = f"exit:{TAKE_PROFIT}"
"""What the origin of every target begins with, those of the steps included."""
CLOSED_KEPT: Final = 10_000
"""Closed round trips that are remembered; what the breakers and sizes rest on are the last ``RECENT`` of them."""
RECENT: Final = 200


class RoundTrip:
    """One position, from its first fill to flat: what Slack shows as a trade with its thread."""

    __slots__ = (
        "base_e8",
        "bought_e8",
        "bought_quote_e8",
        "buy_fees_e8",
        "cause_id",
        "closed_ns",
        "cost_e8",
        "exit_reason",
        "fees_e8",
        "fills",
        "first_stop_ticks",
        "high_ticks",
        "instrument",
        "kept_ns",
        "kept_ticks",
        "open_cost_e8",
        "opened_ns",
        "origin",
        "plan",
        "proceeds_e8",
        "sales",
        "seen_candles",
        "sold_e8",
        "sold_quote_e8",
        "stop_kind",
        "stop_ticks",
        "strategy",
        "taken_lots",
        "target_ticks",
        "told_ticks",
        "trade_id",
    )

    def __init__(self, trade_id: TradeId, instrument: Instrument, origin: str, opened_ns: int) -> None:
        self.trade_id = trade_id
        self.instrument = instrument
        self.origin = origin
        self.opened_ns = opened_ns
        self.closed_ns = self.fills = 0
        self.base_e8 = 0
        """Held now, in 1e-8 of the base asset."""
        self.bought_e8 = self.sold_e8 = 0
        self.bought_quote_e8 = self.sold_quote_e8 = 0
        """What that was worth at the fills' prices, in 1e-8 of the quote asset, before fees."""
        self.cost_e8 = self.proceeds_e8 = 0
        """Paid and received in all, in 1e-8 of the quote asset, fees in the quote asset included."""
        self.open_cost_e8 = 0
        """What of the cost is that of what is held now: each sale takes its share of it, by quantity (average cost)."""
        self.sales: list[tuple[int, int]] = []
        """When sales realised how much, oldest first: ns, and 1e-8 of the quote asset; those of a minute are one."""
        self.fees_e8 = 0
        """Of all fills, whatever they were paid in, in 1e-8 of the quote asset."""
        self.stop_ticks = self.target_ticks = 0
        self.buy_fees_e8 = 0
        """What the buys cost in fees, whatever they were paid in, in 1e-8 of the quote asset."""
        self.plan: ExitPlan | None = None
        self.stop_kind = STOP_LOSS
        """What the stop is by now: as it was first, or ``trailing_stop`` or ``break_even`` since it was raised."""
        self.first_stop_ticks = 0
        """Of the first entry: what lies between it and the entry price is one R."""
        self.high_ticks = self.seen_candles = 0
        """The highest price that two sources have seen, and as of which candle the trail was worked out."""
        self.kept_ticks = self.kept_ns = self.told_ticks = 0
        """The stop as it is in the journal and should rest at the exchange; since when a plan has it there, 0 for not
        yet: then a later entry may still name a lower one; and as people know it."""
        self.taken_lots = 0
        """What targets have sold."""
        self.exit_reason = self.cause_id = self.strategy = ""
        """``cause_id``: of the order that opened it; ``strategy``: whose signal that was, where there was one."""

    @property
    def lots(self) -> int:
        """What could be sold now, in whole lots."""
        return self.base_e8 // self.instrument.lot_e8

    @property
    def is_open(self) -> bool:
        """True until it was closed; what is left below one lot (dust) does not keep it open."""
        return not self.closed_ns

    @property
    def is_raised(self) -> bool:
        """True since a trail or break-even has moved the stop."""
        return self.stop_kind != STOP_LOSS

    def keep_stop(self, ts_ns: int) -> None:
        """Let the stop rest at the exchange where it is now."""
        self.kept_ticks, self.kept_ns = self.stop_ticks, ts_ns

    def move_stop(self, stop_ticks: int, high_ticks: int, kind: str, ts_ns: int) -> None:
        """Take what the journal or the ledger knows of a stop that was moved."""
        self.stop_ticks, self.high_ticks, self.stop_kind = stop_ticks, max(high_ticks, self.high_ticks), kind
        self.keep_stop(ts_ns)
        self.told_ticks = stop_ticks

    def entry_ticks(self) -> float:
        """Average price paid for one unit, in ticks, before fees."""
        return self.bought_quote_e8 * _E8 / self.bought_e8 / self.instrument.tick_e8 if self.bought_e8 else 0.0

    def exit_ticks(self) -> float:
        """Average price received for one unit, in ticks, before fees; 0 while nothing was sold."""
        return self.sold_quote_e8 * _E8 / self.sold_e8 / self.instrument.tick_e8 if self.sold_e8 else 0.0

    def value_e8(self, bid_ticks: int) -> int:
        """What the held rest would bring at the bid, in 1e-8 of the quote asset."""
        return self.base_e8 * bid_ticks * self.instrument.tick_e8 // _E8

    def risk_e8(self) -> int:
        """What all that was bought would have lost at the first stop, before fees; 0 without a stop below it."""
        if not self.first_stop_ticks:
            return 0
        lots = self.bought_e8 // self.instrument.lot_e8
        return max(self.bought_quote_e8 - self.instrument.notional_e8(self.first_stop_ticks, lots), 0)

    def realised_e8(self, since_ns: int = 0) -> int:
        """What the sales since a moment brought over the cost of what they sold, fees of both ways included."""
        return sum(e8 for ts_ns, e8 in self.sales if ts_ns >= since_ns)

    def unrealised_e8(self, bid_ticks: int) -> int:
        """What the held rest would bring at the bid over its own cost; 1e-8 of the quote asset."""
        return self.value_e8(bid_ticks) - self.open_cost_e8 if self.is_open else 0

    def pnl_e8(self, bid_ticks: int) -> int:
        """Profit after fees: received, plus the rest at the bid, less what was paid; 1e-8 of the quote asset.

        It is what was realised and what is unrealised together.
        """
        return self.proceeds_e8 + (self.value_e8(bid_ticks) if self.is_open else 0) - self.cost_e8

    def realise(self, received_e8: int, before_e8: int, ts_ns: int) -> int:
        """Count what was received for all that is held no more of ``before_e8`` (1e-8 of the base asset); return what
        that made, in 1e-8 of the quote asset."""
        rest_e8 = self.open_cost_e8 * max(self.base_e8, 0) // before_e8 if before_e8 > 0 and self.is_open else 0
        made_e8, self.open_cost_e8 = received_e8 - (self.open_cost_e8 - rest_e8), rest_e8
        is_same = bool(self.sales) and self.sales[-1][0] // _MINUTE_NS == ts_ns // _MINUTE_NS
        self.sales.append((ts_ns, made_e8 + (self.sales.pop()[1] if is_same else 0)))
        return made_e8


class Portfolio:
    """Every open round trip by symbol, the last closed ones, and the cash."""

    def __init__(self, quote_asset: str) -> None:
        self.quote_asset = quote_asset
        self.balances: dict[str, Balance] = {}
        self.cash_e8 = 0
        """Free and locked quote asset as of the last account snapshot and the fills since."""
        self.peak_e8 = 0
        self.realised_e8 = 0
        """What sales have made so far, those of open positions included, after fees."""
        self.open: dict[Symbol, RoundTrip] = {}
        self.closed: list[RoundTrip] = []
        self.circles: dict[str, OpenCircle] = {}
        """By their ids, those that are not over; what they hold is no position."""
        self.aside_e8: dict[str, int] = {}
        """What is held of an asset besides open positions, once that was found out: coins of before, and dust."""

    def on_fill(self, fill: Fill, order: ApprovedOrder, instrument: Instrument) -> RoundTrip:
        """Count a fill into its round trip, which it may open or close; return the round trip."""
        trip = self.open.get(fill.symbol)
        if trip is None:
            trip = RoundTrip(order.trade_id, instrument, order.origin, fill.ts_ns)
            trip.cause_id = order.cause_id
            self.open[fill.symbol] = trip
        trip.fills += 1
        quantity_e8, before_e8 = fill.qty_lots * instrument.lot_e8, trip.base_e8
        quote_e8 = instrument.notional_e8(fill.price_ticks, fill.qty_lots)
        fee_quote_e8 = fill.fee_e8 if fill.fee_asset == instrument.quote_asset else 0
        fee_e8 = _fee_in_quote_e8(fill, instrument, quote_e8)
        trip.fees_e8 += fee_e8
        if fill.side is Side.BUY:
            trip.buy_fees_e8 += fee_e8
            trip.bought_quote_e8 += quote_e8
            self._bought(trip, quantity_e8, quote_e8 + fee_quote_e8, order)
        else:
            trip.sold_quote_e8 += quote_e8
            self._sold(trip, quantity_e8, quote_e8 - fee_quote_e8)
            if order.origin.startswith(_TARGETS):
                trip.taken_lots += fill.qty_lots
        if fill.fee_asset == instrument.base_asset:
            trip.base_e8 -= fill.fee_e8
        elif fill.fee_asset in self.aside_e8 and fill.fee_asset != instrument.quote_asset:
            self.aside_e8[fill.fee_asset] -= fill.fee_e8
        if fill.side is Side.SELL:
            self.realised_e8 += trip.realise(quote_e8 - fee_quote_e8, before_e8, fill.ts_ns)
            if trip.lots <= 0:
                self._close(trip, order.origin, fill.ts_ns)
        return trip

    def on_change(self, fill: Fill, order: ApprovedOrder, instrument: Instrument) -> OpenCircle:
        """Count the fill of a circle's leg, one asset for another besides all positions; return its circle."""
        circle_id, part = circle_of(order.cause_id)
        circle = self.circles.get(circle_id)
        if circle is None:
            name = order.client_order_id.removeprefix(ORDER_PREFIX)
            trip = RoundTrip(TradeId(f"t-{name[:8]}"), instrument, order.origin, fill.ts_ns)
            trip.cause_id, trip.strategy = order.cause_id, "arbitrage"
            circle = self.circles[circle_id] = OpenCircle(trip)
        self.realised_e8 += circle.on_fill(fill, instrument, is_cross=part == CROSS)
        self._exchange(fill, instrument)
        return circle

    def end_circle(self, circle_id: str, ts_ns: int) -> RoundTrip | None:
        """Close a circle's round trip; what it has left of a coin stays beside the positions."""
        circle = self.circles.pop(circle_id, None)
        if circle is None:
            return None
        trip = circle.trip
        trip.closed_ns, trip.exit_reason = ts_ns, "circle"
        self.realised_e8 += trip.realise(0, trip.base_e8, ts_ns)
        self._remember(trip)
        return trip

    def circled_e8(self, by_coin: Mapping[str, Market]) -> int:
        """Value what open circles hold as positions are valued for C3, in 1e-8 of the quote asset."""
        return sum(circle.value_e8(by_coin) for circle in self.circles.values())

    def _exchange(self, fill: Fill, instrument: Instrument) -> None:
        side, quote_e8 = int(fill.side), instrument.notional_e8(fill.price_ticks, fill.qty_lots)
        for asset, amount_e8 in (
            (instrument.base_asset, side * fill.qty_lots * instrument.lot_e8),
            (instrument.quote_asset, -side * quote_e8),
            (fill.fee_asset, -fill.fee_e8),
        ):
            if asset == self.quote_asset:
                self.cash_e8 += amount_e8
            elif asset in self.aside_e8:
                self.aside_e8[asset] += amount_e8

    def on_balances(self, balances: tuple[Balance, ...]) -> None:
        """Take the venue's balances as the truth about cash."""
        self.balances = {balance.asset: balance for balance in balances}
        own = self.balances.get(self.quote_asset)
        self.cash_e8 = own.free_e8 + own.locked_e8 if own else 0

    def shrink_to(self, trip: RoundTrip, base_e8: int, ts_ns: int) -> None:
        """Bring a position down to what the venue really holds; closes it where that is less than one lot."""
        before_e8, trip.base_e8 = trip.base_e8, base_e8
        self.realised_e8 += trip.realise(0, before_e8, ts_ns)  # what is gone brought nothing
        if trip.lots <= 0:
            self._close(trip, "reconciled", ts_ns)

    def close_dust(self, symbol: Symbol, ts_ns: int) -> RoundTrip | None:
        """Close a position that a fee in the base asset left with less than one lot; return it, or None.

        To be asked once no order can add to it any more: nobody could sell it, so that it would stay open for ever.
        """
        trip = self.open.get(symbol)
        if trip is None or trip.lots > 0:
            return None
        self._close(trip, "dust", ts_ns)
        return trip

    def position_lots(self, symbol: Symbol) -> int:
        """Return what is held of a symbol in whole lots."""
        trip = self.open.get(symbol)
        return trip.lots if trip else 0

    def trips(self) -> Iterator[RoundTrip]:
        """Yield open round trips, then the closed ones, newest first."""
        yield from self.open.values()
        yield from reversed(self.closed)

    def equity_e8(self, bids: dict[Symbol, int]) -> int:
        """Return cash plus every position at its bid (ticks by symbol), in 1e-8 of the quote asset."""
        equity_e8 = self.cash_e8
        for symbol, trip in self.open.items():
            equity_e8 += trip.value_e8(bids.get(symbol, 0))
        return equity_e8

    def _bought(self, trip: RoundTrip, quantity_e8: int, paid_e8: int, order: ApprovedOrder) -> None:
        trip.base_e8 += quantity_e8
        trip.bought_e8 += quantity_e8
        trip.cost_e8 += paid_e8
        trip.open_cost_e8 += paid_e8
        self.cash_e8 -= paid_e8
        trip.plan = order.plan or trip.plan
        trip.target_ticks = order.target_ticks or trip.target_ticks
        if order.stop_ticks and not (trip.kept_ns and order.stop_ticks <= trip.kept_ticks):
            trip.first_stop_ticks = trip.first_stop_ticks or order.stop_ticks
            trip.kept_ticks = trip.told_ticks = order.stop_ticks
            trip.stop_ticks = max(order.stop_ticks, trip.stop_ticks) if trip.is_raised else order.stop_ticks

    def _sold(self, trip: RoundTrip, quantity_e8: int, received_e8: int) -> None:
        trip.base_e8 -= quantity_e8
        trip.sold_e8 += quantity_e8
        trip.proceeds_e8 += received_e8
        self.cash_e8 += received_e8

    def _close(self, trip: RoundTrip, reason: str, ts_ns: int) -> None:
        trip.closed_ns, trip.exit_reason = ts_ns, reason.removeprefix("exit:")
        self.realised_e8 += trip.realise(0, trip.base_e8, ts_ns)  # nobody can sell the dust that is left
        del self.open[trip.instrument.symbol]
        if (asset := trip.instrument.base_asset) in self.aside_e8:
            self.aside_e8[asset] += trip.base_e8
        self._remember(trip)

    def _remember(self, trip: RoundTrip) -> None:
        self.closed.append(trip)
        if len(self.closed) > CLOSED_KEPT:
            del self.closed[0]


def _fee_in_quote_e8(fill: Fill, instrument: Instrument, quote_e8: int) -> int:
    """Return a fill's fee in 1e-8 of the quote asset; one in a third asset is taken for the venue's usual rate."""
    if fill.fee_asset == instrument.quote_asset:
        return fill.fee_e8
    if fill.fee_asset == instrument.base_asset:
        return fill.price_ticks * instrument.tick_e8 * fill.fee_e8 // _E8
    return quote_e8 * USUAL_FEE_PPM // 1_000_000 if fill.fee_e8 else 0
