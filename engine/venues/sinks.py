"""Where a venue hands what it heard: called synchronously from the socket's own callback, no queue in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from engine.core.market import Market
from engine.core.types import BookUpdate, ExecutionReport, Quote, SendFailed, Symbol, Trade


class MarketSink(Protocol):
    """Takes market data in order of receipt."""

    def on_trade(self, trade: Trade) -> None:
        """Take one public trade."""

    def on_quote(self, quote: Quote) -> None:
        """Take a new best bid and ask."""

    def on_book(self, update: BookUpdate) -> None:
        """Take a snapshot or the next update, already in sequence and without a gap."""

    def on_book_lost(self, symbol: Symbol, reason: str, ts_recv_ns: int) -> None:
        """Hear that the book is out of sequence from now on, until the next snapshot (F3)."""

    def on_bad_frame(self, reason: str, ts_recv_ns: int) -> None:
        """Hear that a frame was dropped because it made no sense (F15)."""


@runtime_checkable
class ExpressSink(MarketSink, Protocol):
    """Takes from the express lane only what a trade or a quote has stirred; its market has it already."""

    @property
    def express(self) -> Mapping[Symbol, Market] | None:
        """The core's own markets, whose arrays are written to; None where every event is wanted as an object."""

    def on_stirred(self, market: Market, stirred: int, ts_recv_ns: int) -> None:
        """Go on with what was stirred: bits of ``core.kernels.market``, more than 0."""

    def on_step_failed(self, error: Exception) -> None:
        """Hear that a strategy's step raised; the market has the trade or quote, the steps after it were left out."""


class OrderSink(Protocol):
    """Takes what the venue says of our orders."""

    def on_execution(self, report: ExecutionReport) -> None:
        """Take a report, from whichever of the venue's ways; the same one may come twice (F1)."""

    def on_send_failed(self, failure: SendFailed) -> None:
        """Hear that an order was refused, or that its outcome is unknown."""
