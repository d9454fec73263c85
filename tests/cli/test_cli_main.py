"""The command line: its help, its exit codes, and its one JSON object."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cli_fakes import STATUS, FakeEngine, serving
from needs import ROOT

from engine.cli.arguments import ALL, build_parser, words_last
from engine.cli.main import main
from engine.wire.commands import (
    AcceptBalance,
    Acknowledge,
    Amount,
    Buy,
    CancelOrder,
    Close,
    Halt,
    LockSymbol,
    ResetBreakers,
    ResetKill,
    Resume,
    Sell,
    SetMode,
)
from engine.wire.mutes import SetMute
from engine.wire.pairs import ClosePair
from engine.wire.questions import GetPnl, GetTrades, GetWhy, SetParameter, Watch
from engine.wire.views import HealthView


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return an empty home, with a path that is short enough for a socket, and an empty working directory."""
    with tempfile.TemporaryDirectory(prefix="trader-") as folder:
        monkeypatch.chdir(folder)
        monkeypatch.setenv("TRADER_HOME", folder)
        yield Path(folder)


async def ask(*words: str) -> int:
    """Run the command line beside the running loop."""
    return await asyncio.to_thread(main, words)


@pytest.mark.parametrize("verb", ALL)
def test_every_command_has_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``trader VERB --help`` says what it does and shows one use of it."""
    with pytest.raises(SystemExit) as left:
        main([verb, "--help"])
    assert left.value.code == 0
    assert f"Example: trader {verb}" in capsys.readouterr().out


@pytest.mark.parametrize("columns", ["80", "30", "200"])
def test_the_help_lists_every_command_once_in_the_order_in_which_one_needs_them(
    columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What to begin with, then looking, then trading, research after that, and single processes last."""
    monkeypatch.setenv("COLUMNS", columns)
    text = build_parser().format_help()
    listed = re.findall(r"^  ([a-z]+) ", text, re.MULTILINE)
    assert listed == list(ALL)
    assert listed[0] == "run"
    wanted = ["status", "buy", "halt", "ledger", "replay", "engine"]
    assert sorted(wanted, key=listed.index) == wanted
    assert re.findall(r"^([A-Z][a-z ]+):$", text, re.MULTILINE)[:3] == ["Begin", "Look", "Trade"]


def test_help_imports_nothing_heavy() -> None:
    """The help needs neither numpy nor aiohttp, so that it is there at once."""
    code = (
        "import sys; from engine.cli.arguments import build_parser; import engine.cli.main; "
        "build_parser().format_help(); print(*sorted({'numba', 'numpy', 'aiohttp', 'msgspec'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("runner", ["client", "desk", "exchange", "ledger", "notify", "run", "watchdog"])
def test_only_what_decides_imports_the_compiler(runner: str) -> None:
    """Half a second and 100 MB that no question, and no process beside the engine, has to wait and pay for."""
    code = f"import sys, engine.cli.{runner}; print(*sorted({{'numba', 'scipy'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    """``trader version`` prints it."""
    assert main(["version"]) == 0
    assert capsys.readouterr().out.startswith("trader ")


SAID = [
    (["buy", "iota", "250", "2%", "5%"], Buy, {"symbol": "iota", "amount": Amount("quote", "250"), "stop_pct": 2.0}),
    (["sell", "IOTAUSDT", "50%"], Sell, {"symbol": "IOTAUSDT", "amount": Amount("percent", "50")}),
    (["close", "all"], Close, {"symbol": "all", "percent": 100.0}),
    (["close", "IOTA", "25%"], Close, {"symbol": "IOTA", "percent": 25.0}),
    (["cancel", "t-1"], CancelOrder, {"client_order_id": "t-1"}),
    (["auto", "ASK", "sma_cross"], SetMode, {"mode": "ask", "strategy": "sma_cross"}),
    (["auto", "off"], SetMode, {"mode": "off", "strategy": None}),
    (["halt", "gone", "for", "lunch"], Halt, {"reason": "gone for lunch"}),
    (["resume", "LIVE"], Resume, {"confirm": "LIVE"}),
    (["buy", "iota", "250", "limit=1.01:4h"], Buy, {"limit_price": "1.01", "good_s": 14_400.0}),
    (["pnl", "week"], GetPnl, {"period": "week"}),
    (["trades", "20", "iota"], GetTrades, {"symbol": "iota", "most": 20}),
    (["why", "tr-3f2a"], GetWhy, {"what": "tr-3f2a"}),
    (["watch", "iota", "below", "1.01"], Watch, {"symbol": "iota", "direction": "below", "price": "1.01"}),
    (["strategies", "set", "sma_cross", "ask", "0.5"], SetParameter, {"name": "ask", "value": "0.5"}),
]


DOES = [
    *(row for row in SAID if not issubclass(row[1], GetPnl | GetTrades | GetWhy)),
    (["kill", "reset", "a", "drill"], ResetKill, {}),
    (["risk", "reset", "seen"], ResetBreakers, {}),
    (["lock", "eth", "1h"], LockSymbol, {}),
    (["mute", "news", "2h"], SetMute, {}),
    (["ack", "all"], Acknowledge, {}),
    (["reconcile", "accept", "eth"], AcceptBalance, {}),
    (["pairs", "close", "eth"], ClosePair, {}),
]


@pytest.mark.parametrize(("words", "kind", "fields"), SAID, ids=[" ".join(words) for words, _, _ in SAID])
async def test_words_become_one_command_on_the_line(
    home: Path, words: list[str], kind: type, fields: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    """What is typed reaches the engine typed, from this person through this door, and its sentence is printed."""
    engine = FakeEngine()
    async with serving(home, engine.on_command):
        assert await ask(*words, "--id", "only-once") == 0
    (command,) = engine.asked
    assert isinstance(command, kind)
    assert {name: getattr(command, name) for name in fields} == fields
    assert (command.id, command.who.door) == ("only-once", "cli")
    assert capsys.readouterr().out == "Done.\n"


@pytest.mark.parametrize("words", [words for words, _, _ in DOES], ids=[" ".join(words) for words, _, _ in DOES])
async def test_yes_is_taken_by_whatever_changes_something(home: Path, words: list[str]) -> None:
    """A script may say it to all of them; only buy and sell would ask, on a terminal, and the command is the same."""
    engine = FakeEngine()
    async with serving(home, engine.on_command):
        assert await ask(*words, "--yes", "--id", "a") == 0
        assert await ask(words[0], "--yes", *words[1:], "--id", "a") == 0
        assert await ask(*words, "--id", "a") == 0
    assert len({msgspec.json.encode(command) for command in engine.asked}) == 1


async def test_json_is_exactly_the_reply(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--json`` prints the engine's reply as one object on one line."""
    async with serving(home, FakeEngine().on_command):
        assert await ask("status", "--json") == 0
    out, err = capsys.readouterr()
    reply = json.loads(out)
    assert (reply["ok"], reply["code"], err) == (True, "OK", "")
    assert msgspec.convert({**reply["result"]}, type(STATUS)) == STATUS


async def test_a_refusal_is_exit_code_2_with_its_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the gate refuses is told on standard error, or in the one object with ``--json``."""
    engine = FakeEngine()
    engine.refusal = "Too far from the market."
    async with serving(home, engine.on_command):
        assert await ask("buy", "iota", "250") == 2
        assert capsys.readouterr() == ("", "Too far from the market. (C4_PRICE_COLLAR)\n")
        assert await ask("buy", "iota", "250", "--json") == 2
    reply = json.loads(capsys.readouterr().out)
    assert (reply["ok"], reply["code"], reply["text"]) == (False, "C4_PRICE_COLLAR", "Too far from the market.")


WRONG = [
    ["buy", "ETHUSDT", "-5"],
    ["buy", "ETHUSDT", "-5%"],
    ["buy", "ETHUSDT", "0"],
    ["buy", "ETHUSDT", "nan"],
    ["buy", "ETHUSDT", "1e400"],
    ["buy", "ETHUSDT", "9" * 40],
    ["buy", "ETHUSDT", "much"],
    ["buy", "ETHUSDT"],
    ["sell", "ETHUSDT", "120%"],
    ["close"],
    ["close", "ETHUSDT", "200%"],
    ["cancel"],
    ["auto", "perhaps"],
    ["replay", "no-such-file.gz"],
    ["health", "fridge"],
    ["status", "--jsn"],
    ["run", "--port", "70000"],
    ["exchange", "--port", "-1"],
    ["exchange", "--maker-fee", "nan"],
    ["exchange", "--latency-in", "-5"],
    ["exchange", "--order-limit", "many"],
    ["exchange", "--connection-life", "0"],
    ["exchange", "--seed", "-1"],
]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_bad_input_is_exit_code_2_with_one_sentence(
    home: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody is asked, the sentence says what to write, and with ``--json`` it is one object."""
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert main([*words, "--json"]) == 2
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out)["ok"] is False


@pytest.mark.parametrize("words", [["engine"], ["run"], ["replay", __file__]], ids=" ".join)
def test_a_broken_trader_toml_is_exit_code_2(home: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What starts an engine reads the rules first, and names the line that is wrong."""
    (home / "trader.toml").write_text("mode = 'ask'\n[limits]\nrepeats = 0\n")
    assert main(words) == 2
    assert "trader.toml line 3: limits.repeats = 0 can't be used" in capsys.readouterr().err


async def test_halt_works_while_trader_toml_is_broken(home: Path) -> None:
    """A command needs the engine's home and nothing else."""
    (home / "trader.toml").write_text("not TOML")
    engine = FakeEngine()
    async with serving(home, engine.on_command):
        assert await ask("halt") == 0
    assert isinstance(engine.asked[0], Halt)


def test_no_engine_is_exit_code_2(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody listens, the sentence says how to start one."""
    assert main(["status", "--json"]) == 2
    answer = json.loads(capsys.readouterr().out)
    assert answer["code"] == "ENGINE_DOWN"
    assert "trader run" in answer["text"]


async def test_health_is_exit_code_0_only_when_all_is_well(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``trader health`` is 1 while one part is not well, and 0 when all are."""
    engine = FakeEngine()
    async with serving(home, engine.on_command):
        assert await ask("health") == 1
        assert "BAD account: not reconciled" in capsys.readouterr().out
        engine.status = msgspec.structs.replace(STATUS, health=(HealthView("market", True, "fresh"),))
        assert await ask("health", "engine", "--json") == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


@pytest.mark.parametrize("process", ["engine", "bot", "exchange"])
def test_health_of_what_does_not_run_is_exit_code_1(
    home: Path, process: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody there is not well, and the detail says how to start it."""
    monkeypatch.setenv("BINANCE_REST_URL", "http://127.0.0.1:9")
    assert main(["health", process]) == 1
    assert "start it with" in capsys.readouterr().out.lower()


def test_health_of_all_names_each_process_and_is_1_when_one_is_not_there(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BINANCE_REST_URL", "http://127.0.0.1:9")
    assert main(["health", "all", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert [part["name"].split(",")[0] for part in answer["health"]] == ["engine", "bot", "exchange", "ledger"]


def test_health_of_all_has_what_was_started_and_died(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BINANCE_REST_URL", "http://127.0.0.1:9")
    for name in ("run", "watchdog", "notify", "ledger"):
        (home / f"{name}.sock").touch()
    (home / "second").mkdir()
    (home / "second" / "engine.sock").touch()
    assert main(["health", "all", "--json"]) == 1
    parts = {part["name"]: part for part in json.loads(capsys.readouterr().out)["health"]}
    assert {"run", "watchdog", "notify", "second", "ledger"} <= set(parts)
    assert not any(part["is_ok"] for part in parts.values())


def test_a_benchmark_that_is_not_there_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    """``trader bench`` says which benchmarks there are."""
    assert main(["bench", "no-such"]) == 2
    assert "'no-such'" in capsys.readouterr().err


def test_options_go_before_words_that_look_like_options() -> None:
    """A negative amount is an amount, wherever ``--json`` stands."""
    assert words_last(["buy", "ETH", "-5%", "--json", "--id", "7"]) == [
        "buy",
        "--json",
        "--id",
        "7",
        "--",
        "ETH",
        "-5%",
    ]
    assert words_last(["replay", "x", "--json"]) == ["replay", "x", "--json"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("colse all", "There is no command 'colse'. Did you mean `trader close`?"),
        ("xyzzy", "There is no command 'xyzzy': `trader --help` lists all."),
        ("", "Say what to do: `trader run` starts everything, `trader --help` lists the commands."),
        ("ledger", "WHAT is missing: see `trader ledger --help`."),
        (
            "health moon",
            "process can't be 'moon': use engine, bot, exchange, ledger, watchdog, notify, second, run, all. "
            "See `trader health --help`.",
        ),
        ("run --colour", "Unrecognized arguments: --colour: see `trader --help`."),
    ],
)
def test_a_mistyped_command_is_told_what_to_type(words: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is guessed: what was meant or what is missing is named, with exit code 2."""
    assert main(words.split()) == 2
    assert capsys.readouterr().err == f"{sentence}\n"


def test_help_before_a_command_is_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    """As in many command lines, ``trader help buy`` is ``trader buy --help``."""
    with pytest.raises(SystemExit):
        main(["help", "buy"])
    assert "usage: trader buy" in capsys.readouterr().out


def test_a_reader_that_went_away_is_no_error(home: Path) -> None:
    """As with ``trader chart eth | head``: no traceback, and the exit code that a shell knows."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "engine.cli.main", "status", "--json"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)})
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")
