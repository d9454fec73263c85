"""`python -m bot.local_slack`: installs, runs, says where it is, stops; or says in a sentence why it can't."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from pathlib import Path

import aiohttp
import pytest
from local_desk import WITHIN_S
from needs import ROOT, skip_or_fail

from bot.local_slack.install import NotInstallable, install, installed

HOME = ROOT / "var"


@pytest.fixture
def binary() -> Path:
    try:
        return install(HOME)
    except NotInstallable as error:
        skip_or_fail(str(error))


async def start(*options: str, **environment: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.local_slack", *options),
        stdout=pipe,
        stderr=pipe,
        env={**os.environ, **environment},
    )


async def test_it_says_where_it_answers_and_stops_when_told(binary: Path) -> None:
    """Also behind a proxy that doesn't exist."""
    process = await start("--port", "0", "--home", str(HOME), HTTP_PROXY="http://127.0.0.1:9")
    assert process.stdout is not None
    facts = json.loads(await asyncio.wait_for(process.stdout.readline(), WITHIN_S))
    assert facts["api_url"] == f"{facts['page']}/api/"
    async with aiohttp.ClientSession() as session, session.post(f"{facts['api_url']}auth.test") as response:
        assert (await response.json())["user"] == "trader"
    process.terminate()
    assert await asyncio.wait_for(process.wait(), WITHIN_S) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(facts["pid"], 0)


async def test_a_port_in_use_is_a_sentence_and_exit_code_2(binary: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = await start("--port", str(port), "--home", str(HOME))
        _, errors = await asyncio.wait_for(process.communicate(), WITHIN_S)
    assert process.returncode == 2
    assert f"Port {port} can't be used" in errors.decode()


async def test_without_npm_it_is_a_sentence_and_exit_code_3(tmp_path: Path) -> None:
    process = await start("--home", str(tmp_path), PATH="/nowhere")
    _, errors = await asyncio.wait_for(process.communicate(), WITHIN_S)
    assert process.returncode == 3
    assert "trader desk" in errors.decode()


def test_another_machine_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(NotInstallable, match="riscv64"):
        install(tmp_path)


def test_a_failed_installation_is_told_and_leaves_nothing_that_looks_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    npm = tools / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error network is down' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/bin:/usr/bin")
    with pytest.raises(NotInstallable, match="network is down"):
        install(tmp_path)
    assert installed(tmp_path) is None


def test_the_lock_pins_by_hash_and_names_no_address() -> None:
    lock = json.loads((ROOT / "bot" / "local_slack" / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    for package in packages.values():
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package
