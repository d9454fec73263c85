"""Opens a modal once for each thing that a person did: a redelivered click would open it twice.

Slack takes a trigger once and for 3 s, then it refuses it: ``exchanged_trigger_id``, ``expired_trigger_id``.
Source: Slack, "views.open", errors.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

_KEPT: Final = 500
"""Triggers that are remembered; a redelivery comes within minutes."""


class Modals:
    """Knows which triggers have opened something."""

    def __init__(self) -> None:
        """Begin with none."""
        self._used: OrderedDict[str, None] = OrderedDict()

    async def open(self, client: AsyncWebClient, body: dict[str, Any], view: dict[str, Any]) -> None:
        """Open a modal for the one who clicked, unless this very click has opened one."""
        trigger = str(body["trigger_id"])
        if trigger in self._used:
            return
        self._used[trigger] = None  # before the call: both deliveries may be under way at once
        if len(self._used) > _KEPT:
            self._used.popitem(last=False)
        await client.views_open(trigger_id=trigger, view=view)
