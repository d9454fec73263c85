"""Standard input as lines, for an event loop: a terminal, a pipe or a file."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator


async def stdin_lines() -> AsyncIterator[str]:
    """Yield each line without its end, until the input ends."""
    if sys.stdin is None:  # closed by whoever started this process
        return
    loop, chunks = asyncio.get_running_loop(), asyncio.Queue[bytes]()
    fd = sys.stdin.fileno()
    try:
        loop.add_reader(fd, lambda: chunks.put_nowait(os.read(fd, 65_536)))
    except PermissionError:  # epoll takes no regular file; reading one never waits
        chunks.put_nowait(sys.stdin.buffer.read())
        chunks.put_nowait(b"")
    rest = b""
    try:
        while chunk := await chunks.get():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield line.decode(errors="replace").rstrip("\r")
        if rest:
            yield rest.decode(errors="replace")
    finally:
        loop.remove_reader(fd)
