"""Reads the keys of the account, and those of the watchdog, for ``settings``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.environment import Named, SettingsError
from engine.secret import Secret
from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET


def account_keys(named: Named, venue: str) -> dict[str, Any]:
    """Return the account's keys; the paper exchange is given its own, and never sees those of a real account."""
    if venue == "paper":
        return {"api_key": Secret(PAPER_API_KEY), "api_secret": Secret(PAPER_API_SECRET)}
    return {
        "api_key": Secret(named.text("BINANCE_API_KEY")),
        "api_secret": Secret(named.text("BINANCE_API_SECRET")),
        "private_key": named.existing_file("BINANCE_PRIVATE_KEY"),
    }


def watchdog_keys(named: Named, venue: str) -> dict[str, Any]:
    """Return the watchdog's own keys, or where there are none the engine's."""
    keys = account_keys(named, venue)
    if venue == "binance" and named.text("WATCHDOG_API_KEY"):
        keys = {
            "api_key": Secret(named.text("WATCHDOG_API_KEY")),
            "api_secret": Secret(named.text("WATCHDOG_API_SECRET")),
            "private_key": named.existing_file("WATCHDOG_PRIVATE_KEY"),
        }
        if not (keys["api_secret"] or keys["private_key"]):
            raise SettingsError("WATCHDOG_API_SECRET is missing: put it, or WATCHDOG_PRIVATE_KEY's path, into .env.")
    return {f"watchdog_{name}": key for name, key in keys.items()}


def pem_body(path: Path | None) -> str:
    """Return what is secret in a private key's file; empty where it can't be read, which is told elsewhere."""
    if path is None:
        return ""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return "".join(line for line in lines if "-----" not in line)
