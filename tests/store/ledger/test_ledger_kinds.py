"""Every kind of record has its place: in what a restart remembers, or a stated no; and in the ledger."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from ledger_records import E8, ETH, T0, approved, contents, filled, journal_of, listed, project, proposed, sqlite_url

from engine.core import records as kinds
from engine.core import safeguard_records, story_records
from engine.core.memory import PASSED_OVER
from engine.core.record_codec import AnyRecord
from engine.core.tidings import Headline, NewsItem
from engine.core.types import ClientOrderId, Refusal, SendFailed
from engine.store.ledger.database import Ledger

BY: Final = "slack:U01ALICE"
BEFORE: Final[tuple[AnyRecord, ...]] = (
    listed(),
    kinds.Intended(approved("tr-1")),
    filled("tr-1", 1, 100),
    kinds.Intended(approved("tr-2")),
    kinds.Intended(approved("tr-9", cause_id="circle:ETHUSDT-1:first")),
    filled("tr-9", 9, 100),
    proposed(),
)
"""What a record may speak of: a position, an order without an answer, a circle that has begun, an open proposal."""
NEWS: Final = NewsItem("wire", "n-1", "ETH is listed", "https://wire.example/1", T0, T0)
STORY: Final = story_records.KeptStory("s-1", ETH, "listing", 1, "announced", NEWS, 0.9, {"wire": 1.0}, "", 0.9, 1, T0)
SAMPLES: Final[tuple[AnyRecord, ...]] = (
    kinds.Started("1.0", "abc", T0),
    kinds.Intended(approved("tr-3")),
    filled("tr-2", 2, 100),
    kinds.Failed(SendFailed(ClientOrderId("tr-2"), False, -2010, "no funds", T0)),
    kinds.Refused("signal:s-2", BY, Refusal("HALTED", "", ""), T0, ETH),
    kinds.ModeSet("", "auto", BY, T0),
    kinds.ArmedSet(True, BY, "", T0),
    kinds.Answered("c-1", True, "OK", "Done.", T0),
    kinds.Shrunk(ETH, 1, T0),
    listed(tick_e8=E8 // 10),
    proposed("p-2"),
    kinds.Decided("p-1", "bought", BY, "on its way", "tr-1", T0),
    safeguard_records.EquityMarked(3, 2, 4, T0),
    kinds.Asked("c-2", "U01ALICE", "Alice", "slack", "halt", T0),
    kinds.Declined("c-3", "HALTED", "Trading is halted.", T0),
    kinds.Audited("U01ALICE", "slack", "limit", "1", "2", T0),
    safeguard_records.Killed(BY, "", ETH, True, T0),
    safeguard_records.KillReset(BY, "a drill", T0),
    safeguard_records.DayOpened(19_000, 5, T0),
    safeguard_records.Tripped("C9_DRAWDOWN", "limit=10.00%", T0),
    safeguard_records.BreakersReset(BY, "seen", 5, T0),
    safeguard_records.AlarmRaised("NAKED_POSITION", "Nothing protects ETHUSDT.", T0),
    safeguard_records.AlarmAcknowledged(f"NAKED_POSITION:{T0}", BY, T0),
    safeguard_records.Locked(ETH, T0 + 1, BY, "unlock", T0),
    safeguard_records.LimitSet("collar_pct", ETH, "", 1.0, False, BY, "a thin book", T0),
    kinds.StopMoved(ETH, "t-1", 197_000, 201_000, "trailing_stop", T0),
    kinds.Adopted(approved("web-1"), BY, T0),
    kinds.Ignored(ETH, ClientOrderId("web-2"), BY, T0),
    kinds.Unbalanced(ETH, 1, 2, False, T0),
    kinds.Balanced(ETH, 2, BY, T0),
    kinds.CircleEnded("ETHUSDT-1", T0),
    kinds.Missed("p-1", "headlines", ETH, "expired", 10, 200_000, 197_000, 0, T0 + 1, T0),
    kinds.Watched(1, ETH, True, 270_000, BY, T0),
    kinds.WatchEnded(1, "", T0),
    kinds.Muted("news", T0 + 1, BY, T0),
    kinds.MuteEnded("news", BY, T0),
    story_records.StoryTurned("opened", NEWS, "listing", 0.9, 1.0, ("a rule",), "acted", STORY, T0),
    story_records.HeadlineHeard(Headline(NEWS, "listing", 0.9, (ETH,), ("a rule",)), "acted", (STORY,), T0),
    story_records.Reviewed("p-1", 0.3, 0.4, "0123456789ab", -1000, "rules 0.70 → 0.60", T0),
)


def test_there_is_a_sample_of_every_kind() -> None:
    """A new kind needs one here, and with it a place in the ledger."""
    assert {type(sample) for sample in SAMPLES} == set(get_args(AnyRecord))


@pytest.mark.parametrize("sample", SAMPLES, ids=[type(sample).__name__ for sample in SAMPLES])
def test_every_kind_has_a_row_in_the_ledger(tmp_path: Path, sample: AnyRecord) -> None:
    """Of each something can be found there that was not before, and not only how far it has read."""
    before, after = (_tables(tmp_path / name, records) for name, records in (("a", BEFORE), ("b", (*BEFORE, sample))))
    assert {name for name in after if after[name] != before[name]}


def test_what_a_restart_passes_over_is_stated_in_the_docs() -> None:
    """The table says no of the same kinds as the code."""
    table = (Path(__file__).parents[3] / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| `")]
    named = {name.strip("|` "): row[-1].rstrip(" |") for row in rows for name in row[0].split(",")}
    assert {kind.__name__ for kind in get_args(AnyRecord)} <= set(named)
    told = {kind.__name__ for kind in get_args(AnyRecord) if re.match(r"no\b", named[kind.__name__])}
    assert told == {kind.__name__ for kind in PASSED_OVER}


def _tables(folder: Path, records: tuple[AnyRecord, ...]) -> dict[str, list[tuple[Any, ...]]]:
    folder.mkdir()
    ledger = Ledger(sqlite_url(folder / "ledger.sqlite"))
    project(journal_of(folder / "journal.bin", records), ledger)
    found = contents(ledger)
    ledger.close()
    del found["ledger_progress"]
    return found
