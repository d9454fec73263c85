"""Logs are JSON lines in which no secret can appear."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from engine.wire.logs import HIDDEN, JsonLines, Redactor, set_up

SECRET = 's3cr"et/+key'


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
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
