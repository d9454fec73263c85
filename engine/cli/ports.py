"""Which TCP ports the processes of one run listen on."""

from __future__ import annotations

import socket

from engine.cli.refused import Refused

LOOPBACK = "127.0.0.1"
EVERYWHERE = ""
_NEXT = 10
"""Looked at before any: a port that the system picks it may give to a connection before its process listens.
The defaults of one run are farther apart than this."""


def choose(wanted: int | None, default: int, option: str, host: str = LOOPBACK) -> int:
    """Return the wanted port; where none is wanted, the default, one of the next, or any. Raises Refused if taken."""
    if wanted is not None:
        port = _bound(host, wanted)
        if port is None:
            raise Refused("PORT_IN_USE", f"Port {wanted} is in use: stop what uses it, or name another with {option}.")
        return port
    ports = (_bound(host, each) for each in (*range(default, default + _NEXT), 0))
    port = next((port for port in ports if port is not None), None)
    if port is None:
        raise Refused("PORT_IN_USE", f"No port is free for {option}: close some programs, and try again.")
    return port


def _bound(host: str, port: int) -> int | None:
    """Return the port if it can be listened on now (0 finds one), else None."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return None
        return int(probe.getsockname()[1])
