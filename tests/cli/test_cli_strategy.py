"""`trader strategy`: the list, a new strategy that works as it is made, and the page that tells how."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from needs import ROOT

from engine.cli import strategy
from engine.cli.main import main
from engine.cli.refused import Refused

PAGE = (ROOT / "docs" / "strategies.md").read_text(encoding="utf-8")
FULL = os.environ.get("TRADER_FULL") == "1"


def copied(to: Path) -> Path:
    """Copy what a clone has of the project's code."""
    leave = shutil.ignore_patterns("__pycache__")
    for folder in ("engine", "bot", "tests/core"):
        shutil.copytree(ROOT / folder, to / folder, ignore=leave)
    for name in ("pyproject.toml", "trader.toml", "tests/conftest.py", "tests/needs.py"):
        shutil.copy(ROOT / name, to / name)
    return to


def run(words: list[str], root: Path, **environment: str) -> str:
    """Run Python in the copy, with the copy's own code."""
    env = os.environ | {"PYTHONPATH": str(root), "TRADER_HOME": str(root / "var")} | environment
    done = subprocess.run([sys.executable, *words], cwd=root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commands() -> list[list[str]]:
    """The page's commands, in order, as words for Python."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    lines = [line.split() for block in blocks for line in block.splitlines()]
    return [["-m", "engine.cli.main", *words[1:]] if words[0] == "trader" else words[1:] for words in lines]


def test_every_strategy_is_listed_with_its_mode(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["strategy", "list"]) == 0
    rows = {line.split()[0]: line.split()[1] for line in capsys.readouterr().out.splitlines()[1:]}
    assert (rows["sma_cross"], rows["momentum"], rows["headlines"]) == ("auto", "off", "auto")


@pytest.mark.parametrize("name", ["Drift", "1st", "a-b", "", "drift_", "defaults", "../x", "dríft", "class"])
def test_a_name_that_can_not_be_one_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="lower case words joined by _"):
        strategy.new(tmp_path, name)


@pytest.mark.parametrize("name", ["headlines", "fair_value", "arbitrage", "signal", "crew", "atr_config", "s"])
def test_a_name_that_means_something_already_is_refused(name: str) -> None:
    """A second table of that name keeps every command from starting, a second class its test from passing."""
    with pytest.raises(Refused, match="choose another name"):
        strategy.new(ROOT, name)


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no clone of the project"):
        strategy.new(tmp_path, "drift")
    with pytest.raises(Refused, match=r"kernels/sma_cross\.py is there already"):
        strategy.new(ROOT, "sma_cross")


def test_the_page_can_be_followed_word_by_word(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Its commands run in a copy of the code; uncompiled and without the replay, but in the full run."""
    root = copied(tmp_path)
    make, see, story, replay = commands()
    assert "Made drift" in run(make, root)
    kernel = {} if FULL else {"NUMBA_DISABLE_JIT": "1"}
    run([*see, "-p", "no:cacheprovider"], root, **kernel)
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    head, *settings = block.splitlines()
    before, _, own = (root / "trader.toml").read_text().partition(head)
    for setting in settings:
        key = setting.partition(" = ")[0]
        own, times = re.subn(rf"^{key} = .*$", setting, own, count=1, flags=re.MULTILINE)
        assert times == 1
    (root / "trader.toml").write_text(before + head + own)
    assert re.search(r"^drift +auto", run(["-m", "engine.cli.main", "strategy", "list"], root), re.MULTILINE)
    if FULL:
        recording = str(request.getfixturevalue("eth_recording"))
        for words in (story, [recording if word == '"$RECORDING"' else word for word in replay]):
            assert re.search(r'"drift": \{[^}]*"signals": [1-9]', run(words, root))
