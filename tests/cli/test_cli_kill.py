"""``trader kill``: which command it is, and that it stays until the venue has confirmed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from cli_fakes import FakeEngine, serving

from engine.cli import kill as kill_verb
from engine.cli.kill_text import kill_text
from engine.cli.main import main
from engine.wire.commands import AnyCommand, GetSnapshot, Kill, ResetKill
from engine.wire.events import KillReported
from engine.wire.replies import Reply
from engine.wire.safeguard_views import KillSymbolView, KillView

GONE = KillSymbolView("ETHUSDT", "ETH", "USDT", 2, 1, 0, 1, "0.5000", "1000.00", "0.0000", "")
LEFT = KillSymbolView("ETHUSDT", "ETH", "USDT", 0, 0, 3, 0, "0.0000", "0.00", "0.5000", "not confirmed")


@pytest.fixture(name="home")
def a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, without anybody's settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRADER_HOME", str(tmp_path))
    return tmp_path


class KillableEngine(FakeEngine):
    """Answers a kill with what is left of it."""

    def on_command(self, command: AnyCommand) -> Reply:
        """Return the reply to one command."""
        if isinstance(command, GetSnapshot):
            return super().on_command(command)
        self.asked.append(command)
        result = KillView("cli:ann", "killed by cli:ann", True, False, (LEFT,)) if isinstance(command, Kill) else None
        return Reply(command.id, True, "OK", "Trading is killed.", result)


async def test_it_stays_for_the_confirmation(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The report that ends it is what is printed."""
    engine = KillableEngine()
    async with serving(home, engine.on_command) as server:
        running = asyncio.create_task(asyncio.to_thread(main, ["kill", "--flatten", "--symbol", "ETHUSDT", "--json"]))
        async with asyncio.timeout(30.0):
            while not (engine.asked and server.watchers):
                await asyncio.sleep(0.01)
        for view in (
            KillView("cli:ann", "killed by cli:ann", True, False, (LEFT,)),
            KillView("cli:ann", "killed by cli:ann", True, True, (GONE,)),
        ):
            server.publish(KillReported(ts_ns=1, kill=view))
        assert await running == 0
    (asked,) = engine.asked
    assert isinstance(asked, Kill)
    assert (asked.flatten, asked.symbol, asked.who.door) == (True, "ETHUSDT", "cli")
    printed = json.loads(capsys.readouterr().out)
    assert (printed["result"]["is_done"], printed["result"]["symbols"][0]["cancelled"]) == (True, 2)


async def test_without_a_confirmation_it_is_exit_code_2(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it says what is left."""
    monkeypatch.setattr(kill_verb, "CONFIRMED_S", 0.05)
    async with serving(home, KillableEngine().on_command):
        assert await asyncio.to_thread(main, ["kill"]) == 2
    assert "3 STILL OPEN, 0.5 ETH held (not confirmed)" in capsys.readouterr().err


async def test_a_reset_is_another_command(home: Path) -> None:
    engine = KillableEngine()
    async with serving(home, engine.on_command):
        assert await asyncio.to_thread(main, ["kill", "--reset", "it was a drill"]) == 0
    (asked,) = engine.asked
    assert isinstance(asked, ResetKill)
    assert asked.reason == "it was a drill"


def test_without_an_engine_it_names_the_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kill"]) == 2
    words = f"the file {home / 'kill'} kills: at once where the engine runs, else at its start"
    assert words in capsys.readouterr().err


def test_a_report_in_a_terminal() -> None:
    text = kill_text(KillView("cli:ann", "killed by cli:ann", True, True, (GONE,)))
    assert text == (
        "KILL confirmed by the venue (killed by cli:ann)\n"
        "  ETHUSDT: 2 orders cancelled, 1 filled before, sold 0.5 ETH for 1,000.00 USDT, nothing held, "
        "1 protective sale left at the exchange"
    )
