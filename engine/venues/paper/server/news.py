"""The news wire of the story: each headline to whoever is connected, and the last ones to who comes late."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.venues.paper.server.lines import Line
from engine.venues.paper.tape.events import Publication

KEPT_MS: Final = 600_000
"""Ten minutes of tape time: so late may an engine start and still hear it."""


class NewsRoom:
    """Subscribers to the headlines.

    A message: ``{"id":"…","source":"story","title":"…","url":"https://…","ts_ms":1511877600000}``,
    where ``ts_ms`` is the tape's time. Its id ends in the ``edition``: a story that is told again is another one for
    who remembers the first, and may have decided about it.
    """

    def __init__(self, edition: str) -> None:
        self._edition = edition
        self._lines: dict[Line, None] = {}
        self._recent: list[Publication] = []

    def join(self, line: Line, tape_ms: int) -> None:
        """Let a line hear what comes, and what came in the last ten minutes of tape time."""
        self._lines[line] = None
        for item in self._recent:
            if item.ts_ms >= tape_ms - KEPT_MS:
                line.send(self._message(item))

    def leave(self, line: Line) -> None:
        """Forget a line."""
        self._lines.pop(line, None)

    def publish(self, item: Publication) -> None:
        """Send a headline to all."""
        self._recent = [kept for kept in self._recent if kept.ts_ms >= item.ts_ms - KEPT_MS] + [item]
        for line in tuple(self._lines):
            line.send(self._message(item))

    def _message(self, item: Publication) -> bytes:
        news_id = f"{item.id}-{self._edition}"
        return msgspec.json.encode(
            {"id": news_id, "source": item.source, "title": item.title, "url": item.url, "ts_ms": item.ts_ms}
        )
