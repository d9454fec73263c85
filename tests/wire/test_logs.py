"""Logs are JSON lines in which no secret can appear."""

from __future__ import annotations

import base64
import json
import logging
import sys
import threading
from collections.abc import Iterator

import pytest

from engine.wire.logs import HIDDEN, JsonLines, Redactor, set_up

SECRET = 's3cr"et/+key'


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hooks = root.handlers[:], root.level, (sys.excepthook, threading.excepthook)
    yield
    sys.excepthook, threading.excepthook = hooks
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)


def test_a_line_is_one_json_object_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("bot", "info")
    logging.getLogger("bot.desk").info("a person's command", extra={"command_id": "c-1", "ok": True})
    (line,) = capsys.readouterr().err.splitlines()
    seen = json.loads(line)
    assert seen.pop("ts").endswith("+00:00")
    assert seen == {
        "level": "info",
        "process": "bot",
        "logger": "bot.desk",
        "text": "a person's command",
        "command_id": "c-1",
        "ok": True,
    }


@pytest.mark.parametrize("text", [SECRET, "s3cr%22et%2F%2Bkey", json.dumps(SECRET), "xoxb-12-abCD", "xapp-1-A0-9-ff"])
def test_no_way_to_write_a_secret_gets_through(text: str) -> None:
    """In the text, in a field and in a traceback: raw, URL-encoded, JSON-escaped, or as any Slack token."""
    formatter = JsonLines("bot", Redactor([SECRET]))
    record = logging.makeLogRecord({"msg": f"sent {text}", "url": f"https://x/?key={text}", "deep": {"a": [text]}})
    try:
        raise ValueError(text)
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)
    line = formatter.format(record)
    assert HIDDEN in line
    assert not any(part in line for part in ("s3cr", "xoxb-", "xapp-"))
    json.loads(line)


def test_a_crash_report_loses_its_secrets() -> None:
    report = {"message": f"with {SECRET}", "frames": [{"vars": {"token": "xoxb-1-abcd"}}], "count": 3}
    assert Redactor([SECRET]).tree(report) == {
        "message": f"with {HIDDEN}",
        "frames": [{"vars": {"token": HIDDEN}}],
        "count": 3,
    }


def test_an_empty_secret_hides_nothing() -> None:
    assert Redactor([""]).text("all is well") == "all is well"


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="LOUD"):
        set_up("bot", "loud")


@pytest.mark.parametrize("before", ["", "u", "us", "use", "user:"])
def test_a_secret_in_base64_is_hidden_wherever_it_stood(before: str) -> None:
    """As in an Authorization header, together with what stood before and behind it."""
    encoded = base64.b64encode(f"{before}{SECRET}:more".encode()).decode()
    shown = Redactor([SECRET]).text(f"Basic {encoded}")
    assert HIDDEN in shown
    assert base64.b64encode(SECRET.encode()).decode()[4:12] not in shown


def test_what_ends_a_process_or_a_thread_is_logged_without_its_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    """Python's own hook would write it as it is."""
    set_up("bot", "info", [SECRET])
    try:
        raise RuntimeError(f"with {SECRET}")
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)

    def fail() -> None:
        raise RuntimeError(f"in a thread with {SECRET}")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["level"] for line in lines] == ["critical", "critical"]
    assert all(HIDDEN in line["traceback"] and "s3cr" not in line["traceback"] for line in lines)
