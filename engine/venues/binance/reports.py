"""What the venue says of our orders, to ExecutionReport and SendFailed: replies, queries and the user stream.

Unknown fields are ignored, and an unknown status becomes UNKNOWN: ask, never assume.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from engine.core.instrument import Instrument, parse_e8
from engine.core.types import ClientOrderId, ExecutionReport, OrderState, Side, Symbol, VenueOrderId
from engine.venues.binance.errors import BadFrame
from engine.venues.binance.order_wires import (
    ErrorWire,
    EventKind,
    ExecutionWire,
    Incoming,
    OrderWire,
    OwnTradeWire,
)

_MS: Final = 1_000_000
_Wire = TypeVar("_Wire")

STATES: Final = {
    "NEW": OrderState.WORKING,
    "PENDING_NEW": OrderState.WORKING,
    "PENDING_CANCEL": OrderState.WORKING,
    "PARTIALLY_FILLED": OrderState.PARTIALLY_FILLED,
    "FILLED": OrderState.FILLED,
    "CANCELED": OrderState.CANCELED,
    "REJECTED": OrderState.REJECTED,
    "EXPIRED": OrderState.EXPIRED,
    "EXPIRED_IN_MATCH": OrderState.EXPIRED,
}
"""Source: Binance, ENUM definitions, "Order status"."""

_SIDES: Final = {"BUY": Side.BUY, "SELL": Side.SELL}

AMBIGUOUS_CODES: Final = frozenset({-1000, -1001, -1006, -1007, -1016})
"""Unknown error, disconnected inside, unexpected response, timeout, shutting down: it may have been done all the
same. Source: Binance, Errors; the last from its meaning."""
DUPLICATE: Final = "Duplicate order sent."
NO_SUCH_ORDER: Final = -2013
STALE_FACTS: Final = frozenset({-1021, -1013})
"""Our clock is off; or an order broke a filter, so that our idea of the limits may be old."""
MARKET_CLOSED: Final = "Market is closed."
"""-2010 with this says that the symbol isn't traded at present (F25). Source: Binance, Errors, "Messages for …"."""


_incoming = msgspec.json.Decoder(Incoming)
_order = msgspec.json.Decoder(OrderWire)
_orders = msgspec.json.Decoder(tuple[OrderWire, ...])
_own_trades = msgspec.json.Decoder(tuple[OwnTradeWire, ...])
_event_kind = msgspec.json.Decoder(EventKind)
_execution = msgspec.json.Decoder(ExecutionWire)


def decode_incoming(frame: bytes) -> Incoming:
    """Decode any frame of the WebSocket API; raises BadFrame."""
    return parse(_incoming, frame)


def decode_event_kind(event: bytes | msgspec.Raw) -> str:
    """Say which event of the user stream it is; raises BadFrame."""
    return parse(_event_kind, event).kind


def decode_execution(
    event: bytes | msgspec.Raw, instruments: Mapping[Symbol, Instrument], ts_recv_ns: int
) -> ExecutionReport | None:
    """Decode an ``executionReport``; None for a symbol that is not ours. Raises BadFrame."""
    wire = parse(_execution, event)
    instrument = instruments.get(Symbol(wire.symbol))
    if instrument is None:
        return None
    reason = str(wire.expiry_reason or "") or ("" if wire.reject_reason == "NONE" else wire.reject_reason)
    try:
        return ExecutionReport(
            instrument.symbol,
            ClientOrderId(wire.orig_client_order_id or wire.client_order_id),
            VenueOrderId(wire.order_id),
            _side(wire.side),
            _state(wire.status),
            instrument.qty_lots(wire.qty),
            instrument.qty_lots(wire.cum_qty),
            max(parse_e8(wire.cum_quote), 0),
            max(wire.fill_id, 0),
            instrument.qty_lots(wire.last_qty),
            instrument.price_ticks(wire.last_price),
            parse_e8(wire.fee or "0"),
            wire.fee_asset or "",
            wire.is_maker,
            reason,
            wire.ts_ms * _MS,
            ts_recv_ns,
        )
    except ValueError as error:
        raise BadFrame(f"an execution report makes no sense: {error}") from None


def decode_order(
    result: bytes | msgspec.Raw, instruments: Mapping[Symbol, Instrument], ts_recv_ns: int
) -> tuple[ExecutionReport, ...]:
    """Decode the reply to an order, a cancel or a query: one report for each fill it lists, then its state.

    The order of reports is the one in which the user stream would have brought them. Empty for a symbol that is
    not ours; raises BadFrame.
    """
    return _reports(parse(_order, result), instruments, ts_recv_ns)


def is_partly_told(result: bytes | msgspec.Raw) -> bool:
    """Say whether an order filled but the answer lists no fills, as a query's does; raises BadFrame."""
    wire = parse(_order, result)
    return not wire.fills and wire.executed_qty.strip("0.") != ""


def decode_order_with_fills(
    result: bytes | msgspec.Raw, trades: bytes | msgspec.Raw, instruments: Mapping[Symbol, Instrument], ts_recv_ns: int
) -> tuple[ExecutionReport, ...]:
    """Decode a query's answer together with the fills of that order from ``myTrades``; raises BadFrame."""
    fills = tuple(trade.as_fill() for trade in decode_own_trades(trades))
    wire = msgspec.structs.replace(parse(_order, result), fills=fills)
    return _reports(wire, instruments, ts_recv_ns)


def venue_order_id(result: bytes | msgspec.Raw) -> int:
    """Return the venue's id of the order in an answer; raises BadFrame."""
    return parse(_order, result).order_id


def decode_open_orders(
    data: bytes, instruments: Mapping[Symbol, Instrument], ts_recv_ns: int
) -> tuple[ExecutionReport, ...]:
    """Decode a list of open orders with their limits, those of other symbols left out; raises BadFrame."""
    return tuple(
        msgspec.structs.replace(report, price_ticks=parse_e8(wire.price) // instruments[report.symbol].tick_e8)
        for wire in parse(_orders, data)
        for report in _reports(wire, instruments, ts_recv_ns)
    )


def decode_own_trades(data: bytes | msgspec.Raw) -> tuple[OwnTradeWire, ...]:
    """Decode the account's list of fills; raises BadFrame."""
    return parse(_own_trades, data)


def is_about_stale_facts(error: ErrorWire) -> bool:
    """Say whether a refusal shows that our clock, or our idea of the limits, is old."""
    return error.code in STALE_FACTS or error.msg == MARKET_CLOSED


def is_ambiguous(status: int, error: ErrorWire) -> bool:
    """Say whether a refused order may live all the same (F8): 5xx, 403, the codes above, or its id already open.

    A WAF's 403 comes from in front of the venue, which may have had the request before.
    """
    return (
        status >= 500
        or status == 403
        or status < 400
        or error.code in AMBIGUOUS_CODES
        or error.msg.startswith(DUPLICATE)
    )


def parse(decoder: msgspec.json.Decoder[_Wire], data: bytes | msgspec.Raw) -> _Wire:
    """Decode something that the venue wrote; raises BadFrame."""
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadFrame(f"the venue's answer was not understood: {error}") from None


def _reports(wire: OrderWire, instruments: Mapping[Symbol, Instrument], ts_recv_ns: int) -> tuple[ExecutionReport, ...]:
    instrument = instruments.get(Symbol(wire.symbol))
    if instrument is None:
        return ()
    try:
        final = _order_report(wire, instrument, ts_recv_ns)
        return (*_fill_reports(wire, final, instrument), *(() if _says_all(wire, final) else (final,)))
    except ValueError as error:
        raise BadFrame(f"an order of the venue makes no sense: {error}") from None


def _order_report(wire: OrderWire, instrument: Instrument, ts_recv_ns: int) -> ExecutionReport:
    return ExecutionReport(
        instrument.symbol,
        ClientOrderId(wire.orig_client_order_id or wire.client_order_id),
        VenueOrderId(wire.order_id),
        _side(wire.side),
        _state(wire.status),
        instrument.qty_lots(wire.orig_qty),
        instrument.qty_lots(wire.executed_qty),
        max(parse_e8(wire.executed_quote), 0),
        0,
        0,
        0,
        0,
        "",
        False,
        wire.expiry_reason or "",
        (wire.transact_ms or wire.update_ms) * _MS,
        ts_recv_ns,
    )


def _fill_reports(wire: OrderWire, final: ExecutionReport, instrument: Instrument) -> list[ExecutionReport]:
    """Make one report of each fill, with the running sums; only the last of a filled order is FILLED."""
    reports, cum_lots, cum_quote_e8 = [], 0, 0
    for fill in wire.fills:
        lots, ticks = instrument.qty_lots(fill.qty), instrument.price_ticks(fill.price)
        cum_lots, cum_quote_e8 = cum_lots + lots, cum_quote_e8 + instrument.notional_e8(ticks, lots)
        is_last = final.state is OrderState.FILLED and cum_lots == final.qty_lots
        reports.append(
            msgspec.structs.replace(
                final,
                state=OrderState.FILLED if is_last else OrderState.PARTIALLY_FILLED,
                cum_qty_lots=cum_lots,
                cum_quote_e8=final.cum_quote_e8 if is_last else cum_quote_e8,
                fill_id=fill.fill_id,
                last_qty_lots=lots,
                last_price_ticks=ticks,
                fee_e8=parse_e8(fill.commission),
                fee_asset=fill.fee_asset,
                is_maker=fill.is_maker,
                reason="",
            )
        )
    return reports


def _says_all(wire: OrderWire, final: ExecutionReport) -> bool:
    """Say whether the last fill already tells the order's state."""
    return bool(wire.fills) and final.state in (OrderState.FILLED, OrderState.PARTIALLY_FILLED)


def _state(status: str) -> OrderState:
    return STATES.get(status, OrderState.UNKNOWN)


def _side(side: str) -> Side:
    if side not in _SIDES:
        raise ValueError(f"{side[:20]!r} is no side")
    return _SIDES[side]
