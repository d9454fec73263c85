"""Structured logs on standard error: one JSON object a line, in which no secret can appear."""

from __future__ import annotations

import base64
import json
import logging
import re
import sys
import threading
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
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
                ways |= set(_in_base64(secret))
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


def _in_base64(secret: str) -> Iterator[str]:
    """Yield what a secret looks like in base64, wherever in a text it stood: the characters that are its alone."""
    raw = secret.encode()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        own = encoded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        if len(own) >= _SHORTEST_SECRET:
            yield own


def set_up(process: str, level: str = "INFO", secrets: Iterable[str] = ()) -> Redactor:
    """Send all logs of this process to standard error as JSON lines, and return what keeps its secrets out.

    ``level`` is a name of the logging module; raises ValueError for any other word.
    """
    redactor = Redactor(secrets)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(process, redactor))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    # Python's own would write what ended the process, or a thread, as it is, secrets in its words too.
    sys.excepthook = _log_the_end
    threading.excepthook = lambda ended: _log_the_end(ended.exc_type, ended.exc_value, ended.exc_traceback)
    return redactor


def _log_the_end(kind: type[BaseException], error: BaseException | None, at: TracebackType | None) -> None:
    if error is not None:
        logging.getLogger(__name__).critical("ended by %s, which nobody expected", kind.__name__, exc_info=error)
