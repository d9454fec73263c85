"""The watchdog: a process that cancels our open entry orders at the venue when the engine's heart stops (C12).

It knows nothing of the engine but its heartbeat, and has a connection and, where it was given them, keys of its own.
Sales stay: they protect what is held. It goes on until the venue confirms that no entry is left, leaves a note for the
engine, and fires once for each death.

It does not fire after an end on purpose, nor while a run is starting. But where the run before broke off, a start that
has no beat ``START_S`` after the last one is none any more, however often it is tried anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from engine.clock import now_ns
from engine.settings import Settings
from engine.store.heartbeat import Phase, Pulse, read_pulse
from engine.store.watchdog_note import WatchdogNote, read_note, write_note
from engine.venues.binance.account import Account
from engine.venues.binance.errors import KeyRefused, RequestRefused, VenueError
from engine.venues.binance.limits import Budget
from engine.venues.binance.orders_codec import OrderEncoder
from engine.venues.binance.permissions import check_key
from engine.venues.binance.rest import RestClient
from engine.venues.binance.sign import make_signer
from engine.venues.binance.urls import ApiKeys
from engine.wire.views import HealthView
from engine.wire.vitals import answering

START_S: Final = 60.0
"""So long since the last beat a start is waited for: the venue may be slow to answer, and kernels to compile."""
LOOK_S: Final = 0.25
AGAIN_S: Final = 0.5
"""The pause between two tries at the venue; it doubles up to ``LONGEST_S``."""
LONGEST_S: Final = 5.0
LATE_S: Final = 6.0
"""So long after the last beat a request of the engine's may still arrive: its timestamp is taken for 5 s, and may be up
to 1 s ahead of the venue's clock. Source: Binance, "Timing security", default recvWindow."""
_PREFIX: Final = "tr-"
_UNKNOWN_ORDER: Final = -2011
"""Nothing to cancel: it filled, or was cancelled before. Source: Binance, "Error codes": CANCEL_REJECTED."""
_log = logging.getLogger(__name__)


class OpenOrderWire(msgspec.Struct, frozen=True):
    """An open order, as much of it as the watchdog needs. Source: Binance, REST API, "Current open orders".

    Raw: ``{"symbol":"ETHUSDT","orderId":12,"clientOrderId":"tr-1","side":"BUY","type":"LIMIT",…}``.
    """

    symbol: str
    side: str
    client_order_id: str = msgspec.field(name="clientOrderId")

    @property
    def is_entry(self) -> bool:
        """Say whether it is one of ours that may open a position."""
        return self.side == "BUY" and self.client_order_id.startswith(_PREFIX)


_open_orders = msgspec.json.Decoder(tuple[OpenOrderWire, ...])


class Vigil:
    """Tells a dead engine from one that is starting, or that was stopped; times are the watcher's own, in seconds."""

    def __init__(self, after_s: float, now_s: float) -> None:
        """Begin; whatever is there at the first look may be about to start."""
        self.beat_s = now_s
        """When the last beat was seen, or whatever else began this wait."""
        self._after_s = after_s
        self._patience_s = max(after_s, START_S)
        self._last: Pulse | None = None
        self._has_looked = False

    def look(self, pulse: Pulse | None, now_s: float) -> float:
        """Take a look at the heart; return for how long it has been silent where that means death, else 0."""
        last, self._last = self._last, pulse
        is_news, self._has_looked = self._has_looked and pulse != last, True
        if pulse is None or pulse.phase is Phase.STOPPED:
            self.beat_s, self._patience_s = now_s, inf
        elif is_news and pulse.phase is Phase.BEATING:
            self.beat_s, self._patience_s = now_s, self._after_s
        is_starting = pulse is not None and pulse.phase is Phase.STARTING
        silent_s = now_s - self.beat_s
        return silent_s if silent_s > max(self._patience_s, START_S if is_starting else 0.0) else 0.0


class Found(NamedTuple):
    """What a look at the venue found: the entries that were cancelled, and how many were listed."""

    cancelled: tuple[str, ...]
    listed: int


class Leash:
    """The watchdog's own connection to the venue."""

    def __init__(self, settings: Settings) -> None:
        """Prepare; raises VenueError for a key that can't be read."""
        keys = ApiKeys(
            settings.watchdog_api_key.reveal(),
            settings.watchdog_api_secret.reveal(),
            settings.watchdog_private_key,
        )
        budget = Budget()
        encoder = OrderEncoder((), keys, make_signer(keys))
        self._rest = RestClient(settings.rest_url, keys, encoder, budget, now_ns)
        self._account = Account(self._rest, {}, budget, now_ns)

    async def check_key(self, *, is_live: bool) -> None:
        """Ask what the key may do (C18), with real money as often as it takes; raises KeyRefused for a wrong one."""
        while True:
            try:
                self._rest.clock_offset_ms = await self._account.measure_clock()
                return await check_key(self._rest, "the watchdog's API key", is_live=is_live)
            except KeyRefused:
                raise
            except VenueError as error:
                if not is_live:
                    return None
                _log.warning("waiting for what the key may do: %s", error)
            await asyncio.sleep(AGAIN_S)

    async def close(self) -> None:
        """Close the connection."""
        await self._rest.close()

    async def cancel_entries(self) -> Found:
        """Cancel the entries that the venue lists as open; raises VenueError where it can't be asked."""
        self._rest.clock_offset_ms = await self._account.measure_clock()
        listed = [order for order in await self._open_orders() if order.is_entry]
        gone = [order.client_order_id for order in listed if await self._cancel(order)]
        return Found(tuple(gone), len(listed))

    async def _open_orders(self) -> tuple[OpenOrderWire, ...]:
        try:
            return _open_orders.decode(await self._rest.signed("GET", "/api/v3/openOrders", {}))
        except msgspec.MsgspecError as error:
            raise VenueError(f"the list of open orders was not understood: {error}") from None

    async def _cancel(self, order: OpenOrderWire) -> bool:
        params = {"symbol": order.symbol, "origClientOrderId": order.client_order_id}
        try:
            await self._rest.signed("DELETE", "/api/v3/order", params)
        except RequestRefused as error:
            if error.code != _UNKNOWN_ORDER:
                raise
            return False
        return True


class Watchdog:
    """Watches one home's heartbeat."""

    def __init__(self, home: Path, leash: Leash, after_s: float) -> None:
        self._home, self._leash = home, leash
        self._now_s: Callable[[], float] = asyncio.get_running_loop().time
        self._vigil = Vigil(after_s, self._now_s())
        self._fired_at_s = -inf
        """The last beat before the last death that it has dealt with."""
        self._words = "has not looked yet"
        self._trouble = "waiting until the venue says what the key may do"

    async def watch(self) -> None:
        """Watch until cancelled."""
        self._trouble = ""
        while True:
            pulse = read_pulse(self._home)
            silent_s = self._vigil.look(pulse, self._now_s())
            self._words = _seen(pulse, silent_s)
            if pulse is not None and silent_s and not self._was_seen_to(pulse):
                await self._fire(pulse, silent_s)
            await asyncio.sleep(LOOK_S)

    def health(self) -> tuple[HealthView, ...]:
        """Say what is known of the engine's heart, and whether the venue can be asked for its orders."""
        venue = self._trouble or "it was reached when it had to be, or has not been needed"
        return HealthView("heartbeat", True, self._words), HealthView("venue", not self._trouble, venue)

    def _was_seen_to(self, pulse: Pulse) -> bool:
        """Say whether this very death was dealt with already, by a watchdog before this one too."""
        note = read_note(self._home)
        is_noted = note is not None and note.is_done and (note.run_ns, note.beats) == (pulse.run_ns, pulse.beats)
        return is_noted or self._fired_at_s == self._vigil.beat_s

    async def _fire(self, pulse: Pulse, silent_s: float) -> None:
        """Cancel until the venue has no entry of ours left, or the engine is back."""
        note = WatchdogNote(pulse.run_ns, pulse.beats, silent_s)
        _log.critical("no beat of the engine for %.1f s: cancelling the open entries", silent_s)
        self._fired_at_s = self._vigil.beat_s
        self._leave(note)
        died_s, pause_s = self._now_s() - silent_s, AGAIN_S
        while not note.is_done and self._is_still(pulse):
            asked_s = self._now_s()
            try:
                found = await self._leash.cancel_entries()
            except VenueError as error:
                _log.error("the entries can't be cancelled yet: %s", error)
                self._trouble = f"the entries of a dead engine can't be cancelled yet: {error}"
                note = msgspec.structs.replace(note, trouble=str(error))
                pause_s = min(pause_s * 2, LONGEST_S)
            else:
                self._trouble = ""
                note, pause_s = _after(note, found, is_late=asked_s - died_s > LATE_S), AGAIN_S
            if self._is_still(pulse):  # else the engine may have taken the note already
                self._leave(note)
            if not note.is_done:
                await asyncio.sleep(pause_s)
        _log.critical("%s", note.words if note.is_done else f"the engine is back; {note.words}")

    def _is_still(self, pulse: Pulse) -> bool:
        """Say whether nothing has beaten since; a run that is only starting can't look after its orders yet."""
        now = read_pulse(self._home)
        return now is None or now.phase is Phase.STARTING or now == pulse

    def _leave(self, note: WatchdogNote) -> None:
        try:
            write_note(self._home, note)
        except OSError as error:
            _log.error("the note for the engine can't be written: %s", error.strerror)


def _after(note: WatchdogNote, found: Found, *, is_late: bool) -> WatchdogNote:
    """Add a look at the venue to the note; the death is dealt with when a late enough look finds nothing."""
    return msgspec.structs.replace(
        note,
        cancelled=(*note.cancelled, *found.cancelled),
        left=found.listed - len(found.cancelled),
        is_done=is_late and not found.listed,
        trouble="",
    )


def _seen(pulse: Pulse | None, silent_s: float) -> str:
    """Say how the heart is."""
    if pulse is None:
        return "no engine has run in this home yet"
    if silent_s:
        return f"the engine is dead or hangs, silent for {silent_s:.0f} s: its open entries are cancelled"
    return {
        Phase.STARTING: "the engine is starting",
        Phase.BEATING: "the engine's heart beats",
        Phase.STOPPED: "the engine was stopped on purpose: nothing to watch",
    }[pulse.phase]


async def run(settings: Settings) -> None:
    """Watch until SIGTERM or SIGINT; raises VenueError for a key that can't be read or may not be used."""
    leash = Leash(settings)
    work = asyncio.create_task(_guard(settings, leash), name="watchdog")
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await work
    finally:
        await leash.close()


async def _guard(settings: Settings, leash: Leash) -> None:
    watchdog = Watchdog(settings.home, leash, settings.watchdog_s)  # which counts from here on
    async with answering(settings.home, "watchdog", watchdog.health):
        await leash.check_key(is_live=settings.is_live)
        _log.info("watching the heartbeat in %s: %g s of silence mean death", settings.home, settings.watchdog_s)
        await watchdog.watch()
