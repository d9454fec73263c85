"""Rate limits as Binance counts them: weight by address and minute, orders by account; 429 first, 418 for the deaf.

Source: Binance spot, "LIMITS". Successful orders weigh nothing (since 2026-04-02).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from engine.venues.paper.errors import Refused

MINUTE_MS: Final = 60_000
TEN_SECONDS_MS: Final = 10_000
DAY_MS: Final = 86_400_000
FIRST_BAN_MS: Final = 120_000
"""Two minutes, up to three days for repeat offenders."""
PATIENCE: Final = 1.5
"""Requests over the limit, as a multiple of it, until an address is banned."""


class Limits(msgspec.Struct, frozen=True):
    """What is allowed; 0 for no limit."""

    weight_1m: int = 6_000
    orders_10s: int = 100
    orders_1d: int = 200_000


class RateLimited(Refused):
    """Refused for too much, with how long to be silent."""

    def __init__(self, code: int, message: str, status: int, retry_after_s: int) -> None:
        super().__init__(code, message, status)
        self.retry_after_s = retry_after_s


class _Window(msgspec.Struct):
    length_ms: int
    start_ms: int = 0
    used: int = 0

    def add(self, now_ms: int, weight: int) -> int:
        """Count a request; return the weight of this window so far."""
        start_ms = now_ms - now_ms % self.length_ms
        if start_ms != self.start_ms:
            self.start_ms, self.used = start_ms, 0
        self.used += weight
        return self.used

    def left_s(self, now_ms: int) -> int:
        return max(1, -(-(self.start_ms + self.length_ms - now_ms) // 1000))


class RateLimiter:
    """The counters of all addresses and accounts."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._weights: dict[str, _Window] = {}
        self._orders: dict[str, tuple[_Window, _Window]] = {}
        self._banned_until_ms: dict[str, int] = {}

    def spend(self, address: str, weight: int, now_ms: int) -> int:
        """Count a request's weight and return what its minute has used; raises RateLimited (429, 418)."""
        self._refuse_banned(address, now_ms)
        window = self._weights.setdefault(address, _Window(MINUTE_MS))
        used, allowed = window.add(now_ms, weight), self.limits.weight_1m
        if not allowed or used <= allowed:
            return used
        if used > allowed * PATIENCE:
            self.ban(address, now_ms, FIRST_BAN_MS)
            self._refuse_banned(address, now_ms)
        raise RateLimited(
            -1003,
            f"Too much request weight used; current limit is {allowed} request weight per 1 MINUTE. "
            "Please use WebSocket Streams for live updates to avoid polling the API.",
            429,
            window.left_s(now_ms),
        )

    def used_weight(self, address: str, now_ms: int) -> int:
        """Return what an address has used in this minute."""
        return self._weights.setdefault(address, _Window(MINUTE_MS)).add(now_ms, 0)

    def count_order(self, account: str, now_ms: int, orders: int = 1) -> None:
        """Count new orders of an account; raises RateLimited (-1015)."""
        ten, day = self._order_windows(account)
        for window, allowed, name in (
            (ten, self.limits.orders_10s, "10 SECOND"),
            (day, self.limits.orders_1d, "1 DAY"),
        ):
            if window.add(now_ms, orders) > allowed > 0:
                window.add(now_ms, -orders)
                raise RateLimited(
                    -1015,
                    f"Too many new orders; current limit is {allowed} orders per {name}.",
                    429,
                    window.left_s(now_ms),
                )

    def order_counts(self, account: str, now_ms: int) -> tuple[int, int]:
        """Return an account's new orders in these ten seconds and in this day."""
        ten, day = self._order_windows(account)
        return ten.add(now_ms, 0), day.add(now_ms, 0)

    def ban(self, address: str, now_ms: int, for_ms: int) -> None:
        """Ban an address for a while."""
        self._banned_until_ms[address] = now_ms + for_ms

    def table(self) -> list[dict[str, Any]]:
        """Return the limits as exchangeInfo lists them."""
        return [
            _row("REQUEST_WEIGHT", "MINUTE", 1, self.limits.weight_1m),
            _row("ORDERS", "SECOND", 10, self.limits.orders_10s),
            _row("ORDERS", "DAY", 1, self.limits.orders_1d),
            _row("RAW_REQUESTS", "MINUTE", 5, 61_000),
        ]

    def counted_table(self, address: str, account: str | None, now_ms: int) -> list[dict[str, Any]]:
        """Return the limits with their counts, as WebSocket API replies carry them."""
        rows = [{**self.table()[0], "count": self.used_weight(address, now_ms)}]
        if account is not None:
            counts = self.order_counts(account, now_ms)
            rows += [{**row, "count": count} for row, count in zip(self.table()[1:3], counts, strict=True)]
        return rows

    def _order_windows(self, account: str) -> tuple[_Window, _Window]:
        return self._orders.setdefault(account, (_Window(TEN_SECONDS_MS), _Window(DAY_MS)))

    def _refuse_banned(self, address: str, now_ms: int) -> None:
        until_ms = self._banned_until_ms.get(address, 0)
        if until_ms > now_ms:
            raise RateLimited(
                -1003,
                f"Way too much request weight used; IP banned until {until_ms}. "
                "Please use WebSocket Streams for live updates to avoid bans.",
                418,
                -(-(until_ms - now_ms) // 1000),
            )


def _row(kind: str, interval: str, number: int, limit: int) -> dict[str, Any]:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}
