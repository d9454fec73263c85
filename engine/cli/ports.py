"""Which TCP ports the processes of one run listen on."""

from __future__ import annotations

import socket

from engine.cli.refused import Refused

LOOPBACK = "127.0.0.1"
EVERYWHERE = ""


def choose(wanted: int | None, default: int, option: str, host: str = LOOPBACK) -> int:
    """Return the wanted port, or the default one or any free one where none is wanted; raises Refused if taken."""
    if wanted is not None:
        port = _bound(host, wanted)
        if port is None:
            raise Refused("PORT_IN_USE", f"Port {wanted} is in use: stop what uses it, or name another with {option}.")
        return port
    port = _bound(host, default) or _bound(host, 0)
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
