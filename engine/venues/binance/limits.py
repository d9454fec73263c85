"""The venue's own limits, kept from being reached: its counters as its answers report them, and its silences.

Times are the loop's monotonic seconds: a wall clock that jumps must not end a silence (F14).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from engine.venues.binance.errors import Throttled

CEILING: Final = 0.9
"""So much of a limit is used and no more; the rest stays for cancels."""
BULK_CEILING: Final = 0.5
"""So much for what comes in bulk, as the snapshots of many books: questions about orders come in between."""
DEFAULT_SILENCE_S: Final = 60.0
"""Where a 429 or 418 names no end."""

_SECONDS: Final = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86_400}
ORDERS: Final = "ORDERS"
WEIGHT: Final = "REQUEST_WEIGHT"


class RateLimitWire(msgspec.Struct, frozen=True):
    """One of the venue's counters, as ``exchangeInfo`` and every reply of the WebSocket API show it.

    Raw: ``{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":50,"count":12}``.
    Source: Binance, WebSocket API, "Rate limits".
    """

    kind: str = msgspec.field(name="rateLimitType")
    interval: str
    interval_num: int = msgspec.field(name="intervalNum")
    limit: int
    count: int = 0


class _Window:
    """One counter: what the venue last said, and what was sent since."""

    __slots__ = ("ceiling", "count", "ends_s", "length_s", "limit")

    def __init__(self, limit: int, length_s: float) -> None:
        self.limit = limit
        self.ceiling = int(limit * CEILING)
        self.length_s = length_s
        self.count = 0
        self.ends_s = 0.0

    def roll(self, now_s: float) -> None:
        """Begin anew when a whole length has passed since the first count: by then the venue has begun anew too."""
        if now_s >= self.ends_s:
            self.count, self.ends_s = 0, now_s + self.length_s

    def report(self, count: int, now_s: float) -> None:
        """Take the venue's own count. Smaller than ours, it has begun anew."""
        if count < self.count or now_s >= self.ends_s:
            self.ends_s = now_s + self.length_s
        self.count = count


class Budget:
    """What may still be sent."""

    def __init__(self) -> None:
        self.silent_until_s = 0.0
        self.is_banned = False
        """True after a 418, until something is answered again."""
        self.on_silence: Callable[[bool, float], None] = _nothing
        """Called when the venue asks for silence: whether it has banned us, and for how many seconds."""
        self._windows: dict[tuple[str, str, int], _Window] = {}
        self._of_orders: tuple[_Window, ...] = ()

    def on_limits(self, limits: Iterable[RateLimitWire], now_s: float) -> None:
        """Take the venue's limits, and its counts where an answer carries them."""
        for wire in limits:
            if wire.limit <= 0:  # a venue without that limit
                continue
            key = (wire.kind, wire.interval, wire.interval_num)
            window = self._windows.get(key)
            if window is None or window.limit != wire.limit:
                length_s = float(_SECONDS.get(wire.interval, 86_400) * wire.interval_num)
                window = self._windows[key] = _Window(wire.limit, length_s)
                self._of_orders = tuple(one for (kind, _, _), one in self._windows.items() if kind == ORDERS)
            window.report(max(wire.count, 0), now_s)

    def on_weight(self, count: int, now_s: float) -> None:
        """Take the minute's weight from an answer's header."""
        window = self._windows.get((WEIGHT, "MINUTE", 1))
        if window is not None:
            window.report(count, now_s)

    def on_refused(self, status: int, wait_s: float, now_s: float) -> None:
        """Keep silent for so long after a 429 or 418 (F7); 0 where it doesn't say."""
        is_new_ban = status == 418 and not self.is_banned
        self.is_banned = self.is_banned or is_new_ban
        until_s = now_s + (wait_s or DEFAULT_SILENCE_S)
        if until_s > self.silent_until_s or is_new_ban:
            self.silent_until_s = max(until_s, self.silent_until_s)
            self.on_silence(self.is_banned, self.silent_until_s - now_s)

    def take_order(self, now_s: float) -> None:
        """Count an order that is about to leave; raises Throttled when it may not."""
        if now_s < self.silent_until_s:
            self.check_silence(now_s)
        for window in self._of_orders:
            if now_s >= window.ends_s:
                window.roll(now_s)
            if window.count >= window.ceiling:
                raise Throttled(window.ends_s - now_s)
        for window in self._of_orders:
            window.count += 1

    def check_weight(self, now_s: float, *, is_urgent: bool, is_bulk: bool = False) -> None:
        """Raise Throttled where a request would eat into what is kept for urgent ones, such as cancels.

        What comes in bulk also leaves room for what is neither.
        """
        self.check_silence(now_s)
        for (kind, _, _), window in self._windows.items():
            if kind == WEIGHT:
                window.roll(now_s)
                ceiling = int(window.limit * BULK_CEILING) if is_bulk else window.ceiling
                if window.count >= (window.limit if is_urgent else ceiling):
                    raise Throttled(window.ends_s - now_s)

    def check_silence(self, now_s: float) -> None:
        """Raise Throttled while the venue wants silence."""
        if now_s < self.silent_until_s:
            raise Throttled(self.silent_until_s - now_s)


class Attempts:
    """Connections that were tried: no more of them in a span of time than the venue takes from one address."""

    def __init__(self, most: int, span_s: float) -> None:
        self._span_s = span_s
        self._tried_s: deque[float] = deque(maxlen=most)

    def take(self, now_s: float) -> float:
        """Count an attempt and return 0, or return in how many seconds it may be made."""
        if len(self._tried_s) == self._tried_s.maxlen and now_s < self._tried_s[0] + self._span_s:
            return self._tried_s[0] + self._span_s - now_s
        self._tried_s.append(now_s)
        return 0.0


def _nothing(is_banned: bool, wait_s: float) -> None:
    """Stand in until somebody listens."""
