"""Record every input of a session in the order of receipt, so that the session can be replayed to the same orders.

The file begins with a line ``trader-session 1``; each record is a line ``ts_recv_ns kind length``, then so many bytes
and a newline: safe for any bytes, and readable with ``less`` or ``zless``. A path that ends in ``.gz`` is compressed,
every block as a gzip member of its own, so that a crash costs the last block at most.
"""

from __future__ import annotations

import gzip
import io
import queue
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec

HEADER: Final = b"trader-session 1\n"
BLOCK_BYTES: Final = 1 << 18
"""Handed to the writing thread when so much is waiting …"""
BLOCK_NS: Final = 1_000_000_000
"""… or when the oldest of it is so old at the next record."""
MOST_BLOCKS: Final = 256
"""Waiting for the disk at once: 64 MiB. A disk that is further behind has failed."""
_LONGEST_LINE: Final = 128
_LARGEST_RECORD: Final = 1 << 28


class SessionUnwritable(Exception):
    """The recording can't be begun; the text says what to do."""


class SessionDamaged(Exception):
    """The file can't be read on; the text names the record."""


class SessionRecord(msgspec.Struct, frozen=True):
    """One input as it was received."""

    ts_recv_ns: int
    kind: str
    """What it is: one of ``inputs.Kind``; in front of it, with a colon, which core heard it, if not the first."""
    data: bytes


class Recorder:
    """Records to a new file. Compressing and writing happen in a thread of its own."""

    def __init__(self, path: Path | str) -> None:
        """Begin a recording; raises SessionUnwritable, also where the file exists: a session is never overwritten."""
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self.path, "xb")  # noqa: SIM115  closed by the writing thread
        except OSError as error:
            raise SessionUnwritable(
                f"The session can't be recorded to {path} ({error.strerror}): name a new file in a folder that I may "
                "write to."
            ) from error
        self._failure = ""
        self._block = bytearray(HEADER)
        self._block_ns = 0
        self._blocks: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_blocks, name="session-recorder", daemon=True)
        self._writer.start()

    @property
    def failure(self) -> str:
        """Why recording has stopped; empty while all is well. Trading goes on without it."""
        return self._failure

    def record(self, ts_recv_ns: int, kind: str, data: bytes) -> None:
        """Take one input; costs under a microsecond and never waits. ``kind`` is one word of ASCII."""
        if self._failure:
            return
        block = self._block
        if not block:
            self._block_ns = ts_recv_ns
        block += b"%d %b %d\n" % (ts_recv_ns, kind.encode(), len(data))
        block += data
        block += b"\n"
        if len(block) >= BLOCK_BYTES or ts_recv_ns - self._block_ns >= BLOCK_NS:
            self.flush()

    def flush(self) -> None:
        """Hand what is waiting to the writing thread."""
        if self._failure or not self._block:
            return
        if self._blocks.qsize() >= MOST_BLOCKS:
            self._failure = f"the disk under {self.path} is too slow: the session's recording ends here"
            return
        self._blocks.put(bytes(self._block))
        self._block = bytearray()

    def close(self) -> None:
        """Write the rest and close the file; a second call does nothing."""
        if self._writer.is_alive():
            self.flush()
            self._blocks.put(None)
            self._writer.join()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write_blocks(self) -> None:
        is_packed = self.path.suffix == ".gz"
        try:
            with self._file as file:
                while (block := self._blocks.get()) is not None:
                    file.write(gzip.compress(block, compresslevel=1) if is_packed else block)
                    file.flush()
        except OSError as error:
            self._failure = f"the session's recording to {self.path} ended: {error.strerror}"


class Tagged:
    """Records what another core hears into the same session, so that who came first is known of both."""

    def __init__(self, recorder: Recorder, name: str) -> None:
        """Prepare; ``name`` stands in front of each kind."""
        self._recorder, self._name = recorder, name

    @property
    def failure(self) -> str:
        """Why recording has stopped; empty while all is well."""
        return self._recorder.failure

    def record(self, ts_recv_ns: int, kind: str, data: bytes) -> None:
        """Take one input."""
        self._recorder.record(ts_recv_ns, f"{self._name}:{kind}", data)


def is_session(path: Path | str) -> bool:
    """Say whether a file begins as a recorded session does."""
    try:
        with _opened(Path(path)) as file:
            return file.readline(_LONGEST_LINE) == HEADER
    except (OSError, EOFError, zlib.error):
        return False


def read_session(path: Path | str) -> Iterator[SessionRecord]:
    """Yield a session's records in order of receipt; raises SessionDamaged where the file can't be read on."""
    number = 1
    try:
        with _opened(Path(path)) as file:
            if file.readline(_LONGEST_LINE) != HEADER:
                raise SessionDamaged(f"{path} is no recorded session: its first line must be {HEADER.decode()!r}.")
            while line := file.readline(_LONGEST_LINE):
                yield _record(file, line)
                number += 1
    except (ValueError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SessionDamaged(f"{path}, record {number}: {error}. The records before it are sound.") from error
    except OSError as error:
        raise SessionDamaged(f"{path} can't be read: {error.strerror}.") from error


def _opened(path: Path) -> io.BufferedIOBase:
    return gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb")


def _record(file: io.BufferedIOBase, line: bytes) -> SessionRecord:
    words = line.split(b" ")
    if not line.endswith(b"\n") or len(words) != 3:
        raise ValueError(f"its first line {line[:60]!r} is not 'ts_recv_ns kind length'")
    length = int(words[2])
    if not 0 <= length <= _LARGEST_RECORD:
        raise ValueError(f"a length of {length} bytes can't be")
    data = file.read(length + 1)
    if len(data) != length + 1 or data[-1:] != b"\n":
        raise ValueError("it is cut off or its length is wrong")
    return SessionRecord(int(words[0]), words[1].decode("ascii"), data[:-1])
