"""Draws charts in a process of its own, so that nobody waits for an answer while one is drawn."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from engine.wire.spawned import end_with_parent

_PATIENCE_S = 20.0


class NotDrawn(Exception):
    """There is no chart; the text says why, for people."""


class Drawing:
    """Keeps one process that draws, started with the first chart."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def draw(self, chart: Callable[..., bytes], *args: Any) -> bytes:
        """Return what a function of ``bot.charts`` draws of its arguments; raises NotDrawn."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), end_with_parent)
        pool = self._pool
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await asyncio.get_running_loop().run_in_executor(pool, chart, *args)
        except ValueError as error:
            raise NotDrawn(f"No chart: {error}.") from None
        except BrokenProcessPool:
            self._pool = None
            raise NotDrawn("No chart: the process that draws was ended. Try again.") from None
        except TimeoutError:
            self.close()
            raise NotDrawn(f"No chart: it was not drawn within {_PATIENCE_S:g} s. Try again.") from None

    async def __aenter__(self) -> Drawing:
        return self

    async def __aexit__(self, *why: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process without waiting for it."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
