"""Our orders at the venue: sent, replaced, cancelled and asked about, one by one or as lists of a stop and a target.

``send`` is synchronous: encode, sign, write. While the line is down everything goes over REST. What comes back is
heard by ``order_hearing``, and what it means is said by ``order_answers``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, Final

import msgspec

from engine.core.instrument import Instrument
from engine.core.types import ApprovedOrder, ApprovedProtection, ClientOrderId, ReplaceMode, Symbol
from engine.venues.binance.errors import RequestRefused, Throttled, VenueError
from engine.venues.binance.limits import Budget
from engine.venues.binance.line import OrderLine
from engine.venues.binance.order_answers import OrderAnswers, OrderLineSink
from engine.venues.binance.order_hearing import OrderHearing
from engine.venues.binance.order_methods import CANCELLING, ROUTES, Asked, Method, Params
from engine.venues.binance.order_wires import ErrorWire
from engine.venues.binance.orders_codec import OrderEncoder
from engine.venues.binance.rest import RestClient

__all__ = ["REPLY_S", "BinanceOrders", "OrderLineSink"]

REPLY_S: Final = 2.0
"""An answer takes milliseconds; without one for so long the outcome counts as unknown."""
_SWEEP_S: Final = 0.25
_MS: Final = 1_000_000


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
        self._line = line
        self._rest = rest
        self._encoder = encoder
        self._budget = budget
        self._clock_ns = clock_ns
        self._reply_s = reply_s
        self._now_s = _loop_s
        self._answers = OrderAnswers(instruments, clock_ns, self._ask)
        self._hearing = OrderHearing(self._answers, instruments)
        self._awaited = self._hearing.awaited
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_ready(self) -> bool:
        """True while the line stands, logged on and subscribed to the user's stream."""
        return self._line.is_ready

    @property
    def is_streaming(self) -> bool:
        """True while the venue tells of our orders without being asked (C13)."""
        return self._line.is_streaming

    @property
    def bad_frames(self) -> int:
        """How many frames of the line made no sense and were dropped (F15)."""
        return self._line.bad_frames

    @property
    def outstanding(self) -> int:
        """How many requests wait for their answer."""
        return len(self._awaited)

    @property
    def on_stale_facts(self) -> Callable[[], None]:
        """Called when the venue refuses our clock (-1021, C17) or an instrument's limits (-1013, F25)."""
        return self._answers.on_stale_facts

    @on_stale_facts.setter
    def on_stale_facts(self, listener: Callable[[], None]) -> None:
        self._answers.on_stale_facts = listener

    @property
    def on_line_stands(self) -> Callable[[], None]:
        """Called each time that the line stands anew: what was missed meanwhile may be looked for."""
        return self._line.on_stands

    @on_line_stands.setter
    def on_line_stands(self, listener: Callable[[], None]) -> None:
        self._line.on_stands = listener

    async def start(self, sink: OrderLineSink) -> None:
        """Connect, and return when the line stands."""
        self._answers.sink = sink
        self._now_s = asyncio.get_running_loop().time  # once: every order asks for it
        self._in_background(self._sweep())
        await self._line.start(self._hearing)

    async def close(self) -> None:
        """Close the line; what is outstanding stays unknown."""
        await self._line.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ------------------------------------------------------------------ placing

    def send(self, order: ApprovedOrder) -> bool:
        """Encode, sign and write an approved order at once; return False where it can't leave over the line.

        Raises TypeError for anything but an ApprovedOrder; every other outcome reaches the sink.
        """
        now_s = self._now_s()
        try:
            data = self._encoder.encode_order(order, self._rest.clock_offset_ms)
            self._budget.take_order(now_s)
        except (ValueError, Throttled) as error:
            return self._not_sent((order.client_order_id,), error)
        is_sent = self._line.send(data)
        name = order.client_order_id  # no answer is heard before this returns
        asked = Asked(Method.PLACE, order.symbol, (name,), now_s + self._reply_s)
        if not is_sent:
            body = self._encoder.encode_rest(order, self._rest.clock_offset_ms)
            self._in_background(self._post(asked, body))
            return False
        self._awaited[name] = asked
        self._answers.sink.on_sent(self._clock_ns(), data)
        self._encoder.prepare()
        return True

    def send_protection(self, protection: ApprovedProtection) -> bool:
        """Send a stop and a target as one list (OCO); return False where it can't leave over the line.

        Raises TypeError for anything but an ApprovedProtection; every other outcome reaches the sink, for each of the
        two orders. It counts as two against the venue's limits.
        """
        try:
            params = self._encoder.protection_params(protection)
        except ValueError as error:
            return self._not_sent(protection.legs, error)
        asked = Asked(Method.PLACE_LIST, protection.symbol, protection.legs)
        return self._place(asked, params, protection.ts_ns)

    def replace(
        self,
        order: ApprovedOrder,
        cancelled: ClientOrderId,
        along: tuple[ClientOrderId, ...] = (),
        mode: ReplaceMode = ReplaceMode.STOP_ON_FAILURE,
    ) -> bool:
        """Cancel an order and place another instead, in one request; return False where it can't leave over the line.

        ``along`` names the others of the cancelled order's list, which go with it. The two halves are no transaction:
        the cancel may succeed and the new order fail. Raises as ``send`` does.
        """
        try:
            params = self._encoder.replacement_params(order, cancelled, mode)
        except ValueError as error:
            return self._not_sent((order.client_order_id,), error)
        asked = Asked(Method.REPLACE, order.symbol, (order.client_order_id,), replaced=(cancelled, *along))
        return self._place(asked, params, order.ts_ns)

    def _place(self, asked: Asked, params: Params, ts_ns: int) -> bool:
        """Sign and write; the request goes by the name of the last order that it places."""
        now_s, name = self._now_s(), asked.names[-1]
        ts_ms = ts_ns // _MS + self._rest.clock_offset_ms
        try:
            for _ in asked.names:
                self._budget.take_order(now_s)
        except Throttled as error:
            return self._not_sent(asked.names, error)
        data = self._encoder.encode_request(name, asked.method, params, ts_ms)
        if not self._line.send(data):
            self._in_background(self._post(asked, self._encoder.encode_rest_request(params, ts_ms)))
            return False
        self._awaited[name] = asked._replace(deadline_s=now_s + self._reply_s)
        self._answers.sink.on_sent(self._clock_ns(), data)
        return True

    def _not_sent(self, names: Iterable[ClientOrderId], error: Exception) -> bool:
        for name in names:
            self._answers.fail(name, False, 0, f"not sent: {error}")
        return False

    async def _post(self, asked: Asked, body: bytes) -> None:
        self._answers.sink.on_sent(self._clock_ns(), body)
        await self._hear(asked, lambda: self._rest.post_order(body, ROUTES[asked.method][1]))

    # ------------------------------------------------------------------ cancelling

    def cancel(self, symbol: Symbol, client_order_id: ClientOrderId) -> None:
        """Ask for an open order to be cancelled, and all of its list with it.

        One that can't be becomes unknown: ask how it stands.
        """
        params = {"symbol": symbol, "origClientOrderId": client_order_id}
        self._ask(Asked(Method.CANCEL, symbol, (client_order_id,)), params)

    def cancel_all(self, symbol: Symbol, expected: Iterable[ClientOrderId] = ()) -> None:
        """Ask for all open orders of a symbol to be cancelled, those in lists and foreign ones included.

        Of the ``expected`` ones, those become unknown that the answer doesn't list, and all if there is none.
        """
        self._ask(Asked(Method.CANCEL_ALL, symbol, tuple(expected)), {"symbol": symbol})

    # ------------------------------------------------------------------ asking

    def query(self, symbol: Symbol, client_order_id: ClientOrderId) -> None:
        """Ask what became of an order; its fills are reported too."""
        params = {"symbol": symbol, "origClientOrderId": client_order_id}
        self._ask(Asked(Method.STATUS, symbol, (client_order_id,)), params)

    def _ask(self, asked: Asked, params: Params) -> None:
        now_s = self._now_s()
        try:
            self._budget.check_weight(now_s, is_urgent=asked.method in CANCELLING)
        except Throttled as error:
            self._answers.on_unanswered(asked, error)
            return
        asked = asked._replace(deadline_s=now_s + self._reply_s, ts_ns=self._clock_ns())
        request_id = self._line.ask(asked.method, params)
        if request_id:
            self._awaited[request_id] = asked
        else:
            verb, path = ROUTES[asked.method]
            self._in_background(self._hear(asked, lambda: self._rest.signed(verb, path, params)))

    # ------------------------------------------------------------------ small things

    async def _hear(self, asked: Asked, ask: Callable[[], Awaitable[bytes]]) -> None:
        """Ask over REST, and take the answer as the line's would be."""
        try:
            try:
                self._answers.on_result(asked, msgspec.Raw(await ask()), self._clock_ns())
            except RequestRefused as error:
                self._answers.on_refused(asked, error.status, ErrorWire(error.code, error.message, error.data))
        except VenueError as error:
            self._answers.on_unanswered(asked, error)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._hearing.give_up_overdue(self._now_s(), self._reply_s)

    def _in_background(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _loop_s() -> float:
    """Return the loop's monotonic time: deadlines must not follow a wall clock that jumps (F14)."""
    return asyncio.get_running_loop().time()
