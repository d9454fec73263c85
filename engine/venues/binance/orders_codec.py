"""Orders to bytes: the WebSocket API's requests, ``order.place`` above all, and REST's.

Source: Binance, WebSocket API, "Trading requests", and REST API, "Trading endpoints".

The parts that don't change are rendered as soon as a symbol is known, for each side, type and time in force of an order
that is in a hurry (the first one of each kind would take 0.1 ms more); it then costs two bytes formats and a signature:
2.3 µs in all, 1.2 logged on (measured).
The same order gives the same bytes: its timestamp is made of ``ts_ns``. Orders that wait for a price, pairs and
replacements are worded by ``order_params``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple
from urllib.parse import quote

import msgspec

from engine.core.instrument import Instrument, decimals_of
from engine.core.types import (
    ApprovedOrder,
    ApprovedProtection,
    ClientOrderId,
    OrderType,
    ReplaceMode,
    Side,
    Symbol,
    TimeInForce,
)
from engine.venues.binance import order_params
from engine.venues.binance.order_params import CONDITIONAL, SELF_TRADE_PREVENTION, TEMPLATED, Worded, checked_id
from engine.venues.binance.sign import Signer, rest_payload, ws_payload
from engine.venues.binance.urls import ApiKeys

RECV_WINDOW_MS: Final = 5000
"""The venue's default, said explicitly: after so long a request that it has not seen can't take effect any more."""

_MS: Final = 1_000_000


class _Template(NamedTuple):
    """What is known of an order before it is known."""

    ws_payload: bytes
    """To be signed; takes id, price, quantity, timestamp."""
    ws_message: bytes
    """Takes id, id, price, quantity, timestamp, and the signature where one is needed."""
    rest_payload: bytes
    price_text: bytes
    """Takes the whole and the decimals of a price: ticks times the step, divided by the scale."""
    price_step: int
    price_scale: int
    qty_text: bytes
    qty_step: int
    qty_scale: int


_Kind = tuple[Symbol, Side, OrderType, TimeInForce]
_IN_A_HURRY: Final = tuple(
    (side, OrderType.LIMIT, time_in_force) for side in Side for time_in_force in (TimeInForce.IOC, TimeInForce.GTC)
)
"""What strategies, people and exits send. Other kinds are rendered with their first order."""


class OrderEncoder:
    """Writes approved orders for one account."""

    def __init__(self, instruments: Iterable[Instrument], keys: ApiKeys, signer: Signer) -> None:
        self._is_logged_on = False
        self._signer = signer
        self._api_key = keys.api_key
        self._instruments: dict[Symbol, Instrument] = {}
        self._templates: dict[_Kind, _Template] = {}
        self.set_instruments(instruments)

    @property
    def is_logged_on(self) -> bool:
        """True in a session that has logged on (``session.logon``): key and signature are left out."""
        return self._is_logged_on

    @is_logged_on.setter
    def is_logged_on(self, is_logged_on: bool) -> None:
        """Render every template anew where that changes."""
        if is_logged_on is not self._is_logged_on:
            self._is_logged_on = is_logged_on
            self._templates.clear()
            self._render_all(self._instruments.values())

    def set_instruments(self, instruments: Iterable[Instrument]) -> None:
        """Take new tick and lot sizes for the next order on (F25)."""
        known, self._instruments = self._instruments, {instrument.symbol: instrument for instrument in instruments}
        same = {symbol for symbol, it in self._instruments.items() if _units(known.get(symbol)) == _units(it)}
        self._templates = {kind: template for kind, template in self._templates.items() if kind[0] in same}
        self._render_all(it for symbol, it in self._instruments.items() if symbol not in same)

    def prepare(self) -> None:
        """Do now what the next order's signature would have to do first; called when an order has left."""
        self._signer.prepare()

    def encode_order(self, order: ApprovedOrder, clock_offset_ms: int) -> bytes:
        """Write ``order.place`` for the WebSocket API; its request id is the client order id.

        ``clock_offset_ms`` is the venue's clock less ours. Raises TypeError for anything but an ApprovedOrder and
        ValueError for one that the venue has no words for.
        """
        template = self._template(order)
        if template is None:
            params = order_params.of_order(order, self._instrument(order.symbol))
            return self.encode_request(
                order.client_order_id, "order.place", params, order.ts_ns // _MS + clock_offset_ms
            )
        payload, message, _, price_text, price_step, price_scale, qty_text, qty_step, qty_scale = template
        client_id = checked_id(order.client_order_id)
        price = price_text % divmod(order.price_ticks * price_step, price_scale)
        qty = qty_text % divmod(order.qty_lots * qty_step, qty_scale)
        ts_ms = order.ts_ns // _MS + clock_offset_ms
        if self._is_logged_on:
            return message % (client_id, client_id, price, qty, ts_ms)
        signature = self._signer.sign(payload % (client_id, price, qty, ts_ms))
        return message % (client_id, client_id, price, qty, ts_ms, signature)

    def encode_rest(self, order: ApprovedOrder, clock_offset_ms: int) -> bytes:
        """Write the form body of ``POST /api/v3/order``, signature included; raises as ``encode_order`` does."""
        template = self._template(order)
        if template is None:
            params = order_params.of_order(order, self._instrument(order.symbol))
            return self.encode_rest_request(params, order.ts_ns // _MS + clock_offset_ms)
        payload = template.rest_payload % (
            quote(checked_id(order.client_order_id), safe="").encode(),
            template.price_text % divmod(order.price_ticks * template.price_step, template.price_scale),
            template.qty_text % divmod(order.qty_lots * template.qty_step, template.qty_scale),
            order.ts_ns // _MS + clock_offset_ms,
        )
        return b"%b&signature=%b" % (payload, quote(self._signer.sign(payload), safe="").encode())

    def protection_params(self, protection: ApprovedProtection) -> Worded:
        """Word a stop and a target as one list.

        Raises TypeError for anything but an ApprovedProtection, ValueError for one that the venue has no words for.
        """
        if type(protection) is not ApprovedProtection:
            raise TypeError(f"only an ApprovedProtection can be sent, not {type(protection).__name__}: ask the gate")
        return order_params.of_protection(protection, self._instrument(protection.symbol))

    def replacement_params(self, order: ApprovedOrder, cancelled: ClientOrderId, mode: ReplaceMode) -> Worded:
        """Word an order that takes the place of another; raises as ``encode_order`` does."""
        if type(order) is not ApprovedOrder:
            raise _not_approved(order)
        return order_params.of_replacement(order, cancelled, mode, self._instrument(order.symbol))

    def encode_request(self, request_id: int | str, method: str, params: Mapping[str, str | int], ts_ms: int) -> bytes:
        """Write another request of the WebSocket API at the venue's time ``ts_ms``; signed unless logged on."""
        if not self._is_logged_on:
            return self.encode_signed(request_id, method, params, ts_ms)
        timed = {**params, "recvWindow": RECV_WINDOW_MS, "timestamp": ts_ms}
        return msgspec.json.encode({"id": request_id, "method": method, "params": timed})

    def encode_signed(self, request_id: int | str, method: str, params: Mapping[str, str | int], ts_ms: int) -> bytes:
        """Write a request that is signed whatever the session is: the logon itself, a subscription."""
        signed = {**params, "apiKey": self._api_key, "recvWindow": RECV_WINDOW_MS, "timestamp": ts_ms}
        signature = self._signer.sign(ws_payload((name, str(value)) for name, value in signed.items()))
        signed["signature"] = signature.decode()
        return msgspec.json.encode({"id": request_id, "method": method, "params": signed})

    def encode_rest_request(self, params: Mapping[str, str | int], ts_ms: int) -> bytes:
        """Write the query or the form body of any other signed REST request, signature included."""
        signed = {**params, "recvWindow": RECV_WINDOW_MS, "timestamp": ts_ms}
        payload = rest_payload((name, str(value)) for name, value in signed.items())
        return b"%b&signature=%b" % (payload, quote(self._signer.sign(payload), safe="").encode())

    def _template(self, order: ApprovedOrder) -> _Template | None:
        """Return what orders like this one share; None for one that waits for a price, of which there are few."""
        if type(order) is not ApprovedOrder:
            raise _not_approved(order)
        kind = (order.symbol, order.side, order.order_type, order.time_in_force)
        template = self._templates.get(kind)
        if template is None and order.order_type in CONDITIONAL:
            return None
        if order.price_ticks <= 0 or order.qty_lots <= 0:
            raise ValueError(f"an order of {order.qty_lots} lots at {order.price_ticks} ticks makes no sense")
        if template is None:
            template = self._templates[kind] = self._rendered(kind, self._instrument(order.symbol))
        return template

    def _render_all(self, instruments: Iterable[Instrument]) -> None:
        for it in instruments:
            for side, order_type, time_in_force in _IN_A_HURRY:
                kind = it.symbol, side, order_type, time_in_force
                self._templates[kind] = self._rendered(kind, it)

    def _rendered(self, kind: _Kind, instrument: Instrument) -> _Template:
        return _render(*kind, instrument, "" if self._is_logged_on else self._api_key)

    def _instrument(self, symbol: Symbol) -> Instrument:
        instrument = self._instruments.get(symbol)
        if instrument is None:
            raise ValueError(f"{symbol} is not an instrument of this venue")
        return instrument


def _not_approved(order: object) -> TypeError:
    return TypeError(f"only an ApprovedOrder can be sent, not {type(order).__name__}: ask the gate for one")


def _units(instrument: Instrument | None) -> tuple[int, int] | None:
    return None if instrument is None else (instrument.tick_e8, instrument.lot_e8)


def _render(
    symbol: Symbol,
    side: Side,
    order_type: OrderType,
    time_in_force: TimeInForce,
    instrument: Instrument,
    api_key: str,
) -> _Template:
    """Render what all orders of this symbol, side, type and time in force share; no key means logged on."""
    if order_type not in TEMPLATED:
        raise ValueError(
            f"{order_type} can't be sent: a market order leaves the gate as an IOC limit at its collar (C4)"
        )
    fields = [
        ("newClientOrderId", "%b"),
        ("newOrderRespType", "FULL"),
        ("price", "%b"),
        ("quantity", "%b"),
        ("recvWindow", str(RECV_WINDOW_MS)),
        ("selfTradePreventionMode", SELF_TRADE_PREVENTION),
        ("side", side.name),
        ("symbol", symbol.replace("%", "%%")),
        *([("timeInForce", time_in_force.value)] if order_type is OrderType.LIMIT else []),
        ("timestamp", "%d"),
        ("type", order_type.value),
    ]
    rest_symbol = quote(symbol, safe="").replace("%", "%%")
    rest_fields = [(name, rest_symbol if name == "symbol" else value) for name, value in fields]
    keyed = [("apiKey", api_key.replace("%", "%%")), *fields] if api_key else fields
    numbers = {"recvWindow", "timestamp"}
    params = ",".join(f'"{name}":{value}' if name in numbers else f'"{name}":"{value}"' for name, value in keyed)
    signature = ',"signature":"%b"' if api_key else ""
    message = f'{{"id":"%b","method":"order.place","params":{{{params}{signature}}}}}'
    return _Template(
        "&".join(f"{name}={value}" for name, value in keyed).encode(),
        message.encode(),
        "&".join(f"{name}={value}" for name, value in rest_fields).encode(),
        *_decimal_parts(instrument.tick_e8),
        *_decimal_parts(instrument.lot_e8),
    )


def _decimal_parts(step_e8: int) -> tuple[bytes, int, int]:
    """Say how to write a count of steps: its text, the step in units of its last decimal, 10 to the decimals.

    A whole number has no decimals to write: of the 0 that they are, no character is left.
    """
    decimals = decimals_of(step_e8)
    text = b"%%d.%%0%dd" % decimals if decimals else b"%d%.0a"
    return text, step_e8 // 10 ** (8 - decimals), 10**decimals
