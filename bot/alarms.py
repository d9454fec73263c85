"""Alarms in the channel: posted at once, repeated with a growing pause until somebody acknowledges them (C20)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from bot.memory import Card, Memory
from engine.wire.safeguard_views import AlarmView

_FIRST_PAUSE_S: Final = 60.0
_LONGEST_PAUSE_S: Final = 1_800.0
_LOOK_S: Final = 1.0


class Alarms:
    """The messages that show alarms. When the next is due is kept in the memory, so that a restart goes on with it."""

    def __init__(
        self,
        memory: Memory,
        show: Callable[[Card], None],
        mentions: tuple[str, ...],
        *,
        first_pause_s: float = _FIRST_PAUSE_S,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        """Show cards with ``show``; ``mentions`` are the user ids of those who are called."""
        self._memory = memory
        self._show = show
        self._mentions = mentions
        self._first_pause_s = first_pause_s
        self._now_s = now_s

    def on_alarm(self, alarm: AlarmView) -> None:
        """Take an alarm as it is now."""
        cards = [card for card in self._memory.cards if card.alarm and card.alarm.alarm_id == alarm.alarm_id]
        if not cards:
            if not alarm.acknowledged_by:
                self._post(alarm, 0)
            return
        latest = cards[-1]
        if latest.alarm != alarm:
            latest.alarm = alarm
            self._show(latest)

    def open(self) -> tuple[AlarmView, ...]:
        """Return what nobody has acknowledged."""
        latest = {card.alarm.alarm_id: card.alarm for card in self._memory.cards if card.alarm is not None}
        return tuple(alarm for alarm in latest.values() if not alarm.acknowledged_by)

    async def repeat(self) -> None:
        """Repeat what nobody has acknowledged, for ever."""
        while True:
            self.look()
            await asyncio.sleep(_LOOK_S)

    def look(self) -> None:
        """Repeat what is due."""
        now_s = self._now_s()
        for card in [card for card in self._memory.cards if card.is_latest and card.alarm is not None]:
            if card.alarm is not None and not card.alarm.acknowledged_by and now_s >= card.remind_at_s:
                card.is_latest = False
                self._show(card)
                self._post(card.alarm, card.reminder + 1)

    def _post(self, alarm: AlarmView, reminder: int) -> None:
        card = Card(f"alarm:{alarm.alarm_id}:{reminder}", alarm=alarm, reminder=reminder, mentions=self._mentions)
        pause_s = min(self._first_pause_s * 2**reminder, _LONGEST_PAUSE_S)
        card.is_latest, card.remind_at_s = True, self._now_s() + pause_s
        self._show(self._memory.add(card))
