"""The engine's process entry: crash reports, logs, then the engine until it is told to stop."""

from __future__ import annotations

import argparse
from typing import Any

import sentry_sdk

from engine import __version__, process
from engine.settings import Settings, read_settings
from engine.wire.logs import Redactor, set_up


def main(args: argparse.Namespace) -> int:
    """Run the engine and return its exit code."""
    settings = read_settings()
    redactor = set_up("engine", settings.log_level, settings.secrets)
    if settings.sentry_dsn:
        _start_sentry(settings, redactor)
    return process.run(settings)


def _start_sentry(settings: Settings, redactor: Redactor) -> None:
    def redact(event: Any, _hint: Any) -> Any:
        return redactor.tree(event)

    sentry_sdk.init(
        dsn=settings.sentry_dsn.reveal(),
        release=__version__,
        environment="live" if settings.is_live else settings.venue,
        before_send=redact,
        send_default_pii=False,
        include_local_variables=False,  # a frame's variables may hold a key (C18)
    )
