"""Orders, fills and round trips as rows; the sums are the core's own, whose ``Orders`` and ``Portfolio`` are folded."""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.core.booking import book
from engine.core.instrument import Instrument
from engine.core.orders import Fill, Order, Orders, circle_of
from engine.core.portfolio import Portfolio, RoundTrip
from engine.core.record_codec import AnyRecord
from engine.core.records import Adopted, CircleEnded, Failed, Intended, Listed, Reported, Shrunk, StopMoved
from engine.core.types import ExecutionReport, Symbol
from engine.store.ledger import tables
from engine.store.ledger.rows import Rows


class _Units(NamedTuple):
    """A symbol's instrument, and the key of its row."""

    row: int
    instrument: Instrument


class _Opening(NamedTuple):
    """What is remembered of the first fill of a round trip or a circle: the key of its row, and its units."""

    row: int
    units: int


class Books:
    """Folds what happened to our orders.

    Records of a symbol wait until its units are known: journals of the first version name them only at a later start.
    """

    def __init__(self) -> None:
        self._orders = Orders()
        self._portfolio = Portfolio(quote_asset="")  # balances, and so the cash, are not looked at here
        self._units: dict[Symbol, _Units] = {}
        self._openings: dict[str, _Opening] = {}
        """By the symbol of a position, or the id of a circle."""
        self._waiting: dict[Symbol, list[tuple[int, AnyRecord]]] = {}

    def held_e8(self, symbol: Symbol) -> int:
        """Return what is held of a symbol, in 1e-8 of its base asset."""
        trip = self._portfolio.open.get(symbol)
        return trip.base_e8 if trip else 0

    def price_text(self, symbol: Symbol, price_ticks: int) -> str:
        """Write a price in a symbol's present units; in ticks while they are not known."""
        units = self._units.get(symbol)
        return units.instrument.price_text(price_ticks) if units else f"{price_ticks} ticks"

    def instrument_row(self, symbol: Symbol) -> int | None:
        """Return the key of a symbol's present units; None while they are not known."""
        units = self._units.get(symbol)
        return units.row if units else None

    def take(self, number: int, record: AnyRecord, rows: Rows) -> None:
        """Take the record with this number; those that are of no order are passed over."""
        if isinstance(record, Listed):
            self._list(number, record, rows)
            for waited, late in self._waiting.pop(record.symbol, ()):
                self._fold(waited, late, rows)
        elif (symbol := self._symbol(record)) is not None:
            if symbol in self._units:
                self._fold(number, record, rows)
            else:
                self._waiting.setdefault(symbol, []).append((number, record))

    def _symbol(self, record: AnyRecord) -> Symbol | None:
        match record:
            case Intended(order) | Adopted(order):
                return order.symbol
            case Reported(report):
                return report.symbol
            case Shrunk(symbol) | StopMoved(symbol):
                return symbol
            case CircleEnded(circle_id):
                return Symbol(circle_id.rpartition("-")[0])
            case Failed(failure):
                if (known := self._orders.get(failure.client_order_id)) is not None:
                    return known.approved.symbol
                return self._waits_for(failure.client_order_id)
        return None

    def _waits_for(self, client_order_id: str) -> Symbol | None:
        for symbol, records in self._waiting.items():
            opened = (r.order for _, r in records if isinstance(r, Intended | Adopted))
            if any(order.client_order_id == client_order_id for order in opened):
                return symbol
        return None

    def _list(self, number: int, listed: Listed, rows: Rows) -> None:
        made = listed.instrument()
        if (known := self._units.get(listed.symbol)) is not None and known.instrument == made:
            return
        self._units[listed.symbol] = _Units(number, made)
        rows.put(
            tables.instruments,
            record=number,
            symbol=listed.symbol,
            base_asset=listed.base_asset,
            quote_asset=listed.quote_asset,
            tick_e8=listed.tick_e8,
            lot_e8=listed.lot_e8,
            listed_ns=listed.ts_ns,
        )

    def _fold(self, number: int, record: AnyRecord, rows: Rows) -> None:
        match record:
            case Intended(approved):
                order = self._orders.open(approved)
                self._put_order(order, rows)
                _put_event(number, "intended", order, rows, ts_ns=approved.ts_ns)
            case Adopted(approved):
                order = self._orders.open(approved)
                self._put_order(order, rows)
                _put_event(number, "adopted", order, rows, ts_ns=approved.ts_ns)
            case Reported(report):
                self._report(number, report, rows)
            case Failed(failure):
                self._orders.on_send_failed(failure)
                if (refused := self._orders.get(failure.client_order_id)) is not None:
                    self._put_order(refused, rows)
                    code, reason = failure.code, failure.reason
                    _put_event(number, "failed", refused, rows, ts_ns=failure.ts_recv_ns, code=code, reason=reason)
            case Shrunk(symbol, base_e8, ts_ns) if symbol in self._portfolio.open:
                trip = self._portfolio.open[symbol]
                self._portfolio.shrink_to(trip, base_e8, ts_ns)
                self._put_trip(trip, self._openings[symbol], rows)
            case CircleEnded(circle_id, ts_ns):
                if (ended := self._portfolio.end_circle(circle_id, ts_ns)) is not None:
                    self._put_trip(ended, self._openings.pop(circle_id), rows)
            case StopMoved(symbol, trade_id, stop_ticks, high_ticks, kind, ts_ns) if symbol in self._portfolio.open:
                trip = self._portfolio.open[symbol]
                if trip.trade_id == trade_id:
                    trip.move_stop(stop_ticks, high_ticks, kind, ts_ns)
                    self._put_trip(trip, self._openings[symbol], rows)

    def _report(self, number: int, report: ExecutionReport, rows: Rows) -> None:
        booked = book(report, self._orders, self._portfolio, self._units[report.symbol].instrument)
        order = booked[0] if booked else self._orders.get(report.client_order_id)
        if order is None:
            return
        reason, fill_id = report.reason, report.fill_id
        _put_event(number, "reported", order, rows, ts_ns=report.ts_recv_ns, reason=reason, fill_id=fill_id)
        if booked is None:
            return
        self._put_order(order, rows)
        _, fill, trip = booked
        key: str = report.symbol
        if fill is not None and order.is_of_circle:
            key, _ = circle_of(order.approved.cause_id)
            trip = self._portfolio.circles[key].trip
        if trip is not None and trip.fills == 1 and fill is not None:
            self._openings[key] = _Opening(number, self._units[report.symbol].row)
        if trip is not None:
            self._put_trip(trip, self._openings[key], rows)
        if fill is not None:
            self._put_fill(number, fill, report, self._openings[key].row, rows)

    def _put_order(self, order: Order, rows: Rows) -> None:
        approved = order.approved
        rows.put(
            tables.orders,
            client_order_id=approved.client_order_id,
            decided_ns=approved.ts_ns,
            symbol=approved.symbol,
            side=approved.side.name.lower(),
            qty_lots=approved.qty_lots,
            price_ticks=approved.price_ticks,
            state=str(order.state),
            filled_lots=order.filled_lots,
            quote_e8=order.cum_quote_e8,
            fee_e8=order.fee_e8,
            fee_asset=order.fee_asset,
            origin=approved.origin,
            cause_id=approved.cause_id,
            trade_id=approved.trade_id,
            order_type=str(approved.order_type),
            time_in_force=str(approved.time_in_force),
            reduce_only=approved.reduce_only,
            ref_ticks=approved.ref_ticks,
            stop_ticks=approved.stop_ticks,
            target_ticks=approved.target_ticks,
            venue_order_id=order.venue_order_id,
            reason=order.reason,
            changed_ns=order.changed_ns,
            instrument=self._units[approved.symbol].row,
        )

    def _put_fill(self, number: int, fill: Fill, report: ExecutionReport, trade: int, rows: Rows) -> None:
        units = self._units[fill.symbol]
        rows.put(
            tables.fills,
            client_order_id=fill.client_order_id,
            fill_id=fill.fill_id,
            ts_ns=fill.ts_ns,
            symbol=fill.symbol,
            side=fill.side.name.lower(),
            qty_lots=fill.qty_lots,
            price_ticks=fill.price_ticks,
            quote_e8=units.instrument.notional_e8(fill.price_ticks, fill.qty_lots),
            fee_e8=fill.fee_e8,
            fee_asset=fill.fee_asset,
            is_maker=report.is_maker,
            trade=trade,
            ts_exchange_ns=report.ts_exchange_ns,
            record=number,
            instrument=units.row,
        )

    def _put_trip(self, trip: RoundTrip, opening: _Opening, rows: Rows) -> None:
        it = trip.instrument
        rows.put(
            tables.round_trips,
            record=opening.row,
            trade_id=trip.trade_id,
            symbol=it.symbol,
            origin=trip.origin,
            opened_ns=trip.opened_ns,
            closed_ns=trip.closed_ns or None,
            exit_reason=trip.exit_reason,
            fills=trip.fills,
            bought_lots=trip.bought_e8 // it.lot_e8,
            sold_lots=trip.sold_e8 // it.lot_e8,
            held_e8=trip.base_e8,
            cost_e8=trip.cost_e8,
            proceeds_e8=trip.proceeds_e8,
            realised_e8=trip.realised_e8(),
            profit_e8=None if trip.is_open else trip.pnl_e8(0),
            risk_e8=trip.risk_e8() or None,
            stop_ticks=trip.stop_ticks,
            target_ticks=trip.target_ticks,
            instrument=opening.units,
        )


def _put_event(number: int, kind: str, order: Order, rows: Rows, **values: Any) -> None:
    told = {"code": 0, "reason": "", "fill_id": 0} | values
    name, state = order.approved.client_order_id, str(order.state)
    rows.put(tables.order_events, record=number, client_order_id=name, kind=kind, state=state, **told)
