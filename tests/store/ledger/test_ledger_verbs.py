"""``trader ledger`` and ``trader audit``: what they print, and how they refuse."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_records import A_TRADE, STARTED, T0, journal_of

from engine.cli.main import main
from engine.cli.refused import Refused
from engine.cli.sheet import since_ns, table_text
from engine.core.record_codec import encode_record
from engine.core.records import ArmedSet, ModeSet
from engine.settings import Secret, SettingsError, read_settings
from engine.store import frames
from engine.wire.logs import Redactor

S = 1_000_000_000
RECORDS = (*A_TRADE, ModeSet("", "auto", "slack:U01ALICE", T0), ArmedSet(False, "cli:ann", "=2+5", T0))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a home folder with a journal in it, and its ledger beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRADER_HOME", str(tmp_path))
    journal_of(tmp_path / "journal.bin", RECORDS)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """Return what was printed since the last look."""
    return capsys.readouterr().out


@pytest.mark.parametrize("verb", ["ledger", "audit"])
def test_both_have_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As every command has."""
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    assert f"Example: trader {verb}" in said(capsys)


def test_a_ledger_is_made_and_shown(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rebuilt from the journal, and asked as JSON: one object."""
    assert main(["ledger", "rebuild", "--json"]) == 0
    assert json.loads(said(capsys))["records"] == len(RECORDS)
    assert main(["ledger", "trades", "--symbol", "ethusdt", "--json"]) == 0
    (trade,) = json.loads(said(capsys))["trades"]
    assert (trade["profit"], trade["r_multiple"]) == ("0.60", 1.5)
    assert (home / "ledger.sqlite").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["orders", "fills", "trades", "decisions", "refusals", "equity"])
def test_every_listing_is_shown_as_text_csv_and_json(home: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that have nothing say so."""
    main(["ledger", "rebuild"])
    assert said(capsys).startswith(f"The ledger has all {len(RECORDS)} records of the journal. Audit head: ")
    assert main(["ledger", name]) == 0
    text = said(capsys)
    assert main(["ledger", name, "--csv"]) == 0
    table = list(csv.DictReader(io.StringIO(said(capsys))))
    assert main(["ledger", name, "--json"]) == 0
    rows = json.loads(said(capsys))[name]
    assert len(table) == len(rows)
    assert [list(row) for row in table] == [list(row) for row in rows]
    assert len(text.splitlines()) == 1 + len(rows)
    if not rows:
        assert text == f"No {name}.\n"


def test_a_text_that_looks_like_a_formula_is_harmless_in_csv(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A spreadsheet must not reckon what somebody typed; a number stays a number."""
    main(["ledger", "rebuild"])
    said(capsys)
    assert main(["audit", "--csv", "--who", "ann"]) == 0
    (row,) = csv.DictReader(io.StringIO(said(capsys)))
    assert row["after"] == "halted: =2+5"
    journal_of(home / "journal.bin", [STARTED, ModeSet("", "=2+5", "cli:ann", T0), ModeSet("", "-5.0", "cli:ann", T0)])
    main(["ledger", "rebuild", "--force"])
    said(capsys)
    main(["audit", "--csv", "--who", "ann"])
    assert [row["after"] for row in csv.DictReader(io.StringIO(said(capsys)))] == ["'=2+5", "-5.0"]


def test_the_trail_is_shown_and_verified(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0 with the head; 1 once something was changed, and 1 with a head that is not in it."""
    main(["ledger", "rebuild"])
    assert main(["audit", "--what", "mode", "--json"]) == 0
    (entry,) = json.loads(said(capsys).splitlines()[-1])["audit"]
    assert (entry["who"], entry["source"], entry["after"]) == ("U01ALICE", "slack", "auto")
    assert main(["audit", "--verify", "--json"]) == 0
    verdict = json.loads(said(capsys))
    assert (verdict["ok"], verdict["entries"]) == (True, 3)
    assert main(["audit", "--verify", "--noted", verdict["head"]]) == 0
    assert verdict["head"] in said(capsys)
    assert main(["audit", "--verify", "--noted", "0" * 64]) == 1
    assert "no entry has the hash" in said(capsys)
    journal_of(home / "journal.bin", [*RECORDS[:6], ModeSet("", "auto", "slack:U02BOB", T0), *RECORDS[7:]])
    assert main(["audit", "--verify"]) == 1
    assert "journal: it was changed within the records 2 to 7" in said(capsys)


def test_a_ledger_that_says_something_else_is_not_replaced_unasked(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be the only witness that the journal was changed."""
    main(["ledger", "rebuild"])
    journal_of(home / "journal.bin", RECORDS[1:])
    assert main(["ledger", "rebuild"]) == 2
    assert "rebuild --force" in capsys.readouterr().err
    assert main(["ledger", "rebuild", "--force"]) == 0


def test_what_can_not_be_done_is_refused_with_a_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No ledger, no journal, no such time, no such database, no such setting."""
    assert main(["ledger", "orders"]) == 2
    assert "There is no ledger yet" in capsys.readouterr().err
    assert main(["audit", "--since", "yesterday", "--json"]) == 2
    assert json.loads(said(capsys))["code"] == "BAD_REQUEST"
    (home / "journal.bin").unlink()
    assert main(["ledger", "rebuild"]) == 2
    assert "There is no journal" in capsys.readouterr().err
    assert main(["ledger", "equity", "--symbol", "ETHUSDT"]) == 2


def test_a_database_that_is_down_is_told_without_its_password(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence names host and database."""
    monkeypatch.setenv("LEDGER_URL", "postgresql://ann:hush@127.0.0.1:1/none")
    assert main(["ledger", "orders", "--json"]) == 2
    refusal = json.loads(said(capsys))
    assert refusal["code"] == "LEDGER_DOWN"
    assert "127.0.0.1:1" in refusal["text"]
    assert "hush" not in refusal["text"]


def test_a_record_of_a_later_version_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the kind that this version does not know."""
    with (home / "journal.bin").open("ab") as file:
        file.write(frames.frame(encode_record(STARTED).replace(b"started", b"strange")))
    assert main(["ledger", "rebuild"]) == 2
    assert "of the kind 'strange', which this version does not know" in capsys.readouterr().err


def test_times_are_read_in_many_ways() -> None:
    """UTC where they say nothing else."""
    day = 1_700_006_400 * S
    assert since_ns("2023-11-15", 0) == day
    assert since_ns("2023-11-15T01:00+01:00", 0) == day
    assert since_ns("90m", day) == day - 5_400 * S
    assert since_ns("24h", day) == day - 86_400 * S
    assert since_ns("7d", day) == day - 7 * 86_400 * S
    for text in ("", "d", "-1d", "soon", "2023-13-01"):
        with pytest.raises(Refused):
            since_ns(text, day)


def test_a_table_leaves_out_what_is_empty_and_cuts_what_is_long() -> None:
    """Each row is one line."""
    rows = [{"a": 1, "b": None, "long_name": "x\ny"}, {"a": True, "b": "", "long_name": "z" * 99}]
    assert table_text(rows) == "\n".join(["  a  long name", "  1  x y", f"yes  {'z' * 59}…"])


def test_a_table_for_people_has_no_digests_and_no_more_digits_than_they_read() -> None:
    rows = [{"what": "start", "confidence": 0.33658137230402907, "hash": "ab" * 32, "journal_digest": "cd" * 32}]
    assert table_text(rows) == "\n".join(["what   confidence", "start      0.3366"])


def test_figures_of_a_table_stand_below_each_other_and_words_at_the_left() -> None:
    """With signs, thousands and units; times, ids and symbols are words."""
    rows = [
        {"of": "1INCHUSDT", "opened": "2026-11-22 10:00", "exit": "open", "made": "+1,234.50 USDT (+1.2 R)", "n": 7},
        {"of": "ETHUSDT", "opened": "2026-11-22 9:00", "exit": "2,500", "made": "−0.80 USDT (−0.1 R)", "n": 1200},
    ]
    assert table_text(rows).splitlines() == [
        "of         opened             exit                     made     n",
        "1INCHUSDT  2026-11-22 10:00   open  +1,234.50 USDT (+1.2 R)     7",
        "ETHUSDT    2026-11-22 9:00   2,500      −0.80 USDT (−0.1 R)  1200",
    ]


def test_the_address_of_the_database_is_a_secret(tmp_path: Path) -> None:
    """It shows neither in the settings nor in a log; what is no address is refused without being shown."""
    settings = read_settings({"LEDGER_URL": "postgresql://ann:hu%20sh@host/name"}, tmp_path)
    assert settings.ledger_url == Secret("postgresql://ann:hu%20sh@host/name")
    assert "hu%20sh" not in repr(settings)
    redactor = Redactor(settings.secrets)
    assert redactor.text(settings.ledger_url.reveal()) == "postgresql://ann:[hidden]@host/name"
    assert "hu sh" in settings.secrets
    assert read_settings({}, tmp_path).ledger_url == Secret(f"sqlite:///{tmp_path}/var/ledger.sqlite")
    with pytest.raises(SettingsError) as error:
        read_settings({"LEDGER_URL": "mysql://ann:hush@host"}, tmp_path)
    assert "hush" not in str(error.value)
