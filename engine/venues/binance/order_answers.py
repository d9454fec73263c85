"""What an answer means for each order that it is about, whichever way it came: a report, or the lack of one.

No answer is an unknown outcome and never a failure (F8).

=====================  ===================================================================================
request                what its refusal means for the orders it was about
=====================  ===================================================================================
place one, or a list   the venue has none of them, unless the error is ambiguous (``reports.is_ambiguous``)
cancel                 unknown: they may have filled meanwhile (F12); a query says how they stand
replace                each half has its own result; as above. Refused as a whole, nothing was done
query of an order      -2013: the venue has none; the core believes it when it was asked late enough
=====================  ===================================================================================
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol, TypeVar

import msgspec

from engine.core.instrument import Instrument
from engine.core.types import ClientOrderId, ExecutionReport, OrderState, SendFailed, Symbol
from engine.venues.binance import list_reports, reports
from engine.venues.binance.errors import RequestRefused, Unreachable, VenueError
from engine.venues.binance.order_methods import CANCELLING, PLACING, Asked, Method, Params
from engine.venues.binance.order_wires import ErrorWire, ReplacedWire
from engine.venues.sinks import OrderSink

_log = logging.getLogger(__name__)

KEPT: Final = 1_000
"""So many orders are remembered after their end, and so many requests after they were given up."""
_ENDS: Final = frozenset({OrderState.FILLED, OrderState.CANCELED, OrderState.REJECTED, OrderState.EXPIRED})
_REFUSED: Final = 400
"""The status that half of a replacement would have failed with, had it been asked for alone."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class OrderLineSink(OrderSink, Protocol):
    """An OrderSink that also hears of the line itself."""

    def on_sent(self, ts_ns: int, data: bytes) -> None:
        """See the bytes of an order after they left."""

    def on_connection_lost(self, reason: str) -> None:
        """Hear that the line broke: reports may be missed until it stands again."""


class OrderAnswers:
    """Takes answers and reports; ``ask`` sends the question that follows from one."""

    def __init__(
        self,
        instruments: Mapping[Symbol, Instrument],
        clock_ns: Callable[[], int],
        ask: Callable[[Asked, Params], None],
    ) -> None:
        self.on_stale_facts: Callable[[], None] = _nothing
        """Called when the venue refuses our clock (-1021, C17) or an instrument's limits (-1013, F25)."""
        self._ended: dict[ClientOrderId, None] = {}
        """The orders whose end was reported."""
        self._instruments = instruments
        self._clock_ns = clock_ns
        self._ask = ask
        self._sink: OrderLineSink | None = None

    @property
    def sink(self) -> OrderLineSink:
        """Return who is told; raises RuntimeError before anybody is."""
        if self._sink is None:
            raise RuntimeError("start the line for orders before anything is sent over it")
        return self._sink

    @sink.setter
    def sink(self, sink: OrderLineSink) -> None:
        self._sink = sink

    # ------------------------------------------------------------------ what an answer says

    def on_result(self, asked: Asked, result: msgspec.Raw, ts_recv_ns: int) -> None:
        """Take an answer that is no error; raises BadFrame for one that makes no sense."""
        method = asked.method
        if method is Method.PLACE:
            self.report(reports.decode_order(result, self._instruments, ts_recv_ns))
        elif method is Method.STATUS:
            self._on_status(asked, result, ts_recv_ns)
        elif method is Method.FILLS:
            found = reports.decode_order_with_fills(asked.result, result, self._instruments, ts_recv_ns)
            self.report(_named(found, asked.names[0]))
        elif method is Method.REPLACE:
            self._on_replaced(asked, list_reports.decode_replaced(result), 0, ts_recv_ns)
        else:
            self._on_listed(asked, list_reports.decode_answer(result, self._instruments, ts_recv_ns))

    def on_refused(self, asked: Asked, status: int, error: ErrorWire) -> None:
        """Take an error; the table above says what it means. Raises BadFrame for one that makes no sense."""
        method, code, words = asked.method, error.code, error.msg
        if reports.is_about_stale_facts(error):
            self.on_stale_facts()
        if error.data is not None and error.data.cancel_result:
            self._on_replaced(asked, error.data, code, self._clock_ns())
        elif method in PLACING:
            self._fail_placing(asked, reports.is_ambiguous(status, error), code, words)
        elif method in CANCELLING:
            self._fail_all(asked.names, True, code, f"cancel refused: {words}")
        elif method is Method.STATUS and code == reports.NO_SUCH_ORDER:
            self.fail(asked.names[0], False, code, words, asked.ts_ns)
        else:
            self._no_answer(asked, RequestRefused(status, code, words))

    def on_unanswered(self, asked: Asked, error: VenueError) -> None:
        """Hear that a request got no answer, or was never sent; what still matters, the core asks again by itself."""
        if asked.method in PLACING:
            self._fail_placing(asked, error.may_have_worked, 0, str(error))
        elif asked.method in CANCELLING:
            self._fail_all(asked.names, True, 0, f"cancel without an answer: {error}")
        else:
            self._no_answer(asked, error)

    def on_given_up(self, asked: Asked, reason: str) -> None:
        """Hear that an answer didn't come in time, or made no sense."""
        if asked.method in PLACING or asked.method in CANCELLING:
            self._fail_all((*asked.names, *asked.replaced), True, 0, reason)
        else:
            self._no_answer(asked, Unreachable(reason))

    def on_list_end(self, names: Iterable[ClientOrderId]) -> None:
        """Hear that nothing of a list is open any more: an order whose end was not heard is doubtful."""
        unheard = [name for name in names if name not in self._ended]
        self._fail_all(unheard, True, 0, "its order list is done, or something about it was refused")

    def report(self, found: Iterable[ExecutionReport]) -> None:
        """Hand on what the venue says of some orders."""
        for report in found:
            if report.state in _ENDS:
                keep(self._ended, report.client_order_id, None)
            self.sink.on_execution(report)

    def fail(
        self, client_order_id: ClientOrderId, is_ambiguous: bool, code: int, reason: str, asked_ns: int = 0
    ) -> None:
        """Say that an order was refused, or that its outcome is unknown."""
        failure = SendFailed(client_order_id, is_ambiguous, code, reason, self._clock_ns(), asked_ns)
        self.sink.on_send_failed(failure)

    # ------------------------------------------------------------------ the kinds of answers

    def _on_status(self, asked: Asked, result: msgspec.Raw, ts_recv_ns: int) -> None:
        if not reports.is_partly_told(result):
            self.report(_named(reports.decode_order(result, self._instruments, ts_recv_ns), asked.names[0]))
            return
        only: dict[str, str | int] = {"symbol": asked.symbol, "orderId": reports.venue_order_id(result)}
        # A copy: the frame's own bytes may be gone when the fills come.
        self._ask(Asked(Method.FILLS, asked.symbol, asked.names, result=msgspec.Raw(bytes(result))), only)

    def _on_replaced(self, asked: Asked, halves: ReplacedWire, code: int, ts_recv_ns: int) -> None:
        """Tell the new order first: whoever looks at both must not see a moment with neither."""
        if halves.new_order_result == list_reports.SUCCESS:
            self.report(list_reports.decode_answer(halves.new_order_response, self._instruments, ts_recv_ns))
        elif halves.new_order_result == list_reports.NOT_ATTEMPTED:
            self._fail_all(asked.names, False, code, "not placed: the order before it could not be cancelled")
        else:
            error = list_reports.decode_error(halves.new_order_response)
            self._fail_all(asked.names, reports.is_ambiguous(_REFUSED, error), error.code, error.msg)
        if halves.cancel_result == list_reports.SUCCESS:
            self.report(list_reports.decode_answer(halves.cancel_response, self._instruments, ts_recv_ns))
        else:
            error = list_reports.decode_error(halves.cancel_response)
            self._fail_all(asked.replaced, True, error.code, f"cancel refused: {error.msg}")

    def _on_listed(self, asked: Asked, found: tuple[ExecutionReport, ...]) -> None:
        """Report what an answer lists; an order that it should list and doesn't is doubtful."""
        self.report(found)
        listed = {report.client_order_id for report in found}
        missing = [name for name in asked.names if name not in listed]
        self._fail_all(missing, True, 0, f"the venue's answer to {asked.method} does not list it")

    def _no_answer(self, asked: Asked, error: VenueError) -> None:
        _log.warning("asking about %s failed: %s", ", ".join(asked.names), error)

    def _fail_placing(self, asked: Asked, is_ambiguous: bool, code: int, reason: str) -> None:
        """Fail what was to be placed. What it was to replace is as doubtful, or was certainly not touched."""
        self._fail_all(asked.names, is_ambiguous, code, reason)
        if is_ambiguous:
            self._fail_all(asked.replaced, True, code, reason)

    def _fail_all(self, names: Iterable[ClientOrderId], is_ambiguous: bool, code: int, reason: str) -> None:
        for name in names:
            self.fail(name, is_ambiguous, code, reason)


def keep(kept: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Remember something, and forget the oldest beyond ``KEPT``."""
    kept[key] = value
    if len(kept) > KEPT:
        del kept[next(iter(kept))]


def _named(found: tuple[ExecutionReport, ...], name: ClientOrderId) -> tuple[ExecutionReport, ...]:
    """Let reports bear the name that was asked for: a cancelled order may bear its cancel's at the venue."""
    return tuple(msgspec.structs.replace(report, client_order_id=name) for report in found)


def _nothing() -> None:
    """Stand in until somebody listens."""
