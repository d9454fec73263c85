"""Turns named texts into typed values, and refuses what is wrong with a sentence; it reads no environment itself."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_SYMBOL: Final = re.compile(r"[A-Z0-9]{2,20}")


class SettingsError(ValueError):
    """A setting is missing or wrong; the message is one sentence that says which and what to write."""


class Named:
    """The settings as texts by name, each read as what it should be; every method raises SettingsError."""

    def __init__(self, texts: Mapping[str, str], folder: Path) -> None:
        """Take the texts, and the folder that relative paths start from."""
        self._texts = texts
        self._folder = folder

    def text(self, name: str, default: str = "") -> str:
        """Return the text without space around it; an empty one counts as not set."""
        return self._texts.get(name, "").strip() or default

    def choice(self, name: str, choices: Iterable[str], default: str) -> str:
        """Return one of the choices, whichever case it was written in."""
        text = self.text(name, default)
        for choice in choices:
            if text.lower() == choice.lower():
                return choice
        raise SettingsError(f"{name} is {text!r}: write one of {', '.join(choices)}.")

    def port(self, name: str, default: int) -> int:
        """Return a TCP port, 0 for any free one."""
        text = self.text(name, str(default))
        if not text.isascii() or not text.isdigit() or int(text) > 65_535:
            raise SettingsError(f"{name} is {text!r}: write a port from 1 to 65535, or 0 for any free one.")
        return int(text)

    def number(self, name: str, default: float, most: float) -> float:
        """Return a number from 0 up to the most."""
        text = self.text(name, f"{default:g}")
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not 0.0 <= number <= most:
            raise SettingsError(f"{name} is {text!r}: write a number from 0 to {most:g}.")
        return number

    def symbols(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Return the venue's names of instruments, each once, from a list with commas."""
        words = [word.strip().upper() for word in self.text(name).split(",") if word.strip()]
        for word in words:
            if not _SYMBOL.fullmatch(word):
                raise SettingsError(f"{name} has {word!r}: write the venue's own names, for example ETHUSDT,BTCUSDT.")
        return tuple(dict.fromkeys(words)) or default

    def url(self, name: str, schemes: tuple[str, ...], default: str = "") -> str:
        """Return an address with one of the schemes, without a slash at its end; empty when not set."""
        text = self.text(name, default)
        if text and not _is_address(text, schemes):
            example = f"{schemes[0]}://host:port"
            raise SettingsError(f"{name} is not an address that works here: write one like {example}.")
        return text.rstrip("/")

    def path(self, name: str, default: str = "") -> Path | None:
        """Return a path, absolute; None when not set."""
        text = self.text(name, default)
        return (self._folder / Path(text).expanduser()).absolute() if text else None

    def existing_file(self, name: str) -> Path | None:
        """Return the path of a file that is there; None when not set."""
        path = self.path(name)
        if path is not None and not path.is_file():
            raise SettingsError(f"{name} names {path}, which is no file: correct the path, or leave {name} empty.")
        return path

    def refuse_unknown(self, prefix: str, known: Iterable[str]) -> None:
        """Refuse a name with our prefix that is none of ours: most likely a slip of the keyboard."""
        known = tuple(known)
        for name in sorted(self._texts):
            if name.startswith(prefix) and name not in known:
                raise SettingsError(f"There is no setting {name}; {nearest(name, known)}")


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which of the known words was probably meant, as the end of a sentence."""
    known = tuple(known)
    match = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean {match[0]}?" if match else f"use one of: {', '.join(known)}."


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
