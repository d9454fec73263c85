"""A lost user stream (C13): what fills is not heard, so entries stop after a while, and open ones are cancelled later.

What protects a position stays at the venue, and closes and exits go on: they can be asked about.
"""

from __future__ import annotations

from typing import Final

from engine.core.actions import Cancel
from engine.core.bars import STREAM
from engine.core.trading import Trading
from engine.core.types import BUY

AGAIN_NS: Final = 5_000_000_000
"""A cancel whose outcome nobody has told is asked for again after this."""


class UserStream:
    """Takes whether the venue tells us of our orders, and lets time pass while it doesn't."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._is_told = False
        self._cancelled_ns = 0

    def on_change(self, *, is_up: bool) -> None:
        """Take that the stream is lost, or that it is back."""
        trading, limits = self._trading, self._trading.config.limits
        trading.bars.lose_stream(0 if is_up else trading.now_ns, limits.user_stream_s)
        if is_up and self._is_told:
            trading.notice("info", STREAM, "The venue tells of our orders again: entries are allowed as before.")
        self._is_told, self._cancelled_ns = False, 0

    def look(self) -> None:
        """Let time pass: say when entries stop, and cancel the open ones when it lasts."""
        trading = self._trading
        lost_ns = trading.bars.stream_lost_ns
        if not lost_ns:
            return
        limits, lost_s = trading.config.limits, (trading.now_ns - lost_ns) / 1e9
        if lost_s >= limits.user_stream_s and not self._is_told:
            self._is_told = True
            words = f"The venue tells nothing of our orders since {lost_s:.0f} s (limit={limits.user_stream_s:g}s)"
            then = f"No entries from now on; those that are open are cancelled after {limits.user_stream_cancel_s:g} s."
            trading.notice("critical", STREAM, f"{words}. {then} Closes and exits go on.")
        if lost_s >= limits.user_stream_cancel_s and trading.now_ns - self._cancelled_ns >= AGAIN_NS:
            self._cancel_entries(lost_s)

    def _cancel_entries(self, lost_s: float) -> None:
        trading, is_first = self._trading, not self._cancelled_ns
        self._cancelled_ns = trading.now_ns
        entries = [order.approved for order in trading.orders.working() if order.approved.side is BUY]
        for entry in entries:
            trading.do(Cancel(entry.symbol, entry.client_order_id))
        if entries and is_first:
            limit_s = trading.config.limits.user_stream_cancel_s
            words = f"Nothing is heard of our orders since {lost_s:.0f} s (limit={limit_s:g}s)"
            trading.notice("critical", STREAM, f"{words}: cancelling {len(entries)} open entries.")
