"""The scratch journal: it writes like the journal, and nobody can ever read it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.store import frames
from engine.store.journal import JournalUnwritable
from engine.store.scratch import MOST_BYTES, ScratchJournal


def test_what_is_appended_has_the_journals_form_and_no_name(tmp_path: Path) -> None:
    """The same frame is written to a file that its folder doesn't list."""
    scratch = ScratchJournal(tmp_path)
    scratch.append(b"intent")
    assert os.pread(scratch._file.fileno(), 100, 0) == frames.frame(b"intent")
    assert list(tmp_path.iterdir()) == []
    scratch.close()


def test_it_never_grows_beyond_a_few_pages(tmp_path: Path) -> None:
    """After 64 KB it begins anew."""
    scratch, record = ScratchJournal(tmp_path), b"x" * 300
    for _ in range(2_000):
        scratch.append(record)
        assert os.fstat(scratch._file.fileno()).st_size <= MOST_BYTES + 2 * len(record)
    scratch.close()


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    """A folder that isn't there and a write that fails are both refused as the journal refuses them."""
    with pytest.raises(JournalUnwritable, match="Nothing can be rehearsed"):
        ScratchJournal(tmp_path / "none")
    scratch = ScratchJournal(tmp_path)
    reader = os.open("/dev/null", os.O_RDONLY)
    os.dup2(reader, scratch._file.fileno())
    os.close(reader)
    with pytest.raises(JournalUnwritable):
        scratch.append(b"intent")
    assert scratch.failure
    scratch.close()
