"""What the line brings about our orders: each reply to the request that it answers, each report of the user's stream.

A reply that doesn't come in time, or a line that breaks with requests outstanding, is an unknown outcome and never a
failure (F8). A late reply is as good as one in time (F11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from engine.core.instrument import Instrument
from engine.core.types import Symbol
from engine.venues.binance import list_reports, reports
from engine.venues.binance.errors import BadFrame
from engine.venues.binance.order_answers import OrderAnswers, keep
from engine.venues.binance.order_methods import Asked
from engine.venues.binance.order_wires import ABSENT, Incoming


class OrderHearing:
    """Listens to the line and gives what it hears to ``answers``."""

    def __init__(self, answers: OrderAnswers, instruments: Mapping[Symbol, Instrument]) -> None:
        self.awaited: dict[str | int, Asked] = {}
        """What was asked, by the id of the request."""
        self._late: dict[str | int, Asked] = {}
        self._answers = answers
        self._instruments = instruments

    @property
    def on_stale_facts(self) -> Callable[[], None]:
        """Return what to call when the venue refuses our clock at the logon."""
        return self._answers.on_stale_facts

    def on_event(self, event: msgspec.Raw, ts_recv_ns: int) -> None:
        """Take a report of the user's stream."""
        report = reports.decode_execution(event, self._instruments, ts_recv_ns)
        if report is not None:
            self._answers.report((report,))

    def on_list_status(self, event: msgspec.Raw) -> None:
        """Take the news of a list; its orders have reports of their own."""
        self._answers.on_list_end(list_reports.decode_settled_legs(event))

    def on_reply(self, reply: Incoming, ts_recv_ns: int) -> None:
        """Take the answer to a request; one to nothing that we asked is passed over."""
        if reply.id is None or (asked := self.awaited.pop(reply.id, None) or self._late.pop(reply.id, None)) is None:
            return
        try:
            if reply.status == 200 and reply.result != ABSENT:
                self._answers.on_result(asked, reply.result, ts_recv_ns)
            else:
                self._answers.on_refused(asked, reply.status, reply.error)
        except BadFrame as error:
            self._give_up(reply.id, asked, str(error))
            raise

    def on_line_lost(self) -> None:
        """Make everything outstanding unknown, and say that reports may be missed."""
        for key in tuple(self.awaited):
            self._give_up(key, self.awaited.pop(key), "the line for orders broke before the answer")
        self._answers.sink.on_connection_lost("the venue's line for orders broke")

    def give_up_overdue(self, now_s: float, waited_s: float) -> None:
        """Give up on answers that are overdue."""
        for key in [key for key, asked in self.awaited.items() if asked.deadline_s < now_s]:
            self._give_up(key, self.awaited.pop(key), f"no answer within {waited_s:g} s")

    def _give_up(self, key: str | int, asked: Asked, reason: str) -> None:
        keep(self._late, key, asked)
        self._answers.on_given_up(asked, reason)
