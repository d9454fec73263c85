"""The arrows of the house hold, and the checker would notice if they didn't."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Set
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
CLOCKS = frozenset({"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"})
ENVIRONMENT = frozenset({"os.environ", "os.getenv", "os.environb", "os.putenv"})
SETTINGS = frozenset({"engine/settings.py", "bot/settings.py"})
ENTRIES = frozenset({"engine/cli/engine.py", "bot/__main__.py"})


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    """Return every module of bot and engine by its path, parsed once."""
    paths = [path for room in ("bot", "engine") for path in sorted((ROOT / room).rglob("*.py"))]
    return tuple((path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in paths)


@cache
def names_in(tree: ast.Module) -> frozenset[str]:
    """Return what ``used`` says of a module, looked for once."""
    return frozenset(used(tree))


def dotted(node: ast.AST) -> str:
    """Return ``a.b.c`` for a chain of names, else an empty text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (inner := dotted(node.value)):
        return f"{inner}.{node.attr}"
    return ""


def used(tree: ast.Module) -> set[str]:
    """Return every dotted name that a module uses or imports, and ``module.name`` of what it imports by name."""
    names = {dotted(node) for node in ast.walk(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def ends_with(names: Set[str], wanted: frozenset[str]) -> set[str]:
    """Return the names that are a wanted one or end with it, as ``datetime.datetime.now`` does."""
    return {name for name in names if any(name == one or name.endswith(f".{one}") for one in wanted)}


@pytest.mark.parametrize("approved", ["ApprovedOrder", "ApprovedProtection"])
def test_only_the_gate_makes_what_is_approved(approved: str) -> None:
    """No call of either stands outside ``core/risk.py``, and nobody changes one into another."""
    makers = set()
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == approved:
                makers.add(path)
    assert makers == {"engine/core/risk.py"}


def test_only_the_two_settings_modules_read_the_environment() -> None:
    """``os.environ``, ``os.getenv`` and python-dotenv have one place in each process."""
    readers = {
        path
        for path, tree in modules()
        if ends_with(names_in(tree), ENVIRONMENT) or any(name.split(".")[0] == "dotenv" for name in names_in(tree))
    }
    assert readers == SETTINGS


def test_the_engine_looks_at_the_wall_clock_in_one_module() -> None:
    """Everything else is handed ``now_ns`` or finds time inside events; monotonic time for timeouts is no clock."""
    lookers = {path for path, tree in modules() if path.startswith("engine/") and ends_with(names_in(tree), CLOCKS)}
    assert lookers == {"engine/clock.py"}


def test_what_is_compiled_as_it_is_imported_is_cached() -> None:
    """A kernel with a signature is compiled where it stands: without a cache, anew in each process."""
    kernels = [
        (f"{path}:{node.lineno}", {word.arg for word in node.keywords})
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and dotted(node.func) == "njit"
        if node.args and not isinstance(node.args[0], ast.Subscript)  # which is a function, compiled when it is called
    ]
    assert len(kernels) > 50
    assert [place for place, words in kernels if "cache" not in words] == []


def test_sentry_is_started_in_the_two_process_entries() -> None:
    """``sentry_sdk`` is imported there and nowhere else."""
    starters = {path for path, tree in modules() if any(name.split(".")[0] == "sentry_sdk" for name in names_in(tree))}
    assert starters == ENTRIES


def test_the_bot_enters_no_room_of_the_engine_but_the_wire() -> None:
    """Also not one that was added after the checker's list was written."""
    entered = {
        (path, name)
        for path, tree in modules()
        if path.startswith("bot/")
        for name in names_in(tree)
        if name.split(".")[0] == "engine" and name != "engine" and not name.startswith("engine.wire")
    }
    assert {name for _, name in entered} <= {"engine.__version__"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the source tree, to plant mistakes in."""
    copy = tmp_path_factory.mktemp("house")
    for room in ("bot", "engine"):
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    """Check a tree's arrows as ``make check`` does."""
    checker = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([checker, "--no-cache"], cwd=tree, capture_output=True, text=True, timeout=100, check=False)


def test_the_arrows_hold(copy: Path) -> None:
    """The tree as it is breaks no contract."""
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout


PLANTED = {
    "bot knows of the engine only its wire": ("bot/app.py", "from engine.drill import crash"),
    "the engine knows no bot and no Slack": ("engine/notify/pager.py", "import slack_sdk"),
    "arrows go down": ("engine/notify/pager.py", "from engine import live"),
    "core touches nothing: no clock, socket, log, environment or randomness": ("engine/core/engine.py", "import time"),
    "kernels are numpy, numba and math only": ("engine/core/kernels/gate.py", "from engine.core import types"),
    "a strategy proposes and can't send": ("engine/core/strategies/triangle.py", "from engine.core import trading"),
    "inside core, arrows go down": ("engine/core/story_turns.py", "from engine.core import trading"),
    "how it looks knows neither Slack nor the rest of the bot": ("bot/render/say.py", "from bot import outbox"),
    "sentry is started in the two process entries only": ("engine/watchdog.py", "import sentry_sdk"),
}
"""By contract: a line that breaks it, and where."""


def contracts() -> list[dict[str, Any]]:
    """Return the checker's contracts."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        return list(tomllib.load(file)["tool"]["importlinter"]["contracts"])


def test_every_contract_notices_a_planted_mistake(copy: Path) -> None:
    """All at once; and each contract has one here."""
    assert PLANTED.keys() == {contract["name"] for contract in contracts()}
    for path, line in PLANTED.values():
        with (copy / path).open("a", encoding="utf-8") as module:
            module.write(f"\n{line}\n")
    try:
        done = lint_imports(copy)
    finally:
        for path, _ in PLANTED.values():
            shutil.copy(ROOT / path, copy / path)
    assert done.returncode != 0
    assert [name for name in PLANTED if f"{name} BROKEN" not in done.stdout] == []


def test_a_module_that_no_contract_names_fails_the_check(copy: Path) -> None:
    """Whoever opens a room says where it stands."""
    added = [copy / "engine" / "attic.py", copy / "engine" / "core" / "attic.py"]
    for path in added:
        path.write_text('"""Nobody said where it stands."""\n', encoding="utf-8")
    try:
        done = lint_imports(copy)
    finally:
        for path in added:
            path.unlink()
    assert done.returncode != 0
    assert "engine.attic" in done.stdout
    assert "engine.core.attic" in done.stdout


def test_the_lists_of_rooms_are_whole() -> None:
    """What the bot may not enter is all of the engine but the wire, and crash reports begin in no room at all."""
    rooms = {
        f"{part}.{path.stem}"
        for part in ("bot", "engine")
        for path in (ROOT / part).iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.stem != "__init__"
    }
    by_name = {contract["name"]: contract for contract in contracts()}
    forbidden = set(by_name["bot knows of the engine only its wire"]["forbidden_modules"])
    assert forbidden == {room for room in rooms if room.startswith("engine.")} - {"engine.wire"}
    quiet = set(by_name["sentry is started in the two process entries only"]["source_modules"])
    assert quiet == rooms - {"engine.cli", "engine.__main__", "bot.__main__"}
    looks = by_name["how it looks knows neither Slack nor the rest of the bot"]
    rest = {room for room in rooms if room.startswith("bot.")} - set(looks["source_modules"])
    assert rest <= set(looks["forbidden_modules"])


def test_make_check_runs_the_checker_for_the_arrows() -> None:
    """What CI runs is what these tests run."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    check = makefile.partition("\ncheck:")[2].partition("\n\n")[0]
    assert "lint-imports" in check
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").count("\nmake check\n") == 1
