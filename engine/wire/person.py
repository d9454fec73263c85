"""Who gives a command, and what every command has."""

from __future__ import annotations

from typing import Literal

import msgspec


class Who(msgspec.Struct, frozen=True, omit_defaults=True):
    """The person behind a command, as the door that let them in knows them."""

    user_id: str
    """``U01ALICE`` from Slack, the login name from the command line."""
    name: str
    door: Literal["slack", "cli", "desk", "signal", "file", "watchdog", "health", "bot"]
    """The last five are no person's: a SIGUSR1, the file ``kill`` in the home folder, the watchdog's note,
    ``trader health``, which a machine asks, and the bot that asks for itself, for a chart."""
    channel: str = ""
    """Where in Slack they did it; empty elsewhere."""


class Command(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """What every command has."""

    id: str
    who: Who
