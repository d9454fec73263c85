"""A text that shows itself only where it is used."""

from __future__ import annotations


class Secret:
    """A text that never shows itself: not in ``repr``, ``str``, a log line or a traceback (C18)."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        """Keep the text."""
        self._text = text

    def reveal(self) -> str:
        """Return the text; called only where it is used."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(***)" if self._text else "Secret()"
