"""The operator's dead man (C12): where nobody is there, or nobody can be reached, *auto* falls back to *ask*.

Only a person sets it to *auto* again; that somebody is back does not.
"""

from __future__ import annotations

from typing import Final

from engine.core.trading import Trading
from engine.core.types import Mode
from engine.wire.commands import AnyCommand, GetSnapshot, Reach, TurnAway
from engine.wire.replies import Reply

AWAY, DEAF = "C12_AWAY", "C12_DEAF"
_PERSONS: Final = frozenset({"slack", "cli", "desk"})
"""The doors that people come in by; the others are signals, files and other processes."""


class DeadMan:
    """Notes when somebody last did something, and when people could last be reached."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._settings = trading.config.operator
        self._active_ns = self._reached_ns = 0
        """0 until the first look, from which both count: a start is no sign of life for longer than that."""
        self._has_bot = trading.account == "live"
        """Whether somebody is to be reached over Slack: from the bot's first word on; on a live account always."""
        self._why_deaf = "no bot is connected"

    def on_command(self, command: AnyCommand) -> None:
        """Take whatever came in by a door: any command or question of a person is a sign of life."""
        # The first two a process asks, whoever started it; the last is somebody whom the bot has turned away.
        is_watching = isinstance(command, GetSnapshot | Reach | TurnAway)
        if command.who.door in _PERSONS and not is_watching:
            self._active_ns = self._trading.now_ns

    def on_reach(self, command: Reach) -> Reply:
        """Take whether the bot hears Slack; nothing of it is written down."""
        self._has_bot = True
        if command.is_reachable:
            self._reached_ns = self._trading.now_ns
            self._why_deaf = "no bot is connected"
        else:
            self._why_deaf = command.detail or "the bot does not hear Slack"
        return Reply(command.id, True, "OK", "")

    def look(self) -> None:
        """Let time pass: fall back where it has been too long."""
        trading = self._trading
        self._active_ns, self._reached_ns = self._active_ns or trading.now_ns, self._reached_ns or trading.now_ns
        if trading.modes.everything is not Mode.AUTO:
            return
        if self._settings.away_min and self._away_s() >= self._settings.away_min * 60.0:
            detail = f"limit={self._settings.away_min:g}min away={self._away_s() / 60.0:.1f}min"
            self._fall_back(AWAY, f"{detail}. Nobody has typed or clicked anything since")
        elif why := self.why_deaf():
            self._fall_back(DEAF, why)

    def words(self) -> str:
        """Say what makes *auto* fall back, and whether people can be reached now."""
        limits = [f"{self._settings.deaf_s:g} s without Slack"] if self._has_bot and self._settings.deaf_s else []
        limits += [f"{self._settings.away_min:g} min without anybody"] if self._settings.away_min else []
        now = "nobody can be reached" if self.why_deaf() else "somebody is there"
        return f"{now}; auto falls back after {' or '.join(limits)}" if limits else "auto falls back never"

    def why_deaf(self) -> str:
        """Say why people count as out of reach; empty while they don't."""
        deaf_s = (self._trading.now_ns - self._reached_ns) / 1e9 if self._reached_ns else 0.0
        if not self._has_bot or not self._settings.deaf_s or deaf_s < self._settings.deaf_s:
            return ""
        numbers = f"limit={self._settings.deaf_s:g}s deaf={deaf_s:.0f}s"
        return f"{numbers}. Nobody can be reached over Slack: {self._why_deaf}"

    def _away_s(self) -> float:
        return (self._trading.now_ns - self._active_ns) / 1e9

    def _fall_back(self, code: str, words: str) -> None:
        self._trading.set_mode(Mode.ASK, "", code)
        text = f"{code}: {words}. The mode fell back from auto to ask; a person sets it again: /auto auto."
        self._trading.notice("critical", code, text)
