"""The process that draws: that the loop goes on meanwhile, and what is said where nothing can be drawn."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import pytest

from bot.drawing import Drawing, NotDrawn


@pytest.fixture
async def drawing() -> AsyncIterator[Drawing]:
    made = Drawing()
    yield made
    made.close()


def slow_chart(seconds: float) -> bytes:
    time.sleep(seconds)
    return str(os.getpid()).encode()


def no_chart() -> bytes:
    raise ValueError("there is no candle of ETHUSDT yet")


def fatal_chart() -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def test_the_bot_itself_does_not_load_what_draws() -> None:
    """It would start twice as slowly, and keep it for ever."""
    code = "import sys, bot.app; print(*sorted({'matplotlib', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


async def test_the_loop_goes_on_while_another_process_draws(drawing: Drawing) -> None:
    await drawing.draw(slow_chart, 0.0)
    ticks, drawn = 0, asyncio.create_task(drawing.draw(slow_chart, 0.5))
    while not drawn.done():
        ticks += 1
        await asyncio.sleep(0.01)
    assert int(await drawn) != os.getpid()
    assert ticks > 10


async def test_what_can_not_be_drawn_is_told_in_words(drawing: Drawing) -> None:
    with pytest.raises(NotDrawn, match=r"No chart: there is no candle of ETHUSDT yet\."):
        await drawing.draw(no_chart)


async def test_a_process_that_was_killed_is_replaced(drawing: Drawing) -> None:
    with pytest.raises(NotDrawn, match="was ended"):
        await drawing.draw(fatal_chart)
    assert await drawing.draw(slow_chart, 0.0)
