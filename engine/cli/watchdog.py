"""The watchdog's process entry: logs, then watching until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio

from engine import watchdog
from engine.cli.refused import Refused
from engine.settings import read_settings
from engine.venues.binance.errors import VenueError
from engine.wire.logs import set_up


def main(args: argparse.Namespace) -> int:
    """Watch and return 0 once it was told to stop; raises Refused where it is switched off or a key can't be read."""
    settings = read_settings()
    if not settings.watchdog_s:
        raise Refused(
            "OFF", "WATCHDOG_AFTER_S=0 switches the watchdog off: set the seconds of silence that mean death."
        )
    set_up("watchdog", settings.log_level, settings.secrets)
    try:
        asyncio.run(watchdog.run(settings))
    except VenueError as error:
        raise Refused("BAD_KEY", str(error)) from None
    return 0
