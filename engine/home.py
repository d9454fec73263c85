"""Where the processes live: the home folder, the sockets in it, and the ledger's database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from engine.environment import Named, SettingsError
from engine.secret import Secret

SOCKET_OF_ENGINE: Final = "engine.sock"
SOCKET_OF_BOT: Final = "bot.sock"
LONGEST_SOCKET_NAME: Final = "watchdog.sock"
LEDGER_FILE: Final = "ledger.sqlite"
"""In the home folder, where LEDGER_URL names no other database."""
_LONGEST_SOCKET: Final = 103
"""Bytes in the path of a Unix socket: 104 with its final zero on macOS, 108 on Linux."""


def home_folder(named: Named) -> Path:
    """Read ``TRADER_HOME``; raises SettingsError where no socket could be made in it."""
    home = named.path("TRADER_HOME", "var") or Path("var")
    if home.exists() and not home.is_dir():
        raise SettingsError(f"TRADER_HOME names {home}, which is a file: name a folder.")
    if len(os.fsencode(home / LONGEST_SOCKET_NAME)) > _LONGEST_SOCKET:
        raise SettingsError(f"TRADER_HOME's path {home} is too long for a socket in it: name a folder nearer the root.")
    return home


def ledger_url(named: Named) -> Secret:
    """Return the database's address; what is wrong with it is told without it, for it may have a password in it."""
    url = named.text("LEDGER_URL") or f"sqlite:///{home_folder(named) / LEDGER_FILE}"
    try:
        is_address = urlsplit(url).scheme in ("sqlite", "postgresql")
    except ValueError:  # half an IPv6 address
        is_address = False
    if not is_address:
        raise SettingsError(
            "LEDGER_URL is no address of a database: write sqlite:////path or postgresql://user:password@host/name."
        )
    return Secret(url)
