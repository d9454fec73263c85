"""The audit trail: what stands in it, and that no change of journal or database slips past."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from ledger_records import (
    A_TRADE,
    ETH,
    T0,
    S,
    contents,
    filled,
    journal_of,
    listed,
    project,
    proposed,
    rows,
    sqlite_url,
)

from engine.core.record_codec import AnyRecord
from engine.core.records import (
    Answered,
    ArmedSet,
    Asked,
    Audited,
    Decided,
    Declined,
    ModeSet,
    Muted,
    MuteEnded,
    Reported,
    Shrunk,
    Started,
)
from engine.core.safeguard_records import BreakersReset, Killed, KillReset, Locked, Tripped
from engine.core.types import Symbol
from engine.store import frames
from engine.store.ledger.database import Ledger
from engine.store.ledger.errors import LedgerForeign
from engine.store.ledger.verify import verify

HISTORY: tuple[AnyRecord, ...] = (
    *A_TRADE[:4],
    ModeSet("", "ask", "cli:ann", T0 + 2 * S),
    *A_TRADE[4:],
    ArmedSet(True, "slack:U01ALICE", "", T0 + 3 * S),
    Audited("U01ALICE", "slack", "limit max_order_pct", "1", "2", T0 + 4 * S),
    filled("tr-1", 9, 1),
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger of the history."""
    with closing(Ledger(sqlite_url(tmp_path / "ledger.sqlite"))) as made:
        project(journal_of(tmp_path / "journal.bin", HISTORY), made)
        yield made


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """The journal of the history."""
    return tmp_path / "journal.bin"


def trail_of(tmp_path: Path, *records: AnyRecord) -> list[tuple[str, ...]]:
    """Return who, source, what, before and after of each entry that records lead to."""
    with closing(Ledger(sqlite_url(tmp_path / "ledger.sqlite"))) as made:
        project(journal_of(tmp_path / "journal.bin", records), made)
        return [
            tuple(row[name] for name in ("who", "source", "what", "before", "after")) for row in rows(made, "audit")
        ]


def test_a_change_of_mode_and_of_arming_says_what_was_before(tmp_path: Path) -> None:
    """A start halts trading; the first mode that somebody sets has none before it."""
    assert trail_of(
        tmp_path,
        Started("1.0", "abc", T0),
        ModeSet("", "auto", "slack:U01ALICE", T0),
        ArmedSet(True, "cli:ann", "", T0),
        ModeSet("sma_cross", "off", "C6_REPEATS", T0),
        ModeSet("", "ask", "slack:U02BOB", T0),
        ArmedSet(False, "FAULT", "it broke", T0),
        Started("1.1", "def", T0),
    ) == [
        ("engine", "engine", "start", "", "version 1.0, configuration abc"),
        ("U01ALICE", "slack", "mode of everything", "", "auto"),
        ("ann", "cli", "trading", "halted: the engine has just started", "armed"),
        ("engine", "C6_REPEATS", "mode of sma_cross", "", "off"),
        ("U02BOB", "slack", "mode of everything", "auto", "ask"),
        ("engine", "FAULT", "trading", "armed", "halted: it broke"),
        ("engine", "engine", "start", "version 1.0, configuration abc", "version 1.1, configuration def"),
    ]


def test_breakers_and_locks_stand_in_it(tmp_path: Path) -> None:
    """What tripped, who reset it and why, and who barred what until when."""
    assert trail_of(
        tmp_path,
        Tripped("C9_DRAWDOWN", "limit=10.00% drawdown=10.20%", T0),
        BreakersReset("slack:U01ALICE", "looked at", 1, T0),
        Locked(ETH, T0 + 60 * S, "cli:ann", "news", T0),
    ) == [
        ("engine", "C9_DRAWDOWN", "breakers", "", "tripped: C9_DRAWDOWN limit=10.00% drawdown=10.20%"),
        ("U01ALICE", "slack", "breakers", "tripped: C9_DRAWDOWN limit=10.00% drawdown=10.20%", "reset: looked at"),
        ("ann", "cli", "lock of ETHUSDT", "", "until 2023-11-14T22:14:20.000Z: news"),
    ]


def test_mutes_stand_in_it(tmp_path: Path) -> None:
    """Who keeps what out of the channel until when, at whichever door, and who wants to hear it again."""
    assert trail_of(
        tmp_path,
        Muted("news", T0 + 60 * S, "cli:ann", T0),
        Muted("news", T0 + 120 * S, "slack:U01ALICE", T0),
        MuteEnded("news", "slack:U02BOB", T0),
    ) == [
        ("ann", "cli", "mute of news", "", "until 2023-11-14T22:14:20.000Z"),
        ("U01ALICE", "slack", "mute of news", "until 2023-11-14T22:14:20.000Z", "until 2023-11-14T22:15:20.000Z"),
        ("U02BOB", "slack", "mute of news", "until 2023-11-14T22:15:20.000Z", "ended"),
    ]


def test_the_kill_switch_stands_in_it(tmp_path: Path) -> None:
    """Who threw it, for what, and who let it go."""
    assert trail_of(
        tmp_path,
        Killed("slack:U01ALICE", "hands off", ETH, True, T0),
        Killed("signal:SIGUSR1", "", Symbol(""), False, T0),
        KillReset("cli:ann", "was a test", T0),
    ) == [
        ("U01ALICE", "slack", "kill switch", "", "thrown for ETHUSDT, and sell: hands off"),
        ("SIGUSR1", "signal", "kill switch", "thrown for ETHUSDT, and sell: hands off", "thrown for everything: "),
        ("ann", "cli", "kill switch", "thrown for everything: ", "reset: was a test"),
    ]


def test_a_command_stands_with_its_answer_refused_ones_too(tmp_path: Path) -> None:
    """Who asked for what, from where; one over which the engine died is told at the next start."""
    buy = Asked("c-1", "ann", "Ann", "cli", "buy symbol=eth amount=250 quote", T0)
    click = Asked("c-2", "U01ALICE", "Alice", "slack", "decide proposal_id=p-1", T0)
    entries = trail_of(
        tmp_path,
        buy,
        Answered("c-1", False, "HALTED", "Trading is halted.", T0),
        click,
        Declined("c-2", "EXPIRED", "Too late.", T0),
        click,
        Started("1.0", "abc", T0),
        Answered("c-0", True, "OK", "from an older journal", T0),
    )
    assert [(who, source, what, after) for who, source, what, _, after in entries] == [
        ("ann", "cli", buy.text, "HALTED: Trading is halted."),
        ("U01ALICE", "slack", click.text, "EXPIRED: Too late."),
        ("U01ALICE", "slack", click.text, "no answer: the engine ended before"),
        ("engine", "engine", "start", "version 1.0, configuration abc"),
        ("", "", "command c-0", "OK: from an older journal"),
    ]


def test_decisions_and_what_the_venue_corrected_stand_in_it(tmp_path: Path) -> None:
    """The click, what became of it, and a position that followed the venue."""
    entries = trail_of(
        tmp_path,
        listed(),
        proposed(),
        Decided("p-1", "bought", "slack:U01ALICE", "on its way", "tr-1", T0),
        Decided("p-1", "bought", "slack:U01ALICE", "bought 0.01 ETH", "tr-1", T0),
        *A_TRADE[2:4],
        Shrunk(ETH, 0, T0),
    )
    assert entries == [
        ("U01ALICE", "slack", "proposal p-1", "open", "bought: on its way"),
        ("U01ALICE", "slack", "proposal p-1", "bought", "bought: bought 0.01 ETH"),
        ("engine", "reconciliation", "position of ETHUSDT", "0.01000000", "0.00000000"),
    ]


def test_the_chain_is_what_the_documents_say(ledger: Ledger, journal: Path) -> None:
    """Anybody can work it out again from the journal's bytes, with a SHA-256 and a JSON encoder."""
    digest, digests = bytes(32), {}
    with journal.open("rb") as file:
        file.seek(len(frames.HEADER))
        for number, payload in enumerate(frames.sound(file), 1):
            digest = hashlib.sha256(digest + payload).digest()
            digests[number] = digest.hex()
    previous = ""
    names = ("number", "ts_ns", "who", "source", "what", "before", "after", "record", "journal_digest")
    for row in rows(ledger, "audit"):
        assert row["journal_digest"] == digests[row["record"]]
        words = json.dumps([previous, *(row[name] for name in names)], separators=(",", ":"), ensure_ascii=False)
        previous = hashlib.sha256(words.encode()).hexdigest()
        assert row["hash"] == previous
    assert rows(ledger, "ledger_progress")[0]["audit_hash"] == previous


def test_what_is_as_it_was_written_has_no_problems(ledger: Ledger, journal: Path) -> None:
    """Also when the journal has gone on, and with a head that was noted before."""
    head = verify(journal, ledger).head
    journal_of(journal, [*HISTORY, ModeSet("", "off", "cli:ann", T0)])
    assert verify(journal, ledger, head).problems == ()
    project(journal, ledger)
    verdict = verify(journal, ledger, head)
    assert verdict.problems == ()
    assert verdict.head != head
    assert (verdict.records, verdict.entries) == (len(HISTORY) + 1, 5)


TAMPERED = [
    ("UPDATE audit SET who = 'U02BOB' WHERE number = 2", "entry 2 was changed"),
    ("UPDATE audit SET hash = 'ab' WHERE number = 2", "entry 3 does not follow entry 2"),
    ("DELETE FROM audit WHERE number = 2", "entries 2 to 2 are missing"),
    ("DELETE FROM audit WHERE number = 4", "its end is not the one that was written last"),
    ("DELETE FROM audit", "its end is not the one that was written last"),
    ("UPDATE fills SET price_ticks = 1 WHERE fill_id = 1", "fills tr-1, 1: price_ticks is not what the journal says"),
    ("DELETE FROM fills WHERE fill_id = 2", "fills tr-2, 2: the row is missing"),
    ("UPDATE round_trips SET profit_e8 = 9", "profit_e8 is not what the journal says"),
    ("INSERT INTO equity VALUES (3, 0, 1, 1, 1)", "equity 3: the journal knows of no such row"),
    ("UPDATE ledger_progress SET journal_digest = 'ab'", "it was changed within the records 10 to 10"),
    ("UPDATE ledger_progress SET records = 99", "it ends after record 10, and the ledger has seen 99"),
]


@pytest.mark.parametrize(("statement", "words"), TAMPERED, ids=[statement for statement, _ in TAMPERED])
def test_a_change_of_the_database_is_found(ledger: Ledger, journal: Path, statement: str, words: str) -> None:
    """Whichever table, and whichever end of it."""
    with ledger.connected() as connection:
        connection.exec_driver_sql(statement)
    assert any(words in problem for problem in verify(journal, ledger).problems)


def rewritten(record: AnyRecord) -> AnyRecord:
    """Change what a record says, as somebody would who wants a fill to have been cheaper."""
    if isinstance(record, Reported):
        return Reported(msgspec.structs.replace(record.report, last_price_ticks=1))
    return record


@pytest.mark.parametrize("number", range(1, len(HISTORY) + 1))
def test_a_change_of_the_journal_is_found_though_its_checksums_are_right(
    ledger: Ledger, journal: Path, number: int
) -> None:
    """Every record in turn, left out: by somebody who knows the format."""
    journal_of(journal, [record for place, record in enumerate(HISTORY, 1) if place != number])
    (problem,) = verify(journal, ledger).problems
    assert problem.startswith("journal: it ")


def test_a_changed_record_is_found_where_it_stands(ledger: Ledger, journal: Path) -> None:
    """Between the entries of the trail before and after it, each of which holds the journal's digest."""
    journal_of(journal, [*HISTORY[:6], rewritten(HISTORY[6]), *HISTORY[7:]])
    assert verify(journal, ledger).problems == ("journal: it was changed within the records 6 to 8",)


def test_a_record_that_nobody_can_read_is_a_problem_and_no_crash(ledger: Ledger, journal: Path) -> None:
    """Sound by its checksum, and nonsense."""
    journal.write_bytes(frames.HEADER + frames.frame(b"nonsense"))
    (problem,) = verify(journal, ledger).problems
    assert problem.startswith("journal: record 1: The journal has a record that this version can't read")


def test_a_rewrite_of_both_is_found_by_a_head_that_was_noted(ledger: Ledger, journal: Path, tmp_path: Path) -> None:
    """Whoever may write to journal and database can make them agree; not with what is written down elsewhere."""
    noted = verify(journal, ledger).head
    journal_of(journal, map(rewritten, HISTORY))
    with closing(Ledger(sqlite_url(tmp_path / "forged.sqlite"))) as forged:
        project(journal, forged)
        assert verify(journal, forged).problems == ()
        assert verify(journal, forged, noted).problems == (
            f"audit trail: no entry has the hash {noted} that was noted",
        )


def test_a_ledger_without_any_entry_is_sound(tmp_path: Path) -> None:
    """Nothing has happened yet; and without a ledger there is nothing to verify."""
    journal = journal_of(tmp_path / "journal.bin", [])
    with closing(Ledger(sqlite_url(tmp_path / "ledger.sqlite"))) as made:
        with pytest.raises(LedgerForeign, match="There is no ledger yet"):
            verify(journal, made)
        project(journal, made)
        assert verify(journal, made) == ((), 0, 0, "")
        assert contents(made)["audit"] == []
