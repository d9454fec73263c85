"""A drill that somebody asked for: on paper only, one at a time; the core says that it begins and what it found."""

from __future__ import annotations

from collections.abc import Callable

from engine.core.amounts import Unclear
from engine.core.trading import Trading
from engine.wire.drill import DrillReport, StartDrill
from engine.wire.events import DrillChanged
from engine.wire.replies import Reply


class Drills:
    """Lets one drill run at a time; it runs in a process of its own, on a desk of its own."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._id = ""
        self._by = ""
        self.begin: Callable[[], None] | None = None
        """Has it run; given by who can start a process. The second venue's core has nobody."""

    def on_start(self, command: StartDrill) -> Reply:
        """Have it run; refused on a live account, and while another one runs."""
        if self._trading.account == "live":
            raise Unclear("NOT_PAPER", "A drill loads this machine, so it is refused while it trades a live account.")
        if (begin := self.begin) is None:
            raise Unclear("NOT_HERE", "Nothing here can run a drill: ask for it on the first venue's line.")
        if self._id:
            raise Unclear("ALREADY_RUNNING", "A drill is running: its report comes when it is done.")
        self._id, self._by = command.id, f"{command.who.door}:{command.who.user_id}"
        self._trading.later(begin)
        self._tell(None, "")
        return Reply(command.id, True, "OK", "The drill has begun, on a desk of its own. It takes about a minute.")

    def on_done(self, report: DrillReport | None, why: str) -> None:
        """Take what it found; None where it could not run, and why."""
        self._tell(report, why)
        self._id = ""

    def _tell(self, report: DrillReport | None, why: str) -> None:
        now_ns, drill_id, by = self._trading.now_ns, self._id, self._by
        self._trading.publish(lambda: DrillChanged(ts_ns=now_ns, drill_id=drill_id, by=by, report=report, why=why))
