"""Runs one of our processes with secrets of a real venue, which no test may reach, and makes it fail with them.

``python secret_driver.py engine|watchdog|bot|notify``. ``DRIVER`` in the environment holds the keys as JSON, ``HELD``
all that its errors have in their words. A file ``fail`` in the home makes the engine's deciding raise; at its end every
process dies of an error that nobody expected.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
import urllib.parse
from pathlib import Path
from typing import Any

import msgspec

import bot.__main__ as bot_entry
from engine.cli import engine as engine_entry
from engine.cli import notify as notify_entry
from engine.cli import watchdog as watchdog_entry
from engine.core.engine import Engine
from engine.settings import Secret, Settings, read_settings

TOLD: dict[str, Any] = json.loads(os.environ["DRIVER"])
WORDS = " | ".join(
    form
    for secret in json.loads(os.environ["HELD"])
    for form in (secret, repr(secret), urllib.parse.quote(secret, safe=""), base64.b64encode(secret.encode()).decode())
)


def with_secrets() -> Settings:
    """Read the settings as the process does, and put a real account's keys into them."""
    pem, settings = TOLD.get("pem"), read_settings()
    theirs = {"api_key": Secret(TOLD["second_key"]), "api_secret": Secret(TOLD["second_secret"])}
    return msgspec.structs.replace(
        settings,
        venue="binance",
        api_key=Secret(TOLD["key"]),
        api_secret=Secret(TOLD["secret"]),
        private_key=Path(pem) if pem else None,
        watchdog_api_key=Secret(TOLD["watchdog_key"]),
        watchdog_api_secret=Secret(TOLD["watchdog_secret"]),
        second=msgspec.structs.replace(settings.second, **theirs) if settings.second else None,
    )


def failing(home: Path) -> None:
    """Let deciding raise once the file is there."""
    as_it_is = Engine.on_timer

    def on_timer(self: Engine, ts_ns: int) -> Any:
        if (home / "fail").exists():
            raise RuntimeError(f"deciding broke: {WORDS}")
        return as_it_is(self, ts_ns)

    Engine.on_timer = on_timer  # type: ignore[method-assign]


def main(what: str) -> None:
    """Run it, and die."""
    if what == "bot":
        bot_entry.main()
    elif what == "notify":
        notify_entry.main(argparse.Namespace(what="test"))
    else:
        settings = with_secrets()
        failing(settings.home)
        entry: Any = {"engine": engine_entry, "watchdog": watchdog_entry}[what]
        entry.read_settings = lambda: settings
        try:
            entry.main(argparse.Namespace())
        except Exception as error:
            raise RuntimeError(f"{what} ended: {WORDS}") from error
    try:
        raise ValueError(f"the cause of it: {WORDS}")
    except ValueError as error:
        raise RuntimeError(f"{what} ended: {WORDS}") from error


if __name__ == "__main__":
    main(sys.argv[1])
