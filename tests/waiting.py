"""Waiting for what a test needs: as long as it takes, up to a limit, and never by sleeping and hoping."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(is_so: Callable[[], object], seconds: float = 60.0, every_s: float = 0.01) -> None:
    """Wait for a condition, looking often; zero looks at every turn of the loop. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not is_so():
            await asyncio.sleep(every_s)
