"""How the engine's process refuses to start: with a sentence and exit code 2, and nothing touched."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest

from engine.store import frames
from engine.venues.paper.main import running_exchange
from engine.venues.paper.options import ExchangeOptions


async def test_a_journal_of_a_later_version_is_refused_by_the_name_of_what_is_unknown() -> None:
    """It may be the record that says that something was sold: the journal stays as it is."""
    with tempfile.TemporaryDirectory(prefix="trader-") as home:
        journal = Path(home) / "journal.bin"
        journal.write_bytes(frames.HEADER + frames.frame(msgspec.msgpack.encode(["margin_called", 1])))
        before = journal.read_bytes()
        async with running_exchange(ExchangeOptions(port=0, wait_for_client=True)) as urls:
            env = os.environ | {"TRADER_HOME": home, "ENGINE_HTTP_PORT": "0", "BINANCE_REST_URL": urls.rest}
            engine = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "engine.cli.main", "engine"), env=env, stderr=asyncio.subprocess.PIPE
            )
            _, said = await engine.communicate()
        assert engine.returncode == 2
        assert b"'margin_called', which this version does not know: a later one wrote it. Use that version." in said
        assert b"Traceback" not in said
        assert journal.read_bytes() == before


@pytest.mark.parametrize("name", ["calibration.json", "opinion.json"])
async def test_a_measure_or_model_that_makes_no_sense_is_refused_by_its_file(name: str) -> None:
    """What scores are worth, and what is said of headlines, is believed whole or not at all."""
    with tempfile.TemporaryDirectory(prefix="trader-") as home:
        (Path(home) / name).write_text("{}", encoding="utf-8")
        async with running_exchange(ExchangeOptions(port=0, wait_for_client=True)) as urls:
            addresses = {
                "BINANCE_REST_URL": urls.rest,
                "BINANCE_STREAM_URL": urls.stream,
                "BINANCE_WS_API_URL": urls.ws_api,
            }
            engine = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "engine.cli.main", "engine"),
                env=os.environ | addresses | {"TRADER_HOME": home, "ENGINE_HTTP_PORT": "0"},
                stderr=asyncio.subprocess.PIPE,
            )
            _, said = await engine.communicate()
    assert engine.returncode == 2
    assert f"{name} makes no sense".encode() in said
    assert b"Traceback" not in said
