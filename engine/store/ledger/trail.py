"""The audit trail: who, when, from where, what, before and after, each entry chained to the one before it.

Two chains. The *journal digest* is over every record of the journal, orders and fills too::

    digest[n] = SHA-256(digest[n-1] || payload[n])            digest[0] = 32 zero bytes

An entry of the trail holds the digest up to its own record, and its hash is over its fields and the hash before::

    hash[k] = SHA-256(JSON [hash[k-1], number, ts_ns, who, source, what, before, after, record, journal_digest])

with the JSON in UTF-8 and without spaces, digests and hashes in hex, and an empty text before the first. So one hash
that was noted anywhere stands for all of the trail and all of the journal up to it.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from engine.core.instrument import scaled_text
from engine.core.record_codec import AnyRecord
from engine.core.records import (
    Adopted,
    Answered,
    ArmedSet,
    Audited,
    Balanced,
    Decided,
    Declined,
    Ignored,
    Missed,
    ModeSet,
    Muted,
    MuteEnded,
    Shrunk,
    Started,
    Unbalanced,
    Watched,
    WatchEnded,
)
from engine.core.safeguard_records import (
    AlarmAcknowledged,
    AlarmRaised,
    BreakersReset,
    Killed,
    KillReset,
    Locked,
    Tripped,
)
from engine.core.story_records import Reviewed
from engine.store.ledger import tables
from engine.store.ledger.acts import Acts
from engine.store.ledger.books import Books
from engine.store.ledger.rows import Rows, cleaned
from engine.store.ledger.safeguards import Safeguard, Safeguards

ENGINE: Final = "engine"
"""Who did what nobody did."""
_STATES_KEPT: Final = 1_000
_FIELDS: Final = ("number", "ts_ns", "who", "source", "what", "before", "after", "record", "journal_digest")
_JUST_STARTED: Final = "halted: the engine has just started"


class Entry(NamedTuple):
    """One change: before it is numbered and chained."""

    who: str
    source: str
    what: str
    before: str
    after: str
    ts_ns: int


class Trail:
    """Words the entries of each record, and chains them."""

    def __init__(self) -> None:
        self.entries = 0
        self.hash = ""
        """Of the last entry: the head."""
        self._run = ""
        self._trading = ""
        self._safeguards = Safeguards()
        self._proposals: OrderedDict[str, str] = OrderedDict()

    def take(self, number: int, digest: str, record: AnyRecord, books: Books, acts: Acts, rows: Rows) -> None:
        """Take the record with this number, before books and acts do: they still stand for what was before it.

        ``digest`` is the journal's up to and with this record.
        """
        for entry in self._entries(record, books, acts):
            self.entries += 1
            row = cleaned(entry._asdict()) | {"number": self.entries, "record": number, "journal_digest": digest}
            previous, self.hash = self.hash, hash_of(row, self.hash)
            rows.put(tables.audit, **row, previous_hash=previous, hash=self.hash)

    def _entries(self, record: AnyRecord, books: Books, acts: Acts) -> Iterator[Entry]:
        match record:
            case Started(version, config_hash, ts_ns):
                yield from _unanswered(acts, ts_ns)
                before, self._run = self._run, f"version {version}, configuration {config_hash}"
                self._trading = _JUST_STARTED
                yield Entry(ENGINE, ENGINE, "start", before, self._run, ts_ns)
            case ModeSet(strategy, mode, by, ts_ns):
                what = f"mode of {strategy or 'everything'}"
                yield Entry(*_who(by), what, acts.modes.get(strategy, ""), mode, ts_ns)
            case ArmedSet(is_armed, by, reason, ts_ns):
                before, self._trading = self._trading, "armed" if is_armed else f"halted: {reason}"
                yield Entry(*_who(by), "trading", before, self._trading, ts_ns)
            case (
                Killed()
                | KillReset()
                | Tripped()
                | BreakersReset()
                | Locked()
                | AlarmRaised()
                | AlarmAcknowledged()
                | Adopted()
                | Ignored()
                | Unbalanced()
                | Balanced()
                | Muted()
                | MuteEnded()
            ):
                yield Entry(*_who(_by(record)), *self._safeguards.take(record), record.ts_ns)
            case Missed(proposal_id, _, symbol, state, lots, entry, _, _, _, ts_ns, end, exit_ticks, profit_e8):
                what = f"missed proposal {proposal_id}"
                before = f"{state}, followed from {books.price_text(symbol, entry)} over {lots} lots"
                made = f"{end} at {books.price_text(symbol, exit_ticks)}, {scaled_text(profit_e8, 8)}"
                yield Entry(ENGINE, ENGINE, what, before if end else "", made if end else before, ts_ns)
            case Watched(number, symbol, is_above, price_ticks, by, ts_ns):
                price = books.price_text(symbol, price_ticks)
                words = f"{symbol} {'above' if is_above else 'below'} {price}"
                yield Entry(*_who(by), f"price watch w{number}", "", words, ts_ns)
            case WatchEnded(number, by, ts_ns):
                yield Entry(*_who(by), f"price watch w{number}", "", "taken away" if by else "reached", ts_ns)
            case Shrunk(symbol, base_e8, ts_ns):
                held = scaled_text(books.held_e8(symbol), 8)
                yield Entry(ENGINE, "reconciliation", f"position of {symbol}", held, scaled_text(base_e8, 8), ts_ns)
            case Decided(proposal_id, state, by, outcome, _, ts_ns):
                before = self._state_of(proposal_id, state)
                yield Entry(*_who(by), f"proposal {proposal_id}", before, f"{state}: {outcome}", ts_ns)
            case Answered(command_id, ok, code, text, ts_ns):
                yield _answer(acts, command_id, f"{'OK' if ok else code}: {text}", ts_ns)
            case Declined(command_id, code, text, ts_ns):
                yield _answer(acts, command_id, f"{code}: {text}", ts_ns)
            case Reviewed(proposal_id, _, _, model, _, words, ts_ns):
                yield Entry(
                    ENGINE, "second-opinion", f"opinion on {proposal_id}", "", f"{words} (model {model})", ts_ns
                )
            case Audited(who, source, what, before, after, ts_ns, reason):
                because = f", because {reason}" if reason else ""
                yield Entry(who, source, what, before, after + because, ts_ns)

    def _state_of(self, proposal_id: str, state: str) -> str:
        """Return what a proposal was before, and remember what it is now."""
        before = self._proposals.pop(proposal_id, "open")
        self._proposals[proposal_id] = state
        if len(self._proposals) > _STATES_KEPT:
            self._proposals.popitem(last=False)
        return before


def hash_of(row: Mapping[str, Any], previous_hash: str) -> str:
    """Return the hash of an entry, in hex."""
    return hashlib.sha256(msgspec.json.encode([previous_hash, *(row[name] for name in _FIELDS)])).hexdigest()


def broken_links(entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each entry, in order of their numbers, that does not follow from the one before it."""
    number, previous_hash = 0, ""
    for row in entries:
        if row["number"] != number + 1:
            yield f"entries {number + 1} to {row['number'] - 1} are missing"
        elif row["previous_hash"] != previous_hash:
            yield f"entry {row['number']} does not follow entry {number}"
        if row["hash"] != hash_of(row, row["previous_hash"]):
            yield f"entry {row['number']} was changed: its hash is another"
        number, previous_hash = row["number"], row["hash"]


def _who(by: str) -> tuple[str, str]:
    """Return who and from where: ``slack:U01ALICE`` came from Slack; a code or nothing is the engine's own doing."""
    source, colon, who = by.partition(":")
    return (who, source) if colon else (ENGINE, by or ENGINE)


def _by(record: Safeguard) -> str:
    """Return who did it: what nobody did has the name of the control instead."""
    match record:
        case Tripped(code) | AlarmRaised(code):
            return code
        case Unbalanced():
            return "reconciliation"
        case Balanced(by=by):
            return by or "reconciliation"
        case _:
            return record.by


def _answer(acts: Acts, command_id: str, answer: str, ts_ns: int) -> Entry:
    _, asked = acts.asking.get(command_id, (0, None))
    if asked is None:
        return Entry("", "", f"command {command_id}", "", answer, ts_ns)
    return Entry(asked.user_id, asked.door, asked.text, "", answer, ts_ns)


def _unanswered(acts: Acts, ts_ns: int) -> Iterator[Entry]:
    for _, asked in acts.asking.values():
        yield Entry(asked.user_id, asked.door, asked.text, "", "no answer: the engine ended before", ts_ns)
