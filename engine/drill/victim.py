"""An engine that is killed at a named point: ``python -m engine.drill.victim POINT NTH``.

The engine itself knows nothing of this: here the function at that point is replaced by one that kills the process when
it is called for the NTH time, in the same instant and as ``kill -9`` does, so that nothing is written or closed.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from engine.core.kill import ORIGIN
from engine.core.types import ApprovedOrder, ExecutionReport
from engine.live import Live
from engine.process import run
from engine.settings import read_settings
from engine.venues.binance.order_hearing import OrderHearing
from engine.venues.binance.orders import BinanceOrders
from engine.wire.logs import set_up

NOWHERE: Final = "nowhere"
ARMED: Final = "armed"
"""The file in the home folder from which on calls count: a round begins with nothing but comparing."""


class Point(NamedTuple):
    """A function whose call is the point, and which of its calls count."""

    owner: type
    name: str
    counts: Callable[..., bool] = lambda *args: True


def _is_fill(live: Live, report: ExecutionReport) -> bool:
    return report.last_qty_lots > 0


def _is_of_a_kill(orders: BinanceOrders, order: ApprovedOrder, *more: Any) -> bool:
    return order.origin == ORIGIN


POINTS: Final = {
    "between_journal_and_send": Point(BinanceOrders, "send"),
    "between_send_and_reply": Point(OrderHearing, "on_reply"),
    "between_fill_and_journal": Point(Live, "on_execution", _is_fill),
    "before_the_stop_rests": Point(BinanceOrders, "send_protection"),
    "between_stop_and_its_reply": Point(Live, "on_execution", lambda live, report: report.side < 0),
    "half_way_through_moving": Point(BinanceOrders, "replace"),
    "half_way_through_a_kill": Point(BinanceOrders, "replace", _is_of_a_kill),
}


def main() -> int:
    """Run the engine until the point is reached; return its exit code where it isn't."""
    name, nth = sys.argv[1], int(sys.argv[2])
    settings = read_settings()
    set_up("engine", settings.log_level, settings.secrets)
    if name != NOWHERE:
        _mine(POINTS[name], nth, settings.home / ARMED)
    return run(settings)


def _mine(point: Point, nth: int, is_armed: Path) -> None:
    """Kill this process at the nth call that counts, from when the file ``is_armed`` is there."""
    original, calls = getattr(point.owner, point.name), 0

    def mined(*args: Any, **kwargs: Any) -> Any:
        """Count the call, and die at the nth."""
        nonlocal calls
        calls += is_armed.exists() and point.counts(*args)
        if calls >= nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)

    setattr(point.owner, point.name, mined)


if __name__ == "__main__":
    sys.exit(main())
