"""Whom the channel's messages name: a mention rings on a phone, and each may switch that off for themselves by kind.

Where somebody wants no mention their name stands instead. An alarm calls those it must in any case.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from bot.render.blocks import Message, escape

KINDS: Final = ("orders", "approvals", "prices", "desk")
"""Orders, alerts and trades of theirs; what waits for a second person; prices they watch; modes, halts and the rest."""
ALWAYS: Final = 0
"""For until it is taken back."""


class Quiet:
    """Who wants not to be named in which kind of message, until when; both dictionaries are part of the memory."""

    def __init__(self, wishes: dict[str, dict[str, int]], names: dict[str, str]) -> None:
        """Work on what is remembered: by user id and kind the time in ns since the epoch, and people's names."""
        self._wishes = wishes
        self._names = names

    def set(self, user_id: str, name: str, what: str, seconds: float | None) -> None:
        """Name somebody no more in one kind of message, or in ``all``; None for until it is taken back."""
        until_ns = ALWAYS if seconds is None else time.time_ns() + int(seconds * 1e9)
        self._names[user_id] = name
        self._wishes.setdefault(user_id, {}).update({kind: until_ns for kind in KINDS if what in (kind, "all")})

    def end(self, user_id: str, what: str = "all") -> tuple[str, ...]:
        """Name somebody again in one kind of message, or in all; return in which they were not."""
        ended = tuple(kind for kind in self.left_s(user_id) if what in (kind, "all"))
        for kind in ended:
            del self._wishes[user_id][kind]
        return ended

    def left_s(self, user_id: str) -> dict[str, float | None]:
        """Return in which kinds somebody is not named now, with the seconds that are left; None for no end."""
        now_ns, wishes = time.time_ns(), self._wishes.get(user_id, {})
        for kind in [kind for kind, until_ns in wishes.items() if ALWAYS < until_ns <= now_ns]:
            del wishes[kind]
        return {kind: (until_ns - now_ns) / 1e9 if until_ns else None for kind, until_ns in wishes.items()}

    def hush(self, shown: Message, kind: str) -> Message:
        """Write names in the place of the mentions that nobody wants in a message of this kind."""
        plain = {f"<@{who}>": f"@{escape(self._names[who])}" for who in self._wishes if kind in self.left_s(who)}
        if not any(mention in shown.text or mention in str(shown.blocks) for mention in plain):
            return shown
        return Message(_replaced(shown.text, plain), _replaced(shown.blocks, plain))


def _replaced(part: Any, plain: Mapping[str, str]) -> Any:
    """Replace in every text of a block, however deep."""
    if isinstance(part, str):
        for mention, name in plain.items():
            part = part.replace(mention, name)
        return part
    if isinstance(part, list):
        return [_replaced(each, plain) for each in part]
    return {key: _replaced(each, plain) for key, each in part.items()} if isinstance(part, dict) else part
