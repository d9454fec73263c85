"""An engine on two venues that is killed between the two legs of a pair: ``python pair_victim.py intent|bytes``.

``intent``: before the second leg is written down; ``bytes``: after that, before its bytes leave. As ``kill -9`` does.
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from typing import Any

from engine.core.records import Intended
from engine.pen import Pen
from engine.process import run
from engine.settings import read_settings
from engine.venues.binance.orders import BinanceOrders

SECOND = 2


def main() -> int:
    """Run until the second leg of the first pair has come so far."""
    owner, name = (Pen, "write") if sys.argv[1] == "intent" else (BinanceOrders, "send")
    original, legs = getattr(owner, name), count(1)

    def mined(self: Any, what: Any, *more: Any) -> Any:
        order = what.order if isinstance(what, Intended) else what
        if getattr(order, "cause_id", "").startswith("pair:") and next(legs) == SECOND:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(self, what, *more)

    setattr(owner, name, mined)
    return run(read_settings())


if __name__ == "__main__":
    sys.exit(main())
