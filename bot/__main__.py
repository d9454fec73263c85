"""`python -m bot`: the process for people. Exit code 2 where the settings can't work."""

from __future__ import annotations

import sys
from typing import Any

import sentry_sdk
import uvloop

from bot import settings as bot_settings
from bot.app import run
from engine.wire import logs


def main() -> int:
    """Read the settings, start crash reports and logs, and run until stopped; return the exit code."""
    code = 0
    try:
        settings = bot_settings.load()
        redactor = logs.set_up("bot", settings.log_level, settings.secrets)
        _report_crashes(settings.sentry_dsn, redactor)
        bot_settings.forget_proxies(settings)
        uvloop.run(run(settings))
    except* bot_settings.BadSettings as group:
        sys.stderr.writelines(f"{error}\n" for error in group.exceptions)
        code = 2
    return code


def _report_crashes(dsn: str, redactor: logs.Redactor) -> None:
    if not dsn:
        return

    def hide(event: Any, _hint: Any) -> Any:
        return redactor.tree(event)

    sentry_sdk.init(dsn=dsn, send_default_pii=False, include_local_variables=False, before_send=hide)


if __name__ == "__main__":
    sys.exit(main())
