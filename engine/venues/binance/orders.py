"""Our orders at the venue: sent, cancelled, asked about, and every answer handed to the sink, or the lack of one.

``send`` is synchronous: encode, sign, write. A reply that doesn't come in time, or a line that breaks with requests
outstanding, is an unknown outcome and never a failure (F8). While the line is down everything goes over REST.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, Literal, NamedTuple, Protocol

import msgspec

from engine.core.instrument import Instrument
from engine.core.types import ApprovedOrder, ClientOrderId, ExecutionReport, SendFailed, Symbol
from engine.venues.binance import reports
from engine.venues.binance.errors import BadFrame, RequestRefused, Throttled, VenueError
from engine.venues.binance.limits import Budget
from engine.venues.binance.line import OrderLine
from engine.venues.binance.order_wires import ABSENT, ErrorWire, Incoming
from engine.venues.binance.orders_codec import OrderEncoder
from engine.venues.binance.rest import RestClient
from engine.venues.sinks import OrderSink

_log = logging.getLogger(__name__)

REPLY_S: Final = 2.0
"""An answer takes milliseconds; without one for so long the outcome counts as unknown."""
_SWEEP_S: Final = 0.25

Job = Literal["place", "cancel", "status", "fills"]


class OrderLineSink(OrderSink, Protocol):
    """An OrderSink that also hears of the line itself."""

    def on_sent(self, ts_ns: int, data: bytes) -> None:
        """See the bytes of an order after they left."""

    def on_connection_lost(self, reason: str) -> None:
        """Hear that the line broke: reports may be missed until it stands again."""


class _Asked(NamedTuple):
    """A request whose answer is awaited."""

    job: Job
    symbol: Symbol
    client_order_id: ClientOrderId
    deadline_s: float
    """By the loop's clock."""
    result: msgspec.Raw = ABSENT
    """For ``fills``: the answer about the order that they belong to."""
    ts_ns: int = 0
    """When it was asked."""


class BinanceOrders:
    """Sends approved orders, cancels and queries over a line, or over REST while it is down."""

    def __init__(
        self,
        line: OrderLine,
        rest: RestClient,
        encoder: OrderEncoder,
        instruments: Mapping[Symbol, Instrument],
        budget: Budget,
        clock_ns: Callable[[], int],
        reply_s: float = REPLY_S,
    ) -> None:
        self.on_stale_facts: Callable[[], None] = _nothing
        """Called when the venue refuses our clock (-1021, C17) or an instrument's limits (-1013, F25)."""
        self._line = line
        self._rest = rest
        self._encoder = encoder
        self._instruments = instruments
        self._budget = budget
        self._clock_ns = clock_ns
        self._reply_s = reply_s
        self._asked: dict[str | int, _Asked] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sink: OrderLineSink | None = None

    @property
    def is_ready(self) -> bool:
        """True while the line stands, logged on and subscribed to the user's stream."""
        return self._line.is_ready

    @property
    def bad_frames(self) -> int:
        """How many frames of the line made no sense and were dropped (F15)."""
        return self._line.bad_frames

    @property
    def outstanding(self) -> int:
        """How many requests wait for their answer."""
        return len(self._asked)

    async def start(self, sink: OrderLineSink) -> None:
        """Connect, and return when the line stands."""
        self._sink = sink
        self._in_background(self._sweep())
        await self._line.start(self)

    async def close(self) -> None:
        """Close the line; what is outstanding stays unknown."""
        await self._line.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ------------------------------------------------------------------ asking

    def send(self, order: ApprovedOrder) -> bool:
        """Encode, sign and write an approved order at once; return False where it can't leave over the line.

        Raises TypeError for anything but an ApprovedOrder; every other outcome reaches the sink.
        """
        now_s = _now_s()
        try:
            data = self._encoder.encode_order(order, self._rest.clock_offset_ms)
            self._budget.take_order(now_s)
        except (ValueError, Throttled) as error:
            self._fail(order.client_order_id, False, 0, f"not sent: {error}")
            return False
        if not self._line.send(data):
            self._in_background(self._post(order))
            return False
        name = order.client_order_id
        self._asked[name] = _Asked("place", order.symbol, name, now_s + self._reply_s)
        self._to().on_sent(self._clock_ns(), data)
        return True

    def cancel(self, symbol: Symbol, client_order_id: ClientOrderId) -> None:
        """Ask for an open order to be cancelled. One that can't be becomes unknown: ask how it stands."""
        self._ask("cancel", symbol, client_order_id)

    def query(self, symbol: Symbol, client_order_id: ClientOrderId) -> None:
        """Ask what became of an order; its fills are reported too."""
        self._ask("status", symbol, client_order_id)

    def _ask(self, job: Literal["cancel", "status"], symbol: Symbol, client_order_id: ClientOrderId) -> None:
        try:
            self._budget.check_weight(_now_s(), is_urgent=job == "cancel")
        except Throttled as error:
            self._not_asked(job, client_order_id, error)
            return
        params = {"symbol": symbol, "origClientOrderId": client_order_id}
        if not self._write(_Asked(job, symbol, client_order_id, 0.0), f"order.{job}", params):
            self._in_background(self._ask_over_rest(job, symbol, client_order_id, params))

    def _write(self, asked: _Asked, method: str, params: Mapping[str, str | int]) -> bool:
        request_id = self._line.ask(method, params)
        if request_id:
            self._asked[request_id] = asked._replace(deadline_s=_now_s() + self._reply_s, ts_ns=self._clock_ns())
        return request_id > 0

    async def _post(self, order: ApprovedOrder) -> None:
        body = self._encoder.encode_rest(order, self._rest.clock_offset_ms)
        self._to().on_sent(self._clock_ns(), body)
        try:
            self._report(reports.decode_order(await self._rest.post_order(body), self._instruments, self._clock_ns()))
        except RequestRefused as error:
            self._settle("place", order.client_order_id, error.status, ErrorWire(error.code, error.message))
        except VenueError as error:
            self._fail(order.client_order_id, error.may_have_worked, 0, str(error))

    async def _ask_over_rest(
        self, job: Job, symbol: Symbol, client_order_id: ClientOrderId, params: Mapping[str, str | int]
    ) -> None:
        verb, asked_ns = "DELETE" if job == "cancel" else "GET", self._clock_ns()
        try:
            result = await self._rest.signed(verb, "/api/v3/order", params)
            fills = b"[]"
            if reports.is_partly_told(result):
                only: dict[str, str | int] = {"symbol": symbol, "orderId": reports.venue_order_id(result)}
                fills = await self._rest.signed("GET", "/api/v3/myTrades", only)
            self._report(reports.decode_order_with_fills(result, fills, self._instruments, self._clock_ns()))
        except RequestRefused as error:
            self._settle(job, client_order_id, error.status, ErrorWire(error.code, error.message), asked_ns)
        except VenueError as error:
            self._not_asked(job, client_order_id, error)

    # ------------------------------------------------------------------ hearing

    def on_event(self, event: msgspec.Raw, ts_recv_ns: int) -> None:
        """Take a report of the user's stream."""
        report = reports.decode_execution(event, self._instruments, ts_recv_ns)
        if report is not None:
            self._to().on_execution(report)

    def on_reply(self, reply: Incoming, ts_recv_ns: int) -> None:
        """Take the answer to an order, a cancel or a query; a late one is as good as one in time (F11)."""
        asked = self._asked.pop(reply.id, None) if reply.id is not None else None
        if reply.status == 200 and reply.result != ABSENT:
            try:
                self._on_result(asked, reply.result, ts_recv_ns)
            except BadFrame as error:
                if asked is not None:
                    self._give_up(asked, str(error))
                raise
        elif asked is not None:
            self._settle(asked.job, asked.client_order_id, reply.status, reply.error, asked.ts_ns)
        elif isinstance(reply.id, str):
            self._settle("place", ClientOrderId(reply.id), reply.status, reply.error)

    def on_line_lost(self) -> None:
        """Make everything outstanding unknown, and say that reports may be missed."""
        asked, self._asked = self._asked, {}
        for one in asked.values():
            self._give_up(one, "the line for orders broke before the answer")
        self._to().on_connection_lost("the venue's line for orders broke")

    def _on_result(self, asked: _Asked | None, result: msgspec.Raw, ts_recv_ns: int) -> None:
        if asked is not None and asked.job == "fills":
            self._report(reports.decode_order_with_fills(asked.result, result, self._instruments, ts_recv_ns))
        elif asked is not None and asked.job == "status" and reports.is_partly_told(result):
            only: dict[str, str | int] = {"symbol": asked.symbol, "orderId": reports.venue_order_id(result)}
            # A copy: the frame's own bytes may be gone when the fills come.
            self._write(asked._replace(job="fills", result=msgspec.Raw(bytes(result))), "myTrades", only)
        else:
            self._report(reports.decode_order(result, self._instruments, ts_recv_ns))

    def _settle(
        self, job: Job, client_order_id: ClientOrderId, status: int, error: ErrorWire, asked_ns: int = 0
    ) -> None:
        """Say what an error means for the order that it is about; ``asked_ns`` where it answers a question."""
        if reports.is_about_stale_facts(error):
            self.on_stale_facts()
        if job == "place":
            self._fail(client_order_id, reports.is_ambiguous(status, error), error.code, error.msg)
        elif job == "cancel":
            # It may have filled meanwhile (F12): unknown, until a query says how it stands.
            self._fail(client_order_id, True, error.code, f"cancel refused: {error.msg}")
        elif error.code == reports.NO_SUCH_ORDER:
            self._fail(client_order_id, False, error.code, error.msg, asked_ns)
        else:
            _log.warning("asking about %s failed: %s %s", client_order_id, error.code, error.msg)

    def _not_asked(self, job: Job, client_order_id: ClientOrderId, error: VenueError) -> None:
        """Say that a cancel or a query got no answer; the core asks again by itself."""
        if job == "cancel":
            self._fail(client_order_id, True, 0, f"cancel without an answer: {error}")
        else:
            _log.warning("asking about %s failed: %s", client_order_id, error)

    async def _sweep(self) -> None:
        """Give up on answers that are overdue."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            now_s = _now_s()
            for key in [key for key, one in self._asked.items() if one.deadline_s < now_s]:
                self._give_up(self._asked.pop(key), f"no answer within {self._reply_s:g} s")

    def _give_up(self, one: _Asked, reason: str) -> None:
        if one.job in ("place", "cancel"):
            self._fail(one.client_order_id, True, 0, reason)

    # ------------------------------------------------------------------ small things

    def _to(self) -> OrderLineSink:
        if self._sink is None:
            raise RuntimeError("start the line for orders before anything is sent over it")
        return self._sink

    def _report(self, found: tuple[ExecutionReport, ...]) -> None:
        for report in found:
            self._to().on_execution(report)

    def _fail(
        self, client_order_id: ClientOrderId, is_ambiguous: bool, code: int, reason: str, asked_ns: int = 0
    ) -> None:
        failure = SendFailed(client_order_id, is_ambiguous, code, reason, self._clock_ns(), asked_ns)
        self._to().on_send_failed(failure)

    def _in_background(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _now_s() -> float:
    """Return the loop's monotonic time: deadlines must not follow a wall clock that jumps (F14)."""
    return asyncio.get_running_loop().time()


def _nothing() -> None:
    """Stand in until somebody listens."""
