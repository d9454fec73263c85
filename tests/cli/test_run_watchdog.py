"""The watchdog of a run: at the same venue as the engine, and its keys are nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.arguments import build_parser
from engine.cli.main import main
from engine.cli.wiring import Ports, bot_child, engine_child, ledger_child, watchdog_child
from engine.settings import Settings

PORTS = Ports(exchange=1001, page=1003)
ARGS = build_parser().parse_args(["run"])


def test_it_is_pointed_at_the_exchange_of_the_same_run(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    child, engine = watchdog_child(settings, PORTS), engine_child(settings, ARGS, PORTS)
    assert child.argv[-1] == "watchdog"
    assert child.log == tmp_path / "logs" / "watchdog.log"
    for name in ("BINANCE_REST_URL", "BINANCE_STREAM_URL", "BINANCE_WS_API_URL", "TRADER_HOME"):
        assert child.env[name] == engine.env[name]


def test_its_keys_are_in_no_other_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it has none of Slack's and of the ledger's."""
    for name in ("WATCHDOG_API_KEY", "BINANCE_API_KEY", "SLACK_BOT_TOKEN", "LEDGER_URL"):
        monkeypatch.setenv(name, "secret")
    settings = Settings(home=tmp_path, venue="binance")
    env = watchdog_child(settings, PORTS).env
    assert {"WATCHDOG_API_KEY", "BINANCE_API_KEY"} <= set(env)
    assert not {"SLACK_BOT_TOKEN", "LEDGER_URL"} & set(env)
    for child in (engine_child(settings, ARGS, PORTS), bot_child(settings, ""), ledger_child(settings)):
        assert "WATCHDOG_API_KEY" not in child.env


def test_switched_off_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHDOG_AFTER_S", "0")
    assert main(["watchdog"]) == 2
    assert "WATCHDOG_AFTER_S=0 switches the watchdog off" in capsys.readouterr().err
