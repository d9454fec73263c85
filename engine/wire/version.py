"""What each end of the line says of itself as it opens, so that mixed versions are refused (C21).

Two versions may mean different things by the same message, and a program that was brought up to date while its other
half goes on running is such a pair. So the words that both speak count as well as the number of the release.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Final

import msgspec

from engine import __version__
from engine.wire.commands import AnyCommand
from engine.wire.events import AnyEvent
from engine.wire.replies import Reply

HEADER: Final = "Trader-Version"
MIXED: Final = 409
"""HTTP status with which the engine refuses a line to another version: Conflict."""


@cache
def spoken() -> str:
    """Return the release, and 8 hex digits of SHA-256 over the types of the line's messages: ``0.1.0+8f2a61c3``."""
    types = [msgspec.json.schema_components([kind])[1] for kind in (AnyCommand, Reply | AnyEvent)]
    digest = hashlib.sha256(msgspec.json.encode(types, order="deterministic")).hexdigest()
    return f"{__version__}+{digest[:8]}"


def mixed(engine: str, other: str) -> str:
    """Say that two versions don't go together, and what to do."""
    return (
        f"The engine is of version {engine or 'unknown'} and this is {other or 'unknown'}, which may not understand "
        "each other: stop `trader run` and start it again, so that everything is of one version."
    )
