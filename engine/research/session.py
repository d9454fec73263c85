"""Parity: a recorded live session, heard again by a new engine, must give the same order bytes in the same order.

The venue's answers come from the recording too, so nothing is matched here: this proves that deciding and encoding
depend on what was heard and on nothing else. Where a second venue was recorded, both engines hear the session in the
order in which it came, with the pair desk between them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from engine.core.actions import Action, Later, Protect, Replace, Send
from engine.core.engine import Engine
from engine.core.pairs.between import around, between
from engine.core.pairs.circling import CircleDesk
from engine.core.pairs.desk import PairDesk
from engine.core.record_codec import decode_record
from engine.core.types import ReplaceMode
from engine.core.warm import warm_up
from engine.store.inputs import Clock, Start, Tick, decode_input
from engine.store.recorder import read_session
from engine.venues.binance.order_methods import Method
from engine.venues.binance.orders_codec import OrderEncoder
from engine.venues.binance.sign import Signer, make_signer
from engine.venues.binance.urls import ApiKeys

_MS: Final = 1_000_000


class Parity(NamedTuple):
    """What left in the session, and what leaves when it is heard again."""

    live: list[bytes]
    replayed: list[bytes]
    events: int

    @property
    def is_equal(self) -> bool:
        """True when both are the same bytes in the same order."""
        return self.live == self.replayed


def replay_session(
    path: Path, keys: ApiKeys, signer: Signer, *, is_logged_on: bool = False, second: ApiKeys | None = None
) -> Parity:
    """Hear a session again; raises SessionDamaged where the file is, ValueError when it doesn't begin with a start.

    ``keys`` and ``signer`` are those of the session's account: a signature is part of an order's bytes. ``second``:
    those of the second venue's account, where one was recorded; the same by default, as on paper.
    """
    records = iter(read_session(path))
    first = next(records, None)
    if first is None or first.kind != "start":
        raise ValueError(f"{path} does not begin with the start of a session: give a file that ENGINE_RECORD made")
    live: list[bytes] = []
    sent: list[bytes] = []
    again = _Again(decode_input("start", first.data), OrderEncoder((), keys, signer), is_logged_on, sent)
    others: dict[str, _Again] = {}
    events = 0
    for record in records:
        name, _, kind = record.kind.rpartition(":")
        if kind == "order":
            live.append(record.data)
        elif kind == "start":
            theirs = second or keys
            encoder = OrderEncoder((), theirs, make_signer(theirs))
            others[name] = _Again(decode_input(kind, record.data), encoder, is_logged_on, sent)
        elif kind == "paired":
            ((other, far),) = others.items()
            again.pair_with(far, other, decode_input(kind, record.data))
        else:
            events += 1
            (others[name] if name else again).hear(kind, record.ts_recv_ns, decode_input(kind, record.data))
    return Parity(live, sent, events)


class _Again:
    """An engine built as the session's was; it adds the bytes of the orders that it decides on to ``sent``."""

    def __init__(self, start: Start, encoder: OrderEncoder, is_logged_on: bool, sent: list[bytes]) -> None:
        instruments = {it.symbol: it for it in start.instruments}
        self.sent = sent
        self._desk: PairDesk | None = None
        self._far: _Again | None = None
        self._circles: CircleDesk | None = None
        self._encoder = encoder
        self._encoder.set_instruments(start.instruments)
        self._encoder.is_logged_on = is_logged_on
        self._offset_ms = 0
        self._engine = engine = Engine(start.config, instruments, start.account, start.identity, start.measured)
        self._do(engine.restore(map(decode_record, start.journal), start.ts_ns))
        warm_up()
        engine.trading.is_warm = True
        self._handlers: dict[str, Callable[[Any], list[Action]]] = {
            "trade": engine.on_trade,
            "quote": engine.on_quote,
            "book": engine.on_book,
            "lost": lambda lost: engine.on_book_lost(lost.symbol, lost.reason, lost.ts_recv_ns),
            "candle": engine.on_candle,
            "instrument": engine.on_instrument,
            "headline": engine.on_headline,
            "fair_value": engine.on_fair_value,
            "opinion": engine.on_opinion,
            "execution": engine.on_execution,
            "failure": engine.on_send_failed,
            "account": engine.on_account,
            "line_lost": lambda lost: engine.on_connection_lost(lost.reason, lost.ts_recv_ns),
            "timer": lambda tick: engine.on_timer(tick.ts_recv_ns),
            "clock": self._on_clock,
            "stream": lambda it: engine.on_user_stream(it.is_up, it.ts_recv_ns),
            "gap": lambda it: engine.on_gap(it.is_over, it.stood_ns, it.ts_recv_ns),
            "look": self._look,
            "circle": self._circle,
            "silenced": lambda it: engine.on_silenced(it.is_banned, it.until_ns, it.ts_recv_ns),
        }

    def hear(self, kind: str, ts_recv_ns: int, event: Any) -> None:
        """Give one recorded input to the engine."""
        if kind == "command":
            self._do(self._engine.on_command(event, ts_recv_ns)[1])
        else:
            self._do(self._handlers[kind](event))
        if self._far is not None:
            self._far.catch_up()

    def pair_with(self, far: _Again, name: str, tick: Tick) -> None:
        """Put the pair desk between this engine and a second one."""
        self._far = far
        self._desk = between(self._engine, far._engine, name, far.catch_up)
        self._desk.restore(tick.ts_recv_ns)

    def catch_up(self) -> None:
        """Do what waits because the other engine's event decided it."""
        self._do(self._engine.trading.take())

    def _look(self, tick: Tick) -> list[Action]:
        if self._desk is not None:
            self._desk.look(tick.ts_recv_ns)
        return self._engine.trading.take()

    def _circle(self, tick: Tick) -> list[Action]:
        self._circles = self._circles or around(self._engine)
        self._circles.look(tick.ts_recv_ns)
        return self._engine.trading.take()

    def _on_clock(self, clock: Clock) -> list[Action]:
        self._offset_ms = clock.offset_ms
        return self._engine.on_clock(clock.offset_ms)

    def _do(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Send | Replace | Protect) and self._may_leave(action):
                self.sent.append(self._encoded(action))
        for action in actions:
            if isinstance(action, Later):
                self._do(self._engine.after(action))

    def _may_leave(self, action: Send | Replace | Protect) -> bool:
        orders = action.protection.orders if isinstance(action, Protect) else (action.order,)
        stopped = [order for order in orders if not self._engine.trading.last_hop.passes(order)]
        return not stopped

    def _encoded(self, action: Send | Replace | Protect) -> bytes:
        encoder = self._encoder
        if isinstance(action, Send):
            return encoder.encode_order(action.order, self._offset_ms)
        if isinstance(action, Protect):
            name, method, ts_ns = action.protection.legs[-1], Method.PLACE_LIST, action.protection.ts_ns
            params = encoder.protection_params(action.protection)
        else:
            name, method, ts_ns = action.order.client_order_id, Method.REPLACE, action.order.ts_ns
            params = encoder.replacement_params(action.order, action.cancelled, ReplaceMode.STOP_ON_FAILURE)
        return encoder.encode_request(name, method, params, ts_ns // _MS + self._offset_ms)
