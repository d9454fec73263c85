"""What is shipped fits together: the image's recipe, the containers, the make targets and the command."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from engine.cli import wiring
from engine.cli.arguments import build_parser

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")


def instructions(name: str) -> list[str]:
    """Return what follows each instruction of this name, with its continued lines."""
    text = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    return re.findall(rf"^{name} (.+)$", text, re.MULTILINE)


def understood(argv: list[str]) -> argparse.Namespace:
    """Parse the words after ``trader``."""
    assert argv[0] == "trader"
    return build_parser().parse_args(argv[1:])


def test_everything_that_the_image_copies_is_there_and_not_ignored() -> None:
    """Each source exists and passes ``.dockerignore``, which lets through nothing else."""
    from_here = [line for line in instructions("COPY") if not line.startswith("--from")]
    sources = [source for line in from_here for source in shlex.split(line)[:-1]]
    allowed = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(sources) == sorted(allowed)
    for source in sources:
        assert (ROOT / source).exists(), source


def test_the_image_installs_what_the_locks_name_and_nothing_else() -> None:
    """Every installation is checked by hashes, or takes the wheel that was built here, without its dependencies."""
    for line in instructions("RUN"):
        if "pip install" in line:
            assert "--require-hashes" in line or "--no-deps --no-index /wheels/" in line
        if "pip wheel" in line:
            assert "--no-deps --no-build-isolation" in line


def test_the_image_finds_its_build_tool_in_the_lock() -> None:
    """The recipe's awk line takes setuptools with all its hashes out of the lock, and nothing more."""
    (line,) = (line for line in instructions("RUN") if line.startswith("awk"))
    program = shlex.split(line.partition(">")[0])
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("setuptools==")
    assert done.stdout.count("==") == 1
    assert "--hash=sha256:" in done.stdout
    assert not done.stdout.rstrip().endswith("\\")


def test_the_image_is_slim_and_runs_as_nobody_special() -> None:
    """A slim base, a user of its own, set before anything runs."""
    assert instructions("FROM") == ["python:3.11-slim AS build", "python:3.11-slim"]
    (user,) = instructions("USER")
    assert user not in ("root", "0")
    assert f"{user} && mkdir" in " ".join(instructions("RUN"))
    assert DOCKERFILE.index("\nUSER ") < DOCKERFILE.index("\nCMD ")


def test_what_the_image_runs_is_understood_by_the_command() -> None:
    """Default command and health check are commands of ``trader``."""
    (command,) = instructions("CMD")
    assert understood(json.loads(command)).verb == "run"
    (health,) = instructions("HEALTHCHECK")
    assert understood(json.loads(health.partition("CMD ")[2])).verb == "health"


def test_each_container_runs_and_checks_its_own_process() -> None:
    """Five services; their commands and health checks are understood; all but the exchange share the home."""
    commands = [json.loads(words) for words in re.findall(r"^    command: (\[.+\])$", COMPOSE, re.MULTILINE)]
    assert [understood(words).verb for words in commands[:4]] == ["exchange", "engine", "ledger", "watchdog"]
    assert commands[4:] == [["python", "-m", "bot"]]
    checks = [json.loads(words)[1:] for words in re.findall(r"test: (\[.+\])$", COMPOSE, re.MULTILINE)]
    assert [understood(argv).process for argv in checks] == ["exchange", "engine", "ledger", "bot"]
    assert COMPOSE.count("- home:/app/var") == 5
    assert COMPOSE.count("TRADER_HOME: /app/var") == 5


@pytest.mark.parametrize("service", ["engine", "ledger", "watchdog", "bot", "notify"])
def test_a_container_has_no_secret_that_its_process_has_none_of(service: str) -> None:
    """As for the children of ``trader run``: what begins with these is empty, whatever ``.env`` says."""
    block = re.split(r"^  (?=\w+:$)", COMPOSE, flags=re.MULTILINE)
    (own,) = (text for text in block if text.startswith(f"{service}:"))
    named = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    secrets = [name for name in named if re.search(r"_(KEY|SECRET|TOKEN|URLS)$|^LEDGER_URL$", name)]
    assert len(secrets) >= 14
    for name in secrets:
        if name.startswith(wiring.NOT_FOR.get(service, wiring.NOT_FOR_OTHERS)):
            assert f'      {name}: ""' in own, name


def test_the_wheel_holds_every_module_and_its_data(tmp_path: Path) -> None:
    """What is installed from the wheel is what is in the tree."""
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    for room in ("bot", "engine"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    argv = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "."]
    subprocess.run(argv, cwd=tmp_path, check=True, timeout=100)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    for room in ("bot", "engine"):
        for pattern in ("*.py", "*.json"):
            for path in (ROOT / room).rglob(pattern):
                assert path.relative_to(ROOT).as_posix() in held


def test_the_command_and_the_package_data_are_declared() -> None:
    """``trader`` is ``engine.cli.main:main``, and what the packages read from beside their code is shipped."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["scripts"] == {"trader": "engine.cli.main:main"}
    for package, patterns in project["tool"]["setuptools"]["package-data"].items():
        for pattern in patterns:
            assert list((ROOT / package).glob(pattern)), f"{package}/{pattern}"


def test_make_knows_the_four_targets_and_sets_up_for_each() -> None:
    """``make run``, ``test``, ``check`` and ``bench`` each begin with the set-up that they need."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("run", "test", "check", "bench"):
        assert re.search(rf"^{target}: setup\b", makefile, re.MULTILINE), target


@pytest.mark.parametrize("script", [".ci/run"])
def test_scripts_are_good_bash_and_can_be_run(script: str) -> None:
    """The script parses, may be executed, and stops at the first failure."""
    path = ROOT / script
    assert path.stat().st_mode & 0o111
    assert "set -euo pipefail" in path.read_text(encoding="utf-8")
    subprocess.run(["bash", "-n", str(path)], check=True)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_have_hashes_and_no_address(lock: str) -> None:
    """Each requirement is pinned with its hashes; no index is named."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in re.sub(r"#.*", "", text)
    pinned = re.findall(r"^[A-Za-z0-9].*$", text, re.MULTILINE)
    assert all("==" in line for line in pinned)
    assert text.count("--hash=sha256:") >= len(pinned)
