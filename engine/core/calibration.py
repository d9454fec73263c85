"""What a score has been worth: the measured share of such signals that made money, and who has none of it.

Measured elsewhere (``research/calibration``), read at the start. A measurement belongs to the settings that it was made
with; where a strategy goes by others, it is as good as none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final

import msgspec

from engine.core.strategy_config import StrategyConfig

LEAST_SIGNALS: Final = 30
"""Fewer signals say nothing: the share of 30 is uncertain by some 18 points either way."""
CIRCLES: Final = "circle"
_PARTS: Final = {"arbitrage": ("arbitrage", CIRCLES)}
"""Whose signals are of two kinds: what a pair's score has been worth says nothing of a circle's."""
_DECIDES_NOTHING: Final = ("ask", "act", "mode", "symbols", "circle", "expires_s", "sizing")
"""Settings that change neither a signal's score nor what becomes of it."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All scores from one on to the next step: how many such signals there were, and how many made money."""

    from_score: float
    signals: int
    won: int
    """After costs, at the stop, the target or the horizon; of pairs, once they were flat again."""
    share: float
    """What is shown: ``won`` over ``signals``, made to rise with the score."""


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One strategy's."""

    strategy: str
    fingerprint: str
    """Of the settings, fee and version that it was measured with."""
    signals: int
    """That the shares were counted on; those that drew the steps are not among them."""
    first_ns: int
    last_ns: int
    """When the first and the last signal came."""
    steps: tuple[Step, ...]
    """By score, rising; a score below the first has the first's share."""

    def step(self, score: float) -> Step:
        """Return the step that a score falls on."""
        return next((step for step in reversed(self.steps) if score >= step.from_score), self.steps[0])


def fingerprint(name: str, config: StrategyConfig, fee_pct: float, version: str) -> str:
    """Return 12 hex digits over what decides a strategy's scores and what comes of them."""
    tree = msgspec.to_builtins(config)
    decides = {key: value for key, value in tree.items() if key not in _DECIDES_NOTHING}
    text = msgspec.json.encode([name, decides, fee_pct, version], order="deterministic")
    return blake2b(text, digest_size=6).hexdigest()


def fingerprints(name: str, config: StrategyConfig, fee_pct: float, version: str) -> dict[str, str]:
    """Return the fingerprint of each kind of signal that a strategy has, by name; most have the one."""
    return {part: fingerprint(part, config, fee_pct, version) for part in _PARTS.get(name, (name,))}


class Calibrations:
    """All that were measured, held against the settings of now."""

    def __init__(
        self, measured: Iterable[Calibration], configs: Mapping[str, StrategyConfig], fee_pct: float, version: str
    ) -> None:
        """Take the measurements and the strategies' settings, by name."""
        self._measured = {each.strategy: each for each in measured}
        self._fee_pct = fee_pct
        self._version = version
        self.fingerprints: dict[str, str] = {}
        """Of the settings that each strategy goes by now."""
        self.uncalibrated: set[str] = set()
        """Those whose scores mean nothing known."""
        for name, config in configs.items():
            self.follow(name, config)

    @property
    def is_empty(self) -> bool:
        """True where nothing was measured."""
        return not self._measured

    def follow(self, name: str, config: StrategyConfig) -> None:
        """Look again whether what was measured of a strategy is of its settings."""
        for part, of_now in fingerprints(name, config, self._fee_pct, self._version).items():
            self.fingerprints[part] = of_now
            (self.uncalibrated.discard if self._of(part) else self.uncalibrated.add)(part)

    def of_score(self, name: str, score: float) -> str:
        """Say for people what a score of a strategy has been worth."""
        calibration = self._of(name)
        if calibration is None:
            return self.summary(name)
        step = calibration.step(score)
        return f"{100 * step.share:.0f} % of {step.signals} such signals made money after costs, out of sample"

    def summary(self, name: str) -> str:
        """Say for people whether a strategy is calibrated, on how many signals, or why it is not."""
        if (calibration := self._of(name)) is not None:
            return f"calibrated on {calibration.signals} signals, out of sample"
        known = self._measured.get(name)
        if known is None:
            return "uncalibrated: nobody knows what its scores are worth"
        if known.signals < LEAST_SIGNALS or not known.steps:
            return f"uncalibrated: {known.signals} signals were measured, and {LEAST_SIGNALS} are needed"
        return "uncalibrated: measured with other settings than it has now"

    def _of(self, name: str) -> Calibration | None:
        """Return what counts of a strategy, or None."""
        known = self._measured.get(name)
        if known is None or known.signals < LEAST_SIGNALS or not known.steps:
            return None
        return known if known.fingerprint == self.fingerprints[name] else None
