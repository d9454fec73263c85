"""Decides what goes out by the second channel, and when: pure, so that its rules can be read and tested in one place.

An alarm (C20) goes out once nobody has acknowledged it for a while, at once while Slack can't be reached, and again
with a growing pause until somebody does. An engine that does not answer goes out in the same way until it is back.
What is less than critical goes out only while Slack can't be reached, and only from the level that was set.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from engine.wire.events import AlarmChanged, AnyEvent, Notice, ProposalOpened
from engine.wire.replies import Snapshot
from engine.wire.safeguard_views import AlarmView
from engine.wire.views import ProposalView

Level = Literal["critical", "warning", "info"]
LEVELS: Final[tuple[Level, ...]] = ("info", "warning", "critical")
FIRST_REPEAT_S: Final = 300.0
LONGEST_REPEAT_S: Final = 3_600.0
ENGINE_GONE: Final = "The engine doesn't answer: nothing is traded, and only the stops at the exchange protect."
_ENGINE: Final = "engine"


class Page(msgspec.Struct):
    """Something that is told until it is over."""

    text: str
    next_s: float
    """When it goes out next, in seconds since the epoch."""
    times: int = 0
    """How often it went out."""


class Pager:
    """What is open, and what of it is due. ``pages`` is what a restart needs."""

    def __init__(self, pages: dict[str, Page], *, level: Level = "critical", after_s: float = 120.0) -> None:
        """Go on with the pages of before; an alarm goes out ``after_s`` after it was heard first."""
        self.pages = pages
        self.is_slack_well = True
        """Whether people can be reached in Slack."""
        self._least = LEVELS.index(level)
        self._after_s = after_s
        self._lines: list[str] = []

    def on_snapshot(self, snapshot: Snapshot, now_s: float) -> None:
        """Take the alarms as they are; one that is known no more is over."""
        known = {alarm.alarm_id for alarm in snapshot.alarms}
        for key in [key for key in self.pages if key != _ENGINE and key not in known]:
            del self.pages[key]
        for alarm in snapshot.alarms:
            self._on_alarm(alarm, now_s)

    def on_event(self, event: AnyEvent, now_s: float) -> None:
        """Take what the engine tells."""
        match event:
            case AlarmChanged(alarm=alarm):
                self._on_alarm(alarm, now_s)
            case Notice(severity=severity) if severity != "critical":
                self._pass_on(severity, f"{event.code}: {event.text}")
            case ProposalOpened(proposal=proposal):
                self._pass_on("info", _asked(proposal))
            case _:
                pass

    def on_engine(self, is_there: bool, now_s: float) -> None:
        """Hear whether the engine answers; it was given the time that a restart takes."""
        if not is_there and _ENGINE not in self.pages:
            self.pages[_ENGINE] = Page(ENGINE_GONE, now_s)
        elif is_there and (page := self.pages.pop(_ENGINE, None)) is not None and page.times:
            self._lines.append("The engine answers again.")

    def due(self, now_s: float) -> list[str]:
        """Return the lines that go out now, each once."""
        lines, self._lines = self._lines, []
        for page in self.pages.values():
            if now_s >= page.next_s or (not self.is_slack_well and not page.times):
                lines.append(f"{page.text}{_again(page.times)}")
                page.next_s = now_s + min(FIRST_REPEAT_S * 2**page.times, LONGEST_REPEAT_S)
                page.times += 1
        return lines

    def _on_alarm(self, alarm: AlarmView, now_s: float) -> None:
        text = f"{alarm.code}: {alarm.texts[-1] if alarm.texts else ''}"
        page = self.pages.get(alarm.alarm_id)
        if alarm.acknowledged_by:
            if self.pages.pop(alarm.alarm_id, None) is not None and page is not None and page.times:
                self._lines.append(f"{alarm.code} was acknowledged by {alarm.acknowledged_by}.")
        elif page is None:
            self.pages[alarm.alarm_id] = Page(text, now_s + self._after_s)
        else:
            page.text = text

    def _pass_on(self, level: Level, line: str) -> None:
        if not self.is_slack_well and LEVELS.index(level) >= self._least:
            self._lines.append(line)


def _asked(proposal: ProposalView) -> str:
    life_s = max(0, proposal.ts_expires_ns - proposal.ts_opened_ns) // 1_000_000_000
    return (
        f"{proposal.strategy} asks whether to {proposal.side} {proposal.qty} {proposal.symbol} at {proposal.price}; "
        f"Slack can't be reached. Answer within {life_s} s in `trader desk`; no answer means no."
    )


def _again(times: int) -> str:
    return f" (said {times + 1} times; Acknowledge in Slack, or `trader ack`)" if times else ""
