"""What bars entries beside the limits: breakers that have tripped, a user stream that is lost, accounts that don't add
up, symbols that cool down, locks that people put on."""

from __future__ import annotations

from typing import Final, NamedTuple

from engine.core.types import Symbol

STREAM: Final = "C13_USER_STREAM"
AFTER_GAP: Final = "C5_AFTER_GAP"


def seconds_left(until_ns: int, now_ns: int) -> int:
    """Return whole seconds, rounded up: what is barred still is never said to be over."""
    return -((now_ns - until_ns) // 1_000_000_000)


class Lock(NamedTuple):
    """Who locked a symbol, until when, and why."""

    until_ns: int
    by: str
    reason: str


class Bars:
    """Kept up by ``breakers``; asked at every entry."""

    def __init__(self) -> None:
        self.tripped: dict[str, str] = {}
        """What has tripped, by code: the numbers that decided."""
        self.cooling: dict[Symbol, int] = {}
        """Until when a symbol rests after a loss."""
        self.locks: dict[Symbol, Lock] = {}
        self.held_back: dict[Symbol, dict[str, str]] = {}
        """What does not add up with the venue's account (C14): the numbers by symbol and code."""
        self.stream_lost_ns = 0
        """Since when the venue tells nothing of our orders; 0 while it does (C13)."""
        self._stream_s = 0.0
        self.gap = ""
        """Why what is heard may be old: the engine stood still, and has not heard all that waited for it (F27)."""
        self.are_any = False
        """Kept, because every entry asks: nothing bars any, and nobody has to look further."""
        self.day = -1
        """Days since the epoch, UTC."""
        self.day_e8 = self.peak_e8 = 0
        """What the account was worth when the day began, and at most since the last reset."""
        self.reset_ns = 0
        """When an admin last reset the breakers: losses before that don't count."""

    def trip(self, code: str, detail: str) -> None:
        """Bar all entries until ``clear``."""
        self.tripped[code] = detail
        self._count()

    def cool(self, symbol: Symbol, until_ns: int) -> None:
        """Let a symbol rest until then."""
        self.cooling[symbol] = until_ns
        self._count()

    def clear(self) -> None:
        """Forget what has tripped and what cools down; locks are people's."""
        self.tripped.clear()
        self.cooling.clear()
        self._count()

    def lock(self, symbol: Symbol, until_ns: int, by: str, reason: str, now_ns: int) -> None:
        """Lock a symbol, or take its lock away where the time has passed already."""
        if until_ns > now_ns:
            self.locks[symbol] = Lock(until_ns, by, reason)
        else:
            self.locks.pop(symbol, None)
        self._count()

    def stand_still(self, gap: str) -> None:
        """Bar all entries for as long as what is heard may be old; an empty text ends that."""
        self.gap = gap
        self._count()

    def hold_back(self, symbol: Symbol, code: str, detail: str) -> None:
        """Bar a symbol's entries until it adds up again."""
        self.held_back.setdefault(symbol, {})[code] = detail
        self._count()

    def let_go(self, symbol: Symbol, code: str) -> None:
        """Take such a bar away."""
        codes = self.held_back.get(symbol, {})
        codes.pop(code, None)
        if not codes:
            self.held_back.pop(symbol, None)
        self._count()

    def lose_stream(self, lost_ns: int, limit_s: float) -> None:
        """Bar entries from so long after the user stream was lost; 0 for that it is back."""
        self.stream_lost_ns, self._stream_s = lost_ns, limit_s
        self._count()

    def of(self, symbol: Symbol, now_ns: int) -> tuple[str, str]:
        """Return code and numbers of what bars an entry into a symbol now; empty where nothing does."""
        if self.gap:
            return AFTER_GAP, self.gap
        for code, detail in self.tripped.items():
            return code, detail
        for code, detail in self.held_back.get(symbol, {}).items():
            return code, detail
        if self.stream_lost_ns and (lost_s := (now_ns - self.stream_lost_ns) / 1e9) >= self._stream_s:
            return STREAM, f"limit={self._stream_s:g}s lost={lost_s:.1f}s"
        if (until_ns := self.cooling.get(symbol, 0)) > now_ns:
            return "C9_COOL_DOWN", f"left={seconds_left(until_ns, now_ns)}s after a loss in {symbol}"
        lock = self.locks.get(symbol)
        if lock is not None and lock.until_ns > now_ns:
            left_s = seconds_left(lock.until_ns, now_ns)
            reason = f" reason={lock.reason}" if lock.reason else ""
            return "C9_LOCKED", f"symbol={symbol} by={lock.by} left={left_s}s{reason}"
        self.cooling.pop(symbol, None)
        self.locks.pop(symbol, None)
        self._count()
        return "", ""

    def _count(self) -> None:
        bars = (self.tripped, self.cooling, self.locks, self.held_back, self.stream_lost_ns, self.gap)
        self.are_any = any(bars)
