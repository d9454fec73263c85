"""`trader calibrate`: measures what each strategy's scores have been worth, and writes it where the engine reads it."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from engine import __version__
from engine.cli.refused import Refused
from engine.core.calibration import LEAST_SIGNALS, Calibration, fingerprints
from engine.core.record_codec import UnknownRecord
from engine.research.calibration.fit import Quality, calibrate, interval
from engine.research.calibration.outcome import Outcome
from engine.research.calibration.sources import SPREAD_PCT, outcomes_of
from engine.settings import Settings, read_settings
from engine.store.calibration_file import CalibrationFile, write_calibration
from engine.venues.paper.tape.events import TapeError

_TELLING: Final = 0.02
"""A score whose squared error is smaller than one share's by less than this part hardly tells anything."""
_Measured = list[tuple[Calibration, Quality | None]]


def main(args: argparse.Namespace) -> int:
    """Measure, write, and show; the same files and settings write the same bytes."""
    settings = read_settings()
    paths = [Path(name) for name in args.files] or [settings.home / "journal.bin"]
    prints = _fingerprints(settings)
    outcomes = [one for path in paths for one in _read(path, settings, prints)]
    measured = [
        calibrate(name, each, [one for one in outcomes if one.strategy == name]) for name, each in prints.items()
    ]
    written = write_calibration(settings.home, _file(paths, outcomes, measured))
    print(json.dumps(_json(measured, written), sort_keys=True) if args.json else "\n".join(_text(measured, written)))
    return 0


def _fingerprints(settings: Settings) -> dict[str, str]:
    """Return the fingerprint of every strategy, and of circles."""
    strategies, fee_pct = settings.trading.strategies, settings.trading.people.fee_pct
    found: dict[str, str] = {}
    for name in strategies.__struct_fields__:
        found |= fingerprints(name, getattr(strategies, name), fee_pct, __version__)
    return found


def _read(path: Path, settings: Settings, prints: dict[str, str]) -> list[Outcome]:
    try:
        return outcomes_of(path, settings.trading, prints)
    except (TapeError, UnknownRecord, ValueError) as error:
        raise Refused("BAD_FILE", str(error)) from None
    except OSError as error:
        words = f"{path} can't be read ({error.strerror}): name a recording, candles or a journal."
        raise Refused("NOT_FOUND", words) from None


def _file(paths: Sequence[Path], outcomes: Sequence[Outcome], measured: _Measured) -> CalibrationFile:
    sums = (f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()[:16]}" for path in paths)
    last_ns = max((one.ts_ns for one in outcomes), default=0)
    return CalibrationFile(
        version=__version__,
        made=_day(last_ns),
        sources=tuple(sums),
        strategies=tuple(calibration for calibration, _ in measured),
    )


def _day(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns // 1_000_000_000, UTC).date().isoformat()


def _telling(quality: Quality) -> str:
    """Say whether the score tells more than that all signals are alike."""
    if not quality.brier_of_one_share:  # all won, or all lost, before and after: nothing is left to tell
        return "the score had nothing to tell apart: all signals ended alike"
    gain = 1.0 - quality.brier / quality.brier_of_one_share
    words = "tells good signals from bad ones" if gain >= _TELLING else "hardly tells a good signal from a bad one"
    scores = f"Brier score {quality.brier:.3f}, and {quality.brier_of_one_share:.3f} with one share for all"
    return f"the score {words if gain > 0.0 else 'tells no good signal from a bad one'} ({scores}; lower is better)"


def _json(measured: _Measured, written: Path) -> dict[str, Any]:
    return {
        "out": str(written),
        "strategies": [
            {
                "name": it.strategy,
                "signals": it.signals,
                "calibrated": bool(it.steps),
                "steps": [
                    {"from": s.from_score, "signals": s.signals, "won": s.won, "interval": interval(s)}
                    for s in it.steps
                ],
                "quality": quality._asdict() if quality else None,
            }
            for it, quality in measured
        ],
    }


def _text(measured: _Measured, written: Path) -> Iterator[str]:
    yield "What signals to buy made at their stop, target or horizon, after fees on both sides; counted on the later"
    yield f"part, drawn on the earlier. Candles: {SPREAD_PCT:g} % for the spread as well."
    for it, quality in measured:
        if not it.steps:
            yield f"{it.strategy}: uncalibrated, {it.signals} of the {LEAST_SIGNALS} signals that are needed"
            continue
        yield f"{it.strategy}: {it.signals} signals, {_day(it.first_ns)} to {_day(it.last_ns)}"
        for step in it.steps:
            low, high = interval(step)
            spread = f"{100 * low:.0f} to {100 * high:.0f} %"
            yield f"  from {step.from_score:.2f}: {100 * step.share:.0f} % of {step.signals} ({spread} with 95 %)"
        if quality is not None:
            yield f"  {_telling(quality)}"
    if any(not it.steps for it, _ in measured):
        yield "Strategies that go by single trades or the book are measured on recordings; headlines, fair value and"
        yield "arbitrage on the journal of a run, of which only what was proposed with the settings of now counts."
        yield "`trader calibrate FILE FILE …` takes all of these kinds together."
    yield f"Written to {written}; the engine reads it at its next start."
