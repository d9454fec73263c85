"""`trader learn`: what prices did after headlines, the rules that follow from it, and whether they would have held."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path

import msgspec

from engine import __version__
from engine.cli.learn_text import report
from engine.cli.refused import Refused
from engine.news.opinion import OPINION_FILE
from engine.news.rules import Rules
from engine.news.rules_file import BUILT_IN, RulesError, parse_rules, read_rules
from engine.research.learning.cases import HORIZONS_MIN, at_horizon
from engine.research.learning.learn import Learned, Wish, as_json, learn, read_sources
from engine.research.learning.opinion import train
from engine.research.learning.table import to_toml
from engine.research.learning.titles import UnreadableError
from engine.settings import Settings, read_settings
from engine.venues.paper.tape.events import TapeError


def main(args: argparse.Namespace) -> int:
    """Learn, report, and write the table where there is one and a place for it; the same input prints the same."""
    settings = read_settings()
    wish = _wish(args, settings)
    try:
        present = read_rules(settings.rules_file or BUILT_IN)
        told, prices = read_sources([Path(name) for name in args.files])
    except (RulesError, TapeError, UnreadableError) as error:
        raise Refused("BAD_FILE", str(error)) from None
    if not told:
        raise Refused("BAD_REQUEST", "None of these files holds headlines: see `trader learn --help`.")
    learned = learn(told, prices, present, wish)
    written = _write(learned, Path(args.out), args.files) if learned.revision.changes else None
    model = _train(learned, Path(args.model)) if args.model else None
    if args.json:
        files = {"out": str(written) if written else None, "model": str(model) if model else None}
        print(json.dumps({**as_json(learned), **files}, sort_keys=True))
        return 0
    print(report(learned, written))
    if args.model:
        print(f"\n{_of_model(model, settings)}")
    return 0


def _train(learned: Learned, path: Path) -> Path | None:
    """Train the second opinion and write it where no file is yet; None where there is no evidence for one."""
    wish = learned.wish
    model = train(at_horizon(learned.cases, wish.horizon_min), wish.horizon_min, wish.cost, wish.seed)
    return None if model is None else _save(path, msgspec.json.encode(model, order="deterministic").decode())


def _of_model(written: Path | None, settings: Settings) -> str:
    if written is None:
        return "Second opinion: no evidence that one would say more than the usual share; no model is made."
    place = settings.home / OPINION_FILE
    return f"Second opinion: written to {written}; nothing uses it. To use it, and start anew:\n  cp {written} {place}"


def _wish(args: argparse.Namespace, settings: Settings) -> Wish:
    if args.horizon not in HORIZONS_MIN:
        raise Refused("BAD_REQUEST", f"--horizon: write one of {', '.join(map(str, HORIZONS_MIN))} minutes.")
    if not 0.0 <= args.cost_pct < 100.0:
        raise Refused("BAD_REQUEST", "--cost-pct: write a percentage from 0 to 99, as 0.2.")
    cost = -math.log1p(-args.cost_pct / 100.0)
    return Wish(args.horizon, cost, settings.trading.strategies.headlines.ask, args.seed)


def _write(learned: Learned, path: Path, files: Sequence[str]) -> Path:
    """Write the new table where no file is yet, once it is sure that the engine can read it."""
    text = to_toml(learned.revision, _head(learned, files))
    _check(parse_rules(text, path.name), learned.revision.rules)
    return _save(path, text)


def _save(path: Path, text: str) -> Path:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Refused("EXISTS", f"{path} is there already: name another file.") from None
    except OSError as error:
        raise Refused("BAD_FILE", f"{path} can't be written ({error.strerror}): name another file.") from None
    return path


def _check(read: Rules, meant: Rules) -> None:
    if read.table != meant.table:
        raise Refused("BAD_FILE", "The table reads differently than it was meant: a pattern can't be written in TOML.")


def _head(learned: Learned, files: Sequence[str]) -> list[str]:
    wish = learned.wish
    return [
        f"A rule table learned by trader {__version__}, and not in use until somebody names it as `rules` in [news].",
        f"From {', '.join(Path(name).name for name in files)}; {learned.known} headlines with prices,",
        f"horizon {wish.horizon_min} min, seed {wish.seed}. What each word means is told in docs/news.md.",
    ]
