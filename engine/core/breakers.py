"""The breakers (C9): losses that stop entries, and larger ones that halt; and the locks that people put on a symbol.

They look at equity with what is held at its bid. What has tripped stays so over restarts and over midnight, until an
admin resets it with a reason: first there are no entries, and closes and exits go on; from ``halt_at`` times the limit
on trading is halted as well.
"""

from __future__ import annotations

from itertools import takewhile
from typing import Final

from engine.core.config import Breakers as Settings
from engine.core.instrument import scaled_text
from engine.core.portfolio import RECENT, RoundTrip
from engine.core.safeguard_records import BreakersReset, DayOpened, EquityMarked, Locked, Tripped
from engine.core.trading import Trading
from engine.core.types import Symbol

DAY_NS: Final = 86_400_000_000_000
"""A day is one of UTC."""
DAILY_LOSS, DRAWDOWN, STREAK = "C9_DAILY_LOSS", "C9_DRAWDOWN", "C9_LOSS_STREAK"


class Breakers:
    """Takes what the account is worth and every closed round trip; puts what bars an entry into ``trading.bars``."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading

    @property
    def _settings(self) -> Settings:
        return self._trading.limits.breakers

    # ------------------------------------------------------------------ what happens

    def on_equity(self, equity_e8: int) -> None:
        """Compare what the account is worth with the day's beginning and with its peak."""
        bars, settings, day = self._trading.bars, self._settings, self._trading.now_ns // DAY_NS
        if day != bars.day:
            bars.day, bars.day_e8 = day, equity_e8
            self._trading.write(DayOpened(day, equity_e8, self._trading.now_ns))
        bars.peak_e8 = max(bars.peak_e8, equity_e8)
        self._compare(DAILY_LOSS, bars.day_e8, equity_e8, settings.daily_loss_pct)
        self._compare(DRAWDOWN, bars.peak_e8, equity_e8, settings.drawdown_pct)

    def on_closed(self, trip: RoundTrip) -> None:
        """Count a closed trade: after a loss its symbol cools down, and too many in a row bar all entries."""
        if trip.pnl_e8(0) >= 0:
            return
        self._cool_down(trip)
        losses, limit = self._losses_in_a_row(), self._settings.losses
        if losses >= limit:
            self._trip(
                STREAK, f"limit={limit} losses={losses} in a row", is_halt=losses >= limit * self._settings.halt_at
            )

    # ------------------------------------------------------------------ what people do

    def lock(self, symbol: Symbol, until_ns: int, by: str, reason: str) -> None:
        """Bar entries of a symbol until then; a time that has passed takes the lock away."""
        self._trading.write(Locked(symbol, until_ns, by, reason, self._trading.now_ns))
        self._trading.bars.lock(symbol, until_ns, by, reason, self._trading.now_ns)

    def reset(self, by: str, reason: str) -> list[str]:
        """Let go of everything that has tripped, and measure losses from here on; return what it was, in words."""
        trading, tripped = self._trading, list(self._trading.bars.tripped.values())
        equity_e8 = trading.equity_e8()
        trading.write(BreakersReset(by, reason, equity_e8, trading.now_ns))
        self._begin_anew(equity_e8, trading.now_ns)
        return tripped

    # ------------------------------------------------------------------ what a restart remembers

    def restore(self, record: DayOpened | Tripped | BreakersReset | Locked | EquityMarked) -> None:
        """Fold one record of earlier runs; the closed trades come from the reports."""
        bars = self._trading.bars
        match record:
            case DayOpened(day, equity_e8):
                bars.day, bars.day_e8 = day, equity_e8
            case EquityMarked(equity_e8):
                bars.peak_e8 = max(bars.peak_e8, equity_e8)
            case Tripped(code, detail):
                bars.trip(code, detail)
                self._trading.past.note(record)
            case BreakersReset(_, _, equity_e8, ts_ns):
                self._begin_anew(equity_e8, ts_ns)
            case Locked(symbol, until_ns, by, reason, ts_ns):
                bars.lock(symbol, until_ns, by, reason, ts_ns)

    def go_on(self) -> None:
        """After a restart, let symbols rest on that had lost shortly before."""
        for trip in self._trading.portfolio.closed[-RECENT:]:
            if trip.pnl_e8(0) < 0 and trip.closed_ns > self._trading.bars.reset_ns:
                self._cool_down(trip)

    # ------------------------------------------------------------------ small things

    def _begin_anew(self, equity_e8: int, ts_ns: int) -> None:
        bars = self._trading.bars
        bars.clear()
        bars.day_e8 = bars.peak_e8 = equity_e8
        bars.reset_ns = ts_ns

    def _cool_down(self, trip: RoundTrip) -> None:
        until_ns = trip.closed_ns + int(self._settings.cooldown_s * 1e9)
        if until_ns > self._trading.now_ns:
            self._trading.bars.cool(trip.instrument.symbol, until_ns)

    def _losses_in_a_row(self) -> int:
        """Count the newest closed trades that lost, since the last reset; a trade without profit or loss ends them."""
        newest = (
            trip for trip in reversed(self._trading.portfolio.closed) if trip.closed_ns > self._trading.bars.reset_ns
        )
        return sum(1 for _ in takewhile(lambda trip: trip.pnl_e8(0) < 0, newest))

    def _compare(self, code: str, from_e8: int, equity_e8: int, limit_pct: float) -> None:
        loss_pct = 100.0 * (from_e8 - equity_e8) / from_e8 if from_e8 > 0 else 0.0
        if loss_pct >= limit_pct:
            unit, settings = self._trading.config.quote_asset, self._settings
            detail = f"limit={limit_pct:.2f}% loss={loss_pct:.2f}% from={scaled_text(from_e8, 2)} {unit}"
            self._trip(code, detail, is_halt=loss_pct >= limit_pct * settings.halt_at)

    def _trip(self, code: str, detail: str, *, is_halt: bool) -> None:
        trading = self._trading
        if code not in trading.bars.tripped:
            trading.bars.trip(code, detail)
            tripped = Tripped(code, detail, trading.now_ns)
            trading.past.note(tripped)
            trading.write(tripped)
            words = (
                f"{code}: {detail}. No entries from now on; closes and exits go on. An admin may reset it: /risk reset"
            )
            trading.notice("critical", code, f"{words} REASON.")
        if is_halt and trading.is_armed:
            trading.halt(code, f"{code}: {detail}")
            trading.notice("critical", code, f"Trading is halted: {code}, {detail}.")
