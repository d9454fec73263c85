"""What somebody has to acknowledge (C20): every critical notice is an alarm until a person has seen it.

An alarm is open from its first notice to its acknowledgement. Notices of the same code join the one that is open, so
that a fault which speaks ten times asks once. Repeating it and reaching people is the business of who watches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from engine.core.record_codec import AnyRecord
from engine.core.safeguard_records import AlarmAcknowledged, AlarmRaised
from engine.wire.events import AlarmChanged, AnyEvent, Notice
from engine.wire.safeguard_views import AlarmView

_TEXTS: Final = 5
"""What was said last; an alarm shows no more."""
_KEPT: Final = 50


class Alarms:
    """The open alarms, and the last ones that were acknowledged."""

    def __init__(self, write: Callable[[AnyRecord], None], publish: Callable[[Callable[[], AnyEvent]], None]) -> None:
        """Write records and tell events through these two."""
        self._write = write
        self._publish = publish
        self._alarms: dict[str, AlarmView] = {}

    def views(self) -> tuple[AlarmView, ...]:
        """Show them, oldest first."""
        return tuple(self._alarms.values())

    def on_notice(self, notice: Notice, subject: str = "", closing_loss: str = "") -> None:
        """Tell a notice; a critical one is an alarm, of which ``closing_loss`` may get rid with one click."""
        self._publish(lambda: notice)
        if notice.severity == "critical":
            self.on_critical(notice.code, notice.text, notice.ts_ns, subject, closing_loss)

    def on_critical(self, code: str, text: str, ts_ns: int, subject: str = "", closing_loss: str = "") -> None:
        """Raise an alarm, or add what is new to the one that is open about the same subject."""
        before = self._open_of(code, subject)
        if before is not None and text in before.texts:
            self._alarms[before.alarm_id] = msgspec.structs.replace(before, times=before.times + 1, ts_last_ns=ts_ns)
            return
        record = AlarmRaised(code, text, ts_ns, subject, closing_loss)
        self._write(record)
        self._tell(self.take(record))

    def acknowledge(self, wanted: str, by: str, ts_ns: int) -> tuple[AlarmView, ...]:
        """Acknowledge by id, by code or ``all``, and return what was open of it."""
        found = [a for a in self._alarms.values() if wanted in ("all", a.alarm_id, a.code) and not a.acknowledged_by]
        done = []
        for alarm in found:
            record = AlarmAcknowledged(alarm.alarm_id, by, ts_ns)
            self._write(record)
            done.append(self.take(record))
            self._tell(done[-1])
        return tuple(view for view in done if view is not None)

    def get(self, alarm_id: str) -> AlarmView | None:
        """Return an alarm that is still remembered."""
        return self._alarms.get(alarm_id)

    def take(self, record: AlarmRaised | AlarmAcknowledged) -> AlarmView | None:
        """Fold a record, now or after a restart, and return the alarm as it is then."""
        if isinstance(record, AlarmRaised):
            return self._raise(record)
        alarm = self._alarms.get(record.alarm_id)
        if alarm is None:
            return None
        changed = msgspec.structs.replace(alarm, acknowledged_by=record.by, ts_acknowledged_ns=record.ts_ns)
        self._alarms[alarm.alarm_id] = changed
        return changed

    def _raise(self, record: AlarmRaised) -> AlarmView:
        now = record.ts_ns
        name = ":".join(filter(None, (record.code, record.subject, str(now))))
        open_ = self._open_of(record.code, record.subject)
        open_ = open_ or AlarmView(name, record.code, (), 0, now, now, "", 0, record.subject)
        texts, times = (*open_.texts, record.text)[-_TEXTS:], open_.times + 1
        alarm = msgspec.structs.replace(
            open_, texts=texts, times=times, ts_last_ns=now, closing_loss=record.closing_loss
        )
        self._alarms[alarm.alarm_id] = alarm
        self._forget()
        return alarm

    def _open_of(self, code: str, subject: str) -> AlarmView | None:
        alike = (a for a in self._alarms.values() if (a.code, a.subject) == (code, subject))
        return next((a for a in alike if not a.acknowledged_by), None)

    def _forget(self) -> None:
        """Forget the oldest acknowledged one where there are too many; an open one never."""
        if len(self._alarms) > _KEPT:
            oldest = next((a.alarm_id for a in self._alarms.values() if a.acknowledged_by), None)
            if oldest is not None:
                del self._alarms[oldest]

    def _tell(self, alarm: AlarmView | None) -> None:
        if alarm is not None:
            self._publish(lambda: AlarmChanged(ts_ns=alarm.ts_last_ns, alarm=alarm))
