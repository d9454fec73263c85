"""Words what somebody asked for, so that the journal can keep it: the command's name, and each part that was given."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from engine.core.records import Asked
from engine.wire.commands import Amount, BuyExits, Command, Shown

_SAID_ELSEWHERE: Final = frozenset({"id", "who"})


def asked(command: Command, ts_ns: int) -> Asked:
    """Return the record of a command."""
    who = command.who
    return Asked(command.id, who.user_id, who.name, who.door, in_words(command), ts_ns)


def in_words(command: Command) -> str:
    """Return a command's name and the parts that were given: ``buy symbol=eth amount=250 quote``."""
    names = (name for name in command.__struct_fields__ if name not in _SAID_ELSEWHERE)
    parts = [f"{name}={_part(getattr(command, name))}" for name in names if getattr(command, name) not in (None, "")]
    return " ".join([str(command.__struct_config__.tag), *parts])


def _part(value: Any) -> str:
    if isinstance(value, Amount):
        return f"{value.value} {value.unit}".strip()
    if isinstance(value, BuyExits):
        return ",".join(f"{name}:{part}" for name, part in msgspec.structs.asdict(value).items() if part is not None)
    if isinstance(value, Command):
        return f"({in_words(value)})"
    return f"{value.qty} at {value.price}" if isinstance(value, Shown) else str(value)
