"""Brings the local Slack's one binary to this machine: by npm, at a pinned version, checked by its hash."""

from __future__ import annotations

import fcntl
import platform
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Final

_PACKAGE: Final = "local-slack-linux-x64"
_NPM: Final = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
_NPM_S: Final = 180.0
"""The binary is 95 MB; a slow line takes a while."""


class NotInstallable(RuntimeError):
    """The local Slack can't be had here; the text says why and what there is instead."""


def installed(home: Path) -> Path | None:
    """Return the binary below this home if the pinned version is there, else None."""
    folder = home / "local-slack"
    binary = folder / "node_modules" / _PACKAGE / "bin" / "local-slack"
    stamp = folder / "installed-lock.json"
    if binary.is_file() and stamp.is_file() and stamp.read_text() == _pinned("package-lock.json"):
        return binary
    return None


def install(home: Path) -> Path:
    """Return the binary, installed below this home where it isn't yet; raises NotInstallable with a sentence."""
    if (binary := installed(home)) is not None:
        return binary
    _check_machine()
    folder = home / "local-slack"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (binary := installed(home)) is None:
            _npm_ci(folder)
            binary = installed(home)
    if binary is None:
        raise NotInstallable(
            f"npm finished, but there is no local-slack below {folder}: remove that folder, try again."
        )
    return binary


def _check_machine() -> None:
    if sys.platform != "linux" or platform.machine() not in {"x86_64", "AMD64"}:
        raise NotInstallable(
            f"The local Slack runs on Linux x86-64, and this is {sys.platform} {platform.machine()}. "
            "Use `trader desk` in the terminal, or connect a real Slack with SLACK_BOT_TOKEN in .env."
        )
    if shutil.which("npm") is None:
        raise NotInstallable(
            "The local Slack is installed with npm, which isn't here. Install Node.js with npm, use `trader desk` "
            "in the terminal, or connect a real Slack with SLACK_BOT_TOKEN in .env."
        )


def _npm_ci(folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        (folder / name).write_text(_pinned(name))
    try:
        done = subprocess.run(_NPM, cwd=folder, capture_output=True, text=True, timeout=_NPM_S, check=False)
    except subprocess.TimeoutExpired:
        raise NotInstallable(f"npm didn't bring the local Slack within {_NPM_S:.0f} s: is the network up?") from None
    if done.returncode != 0:
        why = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise NotInstallable(f"npm could not install the local Slack: {why}")
    (folder / "installed-lock.json").write_text(_pinned("package-lock.json"))


def _pinned(name: str) -> str:
    return (files("bot.local_slack") / name).read_text(encoding="utf-8")
