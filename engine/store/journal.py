"""Keep what the engine means to do on disk before it does it, so that a restart finds every intent again.

The layout of its bytes is in ``frames``.

**A torn tail or a damaged middle?** A record is one ``write`` at the end of the file. A killed process leaves a
prefix of its last record; a power cut leaves any part of what was written since the last sync, a few milliseconds.
So when the first record that fails its check has no sound record behind it, and no more bytes behind it than one
record can have, it is the tail: it is cut off, and the caller asks the venue what became of the orders, as it does at
every start. When a sound record does follow, the file was whole once and was damaged later: what is missing may be an
order, so the journal refuses to open. A power cut that lost an earlier page and kept a later one looks the same and
is refused as well, which is the safe mistake. A sound record is looked for at every byte, because the damaged
record's own length can't be trusted; 32 bits of checksum mistake noise for one in four thousand million times.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import sys
import threading
from collections.abc import Iterator, MutableSequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, NamedTuple, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from engine.store import frames
from engine.store.frames import HEADER, LARGEST_RECORD
from engine.store.sync import APPENDED, CLOSING, SYNCED, keep_synced
from engine.whole_file import sync_folder

SYNC_EVERY_US: Final = 4_000
"""So that a record is on the disk's way within 5 ms. The thread looks by itself: ``append`` has nobody to wake."""

RESERVE_BYTES: Final = 1 << 20
"""Room for some 2,000 records: enough to sell what is held and to write down what became of it."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})

_fdatasync: Final = os.fsync if sys.platform == "darwin" else os.fdatasync


class JournalError(Exception):
    """The journal can't be used; the text says what to do."""


class JournalInUse(JournalError):
    """Another engine writes to it."""


class JournalUnwritable(JournalError):
    """It can't be written, or could not be once: nothing may leave any more."""


class JournalDamaged(JournalError):
    """Something before the tail is not as it was written; ``offset`` is the first bad byte's record."""

    def __init__(self, path: Path, offset: int, what: str, repair: str) -> None:
        super().__init__(f"The journal {path} is damaged at offset {offset}: {what}. {repair}")
        self.offset = offset


class TornTail(NamedTuple):
    """What opening cut off: an unfinished last record."""

    offset: int
    size: int

    def __str__(self) -> str:
        return f"{self.size} bytes of an unfinished record were cut off at offset {self.offset}"


class Journal:
    """An open journal with one writer: this process. Made by ``Journal.open``."""

    def __init__(self, path: Path, fd: int, end: int, torn: TornTail | None, sync_always: bool) -> None:
        self.path = path
        self.torn = torn
        """What opening cut off; None when the file was whole. Reconcile with the venue when it is not None."""
        self._fd = fd
        self._end = end
        self._marks: NDArray[np.int64] = np.array([end, end, 0], np.int64)
        self._ends = cast(MutableSequence[int], self._marks.data)
        """The same, for writing one number: without NumPy's code, which is cold by then."""
        self._sync_always = sync_always
        self.failure = ""
        """Why nothing can be written any more; empty while all is well. For the health view."""
        self._has_room = True
        self._reserve = _reserved(path)
        self._syncer = threading.Thread(target=self._keep_synced, name="journal-sync", daemon=True)
        if not sync_always:
            self._syncer.start()

    @classmethod
    def open(cls, path: Path | str, *, sync_always: bool = False) -> Journal:
        """Open a journal or begin one, cutting a torn tail; its folder is made where it is missing.

        ``sync_always`` makes each ``append`` wait for the disk. Raises JournalInUse, JournalDamaged, JournalUnwritable.
        """
        path = Path(path)
        fd = _open_locked(path)
        try:
            end, torn = _begin_or_survey(path, fd)
        except OSError as error:
            os.close(fd)
            raise JournalUnwritable(_advice(path, error)) from error
        except JournalError:
            os.close(fd)
            raise
        return cls(path, fd, end, torn, sync_always)

    @property
    def is_synced(self) -> bool:
        """Say whether everything appended so far is on the disk."""
        return int(self._marks[SYNCED]) == self._end

    def fileno(self) -> int:
        """Return the descriptor that is written to."""
        return self._fd

    def append(self, payload: bytes) -> None:
        """Write one record, at most ``LARGEST_RECORD`` bytes, with one system call.

        It is in the kernel's hands when this returns, safe from our own crash; safe from a power cut a few ms later.
        Raises JournalUnwritable when it isn't written, and then every time: the caller must not send. Costs 2 µs
        for 300 bytes, a third of it the checksum and the frame.
        """
        if self.failure:
            raise JournalUnwritable(self.failure)
        frame = frames.frame(payload)
        try:
            written = os.write(self._fd, frame)
        except OSError as error:
            self._has_room = error.errno not in _FULL
            self._fail(error)
        if written != len(frame):
            self._has_room = False
            with contextlib.suppress(OSError):  # what stays is a torn tail, and cut when it is next opened
                os.ftruncate(self._fd, self._end)
            self._fail(OSError(f"only {written} of {len(frame)} bytes fitted"))
        self._end += written
        self._ends[APPENDED] = self._end
        if self._sync_always:
            self.sync()

    def use_reserve(self) -> bool:
        """After a record found no room: free the reserve, and take records again; False where that is no help.

        The reserve serves once. It is laid up again at the next start, where there is room.
        """
        if self._has_room or self._reserve is None:
            return False
        try:
            os.unlink(self._reserve)
        except OSError:
            return False
        self._reserve, self._has_room, self.failure = None, True, ""
        return True

    @property
    def end(self) -> int:
        """Where the next record goes, in bytes."""
        return self._end

    def records(self, offset: int = len(HEADER)) -> Iterator[bytes]:
        """Yield every record's payload, from the first one or the one at an offset on.

        Those that are appended meanwhile may be among them.
        """
        with open(self.path, "rb") as file:
            file.seek(offset)
            yield from frames.sound(file)

    def sync(self) -> None:
        """Wait until everything appended so far is on the disk; raises JournalUnwritable."""
        end = self._end
        try:
            _fdatasync(self._fd)
        except OSError as error:
            # After a failed sync the kernel may have dropped the pages: a second try that succeeds proves nothing.
            self._fail(error)
        self._marks[SYNCED] = end

    def close(self) -> None:
        """Sync, let go of the file; a second call does nothing. Raises JournalUnwritable when the sync fails."""
        if self._marks[CLOSING]:
            return
        self._marks[CLOSING] = 1
        if self._syncer.is_alive():
            self._syncer.join()
        try:
            if not self.failure:
                self.sync()
        finally:
            self.failure = self.failure or f"The journal {self.path} is closed."
            os.close(self._fd)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _keep_synced(self) -> None:
        if not keep_synced(self._marks, self._fd, SYNC_EVERY_US):
            with contextlib.suppress(JournalUnwritable):  # it is kept, and the next append raises it
                self.sync()  # once more, because it says what the matter is
                self._fail(OSError(errno.EIO, "the disk refused to sync"))

    def _fail(self, error: OSError) -> NoReturn:
        self.failure = _advice(self.path, error)
        raise JournalUnwritable(self.failure) from error


def _reserved(path: Path) -> Path | None:
    """Lay room up beside the journal, for what has to be written when the disk is full; None where there is none."""
    reserve = path.with_name(path.name + ".reserve")
    try:
        if not reserve.exists() or reserve.stat().st_size < RESERVE_BYTES:
            reserve.write_bytes(bytes(RESERVE_BYTES))
    except OSError:
        with contextlib.suppress(OSError):
            reserve.unlink()
        return None
    return reserve


def _open_locked(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise JournalUnwritable(_advice(path, error)) from error
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise JournalUnwritable(f"The journal {path} is not a regular file: name another one.")
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise JournalInUse(
            f"Another engine writes to the journal {path}: stop it first, or give this one a journal of its own."
        ) from None
    except JournalUnwritable:
        os.close(fd)
        raise
    return fd


def _begin_or_survey(path: Path, fd: int) -> tuple[int, TornTail | None]:
    """Return where the next record goes, and what was cut off; begins the file where there is none yet."""
    with open(path, "rb") as file:
        header = file.read(len(HEADER))
        if HEADER.startswith(header) and len(header) < len(HEADER):
            return _begin(path, fd), None
        if header != HEADER:
            raise _foreign(path, header)
        return _survey(path, fd, file)


def _begin(path: Path, fd: int) -> int:
    os.ftruncate(fd, 0)
    os.write(fd, HEADER)
    os.fsync(fd)
    sync_folder(path.parent)  # or the file's name could be lost with the power, and every record with it
    return len(HEADER)


def _survey(path: Path, fd: int, file: BinaryIO) -> tuple[int, TornTail | None]:
    end, count = len(HEADER), 0
    for payload in frames.sound(file):
        end, count = end + frames.HEAD_BYTES + len(payload), count + 1
    size = os.fstat(fd).st_size
    if end == size:
        return end, None
    file.seek(end)
    longest_tail = frames.HEAD_BYTES + LARGEST_RECORD
    if size - end > longest_tail or frames.has_sound_record(file.read(longest_tail)):
        raise _damaged(path, end, count)
    os.ftruncate(fd, end)
    os.fsync(fd)
    return end, TornTail(end, size - end)


def _damaged(path: Path, offset: int, count: int) -> JournalDamaged:
    return JournalDamaged(
        path,
        offset,
        f"{count} records before it are sound, and there are more behind it",
        "See `trader journal check`, which says where and what; `trader journal cut` takes the damaged part out, keeps "
        "the rest and a copy, and says what is lost.",
    )


def _foreign(path: Path, header: bytes) -> JournalDamaged:
    if header.startswith(frames.MAGIC):
        what = f"its layout has version {header[-1]}, and this program knows version {HEADER[-1]}"
        return JournalDamaged(path, 0, what, "Use the program that wrote it, or name another file.")
    return JournalDamaged(path, 0, "it does not begin as a journal does", f"Move it away (mv {path} {path}.damaged).")


def _advice(path: Path, error: OSError) -> str:
    return (
        f"The journal {path} can't be written ({error.strerror or error}), so no order may leave. "
        "Make room or mend its folder's permissions, then restart the engine."
    )
