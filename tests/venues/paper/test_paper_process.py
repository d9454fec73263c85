"""The exchange as a process: one line when it is ready, a clean end, a sentence and exit code 2 when it can't start."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from engine.venues.paper.main import Urls

START = (
    "import sys; from engine.venues.paper.main import run; from engine.venues.paper.options import ExchangeOptions;"
    "sys.exit(run(ExchangeOptions(port=int(sys.argv[1]), tape=sys.argv[2])))"
)


async def _start(port: int, tape: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        START,
        str(port),
        tape,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def _ready(process: asyncio.subprocess.Process) -> Urls:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 20)
    return msgspec.json.decode(line, type=Urls)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_where_it_is_and_stops_at_once(number: signal.Signals) -> None:
    """One JSON line on standard output, then nothing more; with a client connected it still ends at once."""
    process = await _start(0, "story")
    urls = await _ready(process)
    assert (urls.symbols, urls.tape, urls.pid) == (("IOTAUSDT",), "story", process.pid)
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{urls.stream}/ws/iotausdt@trade") as socket:
        await socket.receive(timeout=30.0)
        process.send_signal(number)
        rest, errors = await asyncio.wait_for(process.communicate(), 20.0)
    assert (process.returncode, rest, errors) == (0, b"", b"")


@pytest.mark.parametrize(
    ("tape", "text"), [("recording:/does/not/exist", "Check the path"), ("nonsense", "is no tape. Say story")]
)
async def test_a_tape_that_cannot_be_opened(tape: str, text: str) -> None:
    """A sentence on standard error, nothing on standard output, exit code 2."""
    process = await _start(0, tape)
    output, errors = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, output) == (2, b"")
    assert text in errors.decode()


async def test_a_port_in_use() -> None:
    """The second exchange on a port says so and ends with exit code 2; the first is unharmed."""
    first = await _start(0, "story")
    urls = await _ready(first)
    second = await _start(int(urls.rest.rsplit(":", 1)[1]), "story")
    _, errors = await asyncio.wait_for(second.communicate(), 20)
    assert second.returncode == 2
    assert "choose a free port with --port" in errors.decode()
    async with aiohttp.ClientSession() as session, session.get(f"{urls.rest}/_tape") as response:
        tape: dict[str, Any] = await response.json()
    assert (tape["tape"], tape["speed"], tape["lap"]) == ("story", 20.0, 0)
    first.terminate()
    await first.communicate()


async def test_a_recording_that_ends_leaves_the_exchange_standing(tmp_path: Path) -> None:
    """The market stands still, /_tape says so, and the exchange still answers."""
    trade = '{"stream":"ethusdt@trade","data":{"e":"trade","E":1,"s":"ETHUSDT","t":1,"p":"9.0","q":"1","T":1,"m":true}}'
    (tmp_path / "r").write_text(f"1 {trade}\n", "utf-8")
    process = await _start(0, f"recording:{tmp_path / 'r'}")
    urls = await _ready(process)
    async with aiohttp.ClientSession() as session:
        ended = False
        while not ended:
            async with session.get(f"{urls.rest}/_tape") as response:
                ended = (await response.json())["ended"]
        async with session.get(f"{urls.rest}/api/v3/ticker/price?symbol=ETHUSDT") as response:
            assert (await response.json())["price"] == "9.00000000"
    process.terminate()
    await process.communicate()
