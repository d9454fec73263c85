"""Structured logs on standard error: one JSON object a line, in which no secret can appear."""

from __future__ import annotations

import json
import logging
import re
import sys
import urllib.parse
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

HIDDEN: Final = "[hidden]"
_SLACK_TOKEN: Final = re.compile(r"\b(?:xox[a-z](?:\.xox[a-z])?|xapp)-[A-Za-z0-9-]{4,}")
_SHORTEST_SECRET: Final = 4
_OWN_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Redactor:
    """Takes secrets out of text: those it was told of, in each way they may be written, and all Slack tokens."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        ways: set[str] = set()
        for secret in secrets:
            if len(secret) >= _SHORTEST_SECRET:
                ways |= {secret, json.dumps(secret)[1:-1], urllib.parse.quote(secret, safe=""), repr(secret)[1:-1]}
        longest_first = sorted(ways, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if ways else None

    def text(self, text: str) -> str:
        """Return the text with every secret replaced by ``[hidden]``."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        return _SLACK_TOKEN.sub(HIDDEN, text)

    def tree(self, value: Any) -> Any:
        """Return a JSON-like value, for example a crash report, with every secret in it replaced."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.tree(key): self.tree(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(item) for item in value]
        return value


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON: time, level, process, logger, text, and the fields given as ``extra``."""

    def __init__(self, process: str, redactor: Redactor) -> None:
        super().__init__()
        self._process = process
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, redacted, tracebacks included."""
        line: dict[str, Any] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "text": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _OWN_FIELDS}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        # Twice: an escaped secret would hide behind the second escaping, one inside a repr shows only after it.
        return self._redactor.text(json.dumps(self._redactor.tree(line), ensure_ascii=False, default=repr))


def set_up(process: str, level: str = "INFO", secrets: Iterable[str] = ()) -> Redactor:
    """Send all logs of this process to standard error as JSON lines, and return what keeps its secrets out.

    ``level`` is a name of the logging module; raises ValueError for any other word.
    """
    redactor = Redactor(secrets)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(process, redactor))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    return redactor
