"""What was learned from headlines and prices, as a report for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from engine.research.learning.learn import Learned
from engine.research.learning.prices import MINUTE_MS
from engine.research.learning.sparse import EMBARGO_MS
from engine.research.learning.study import FALSE_SHARE, LEAST_DAYS, Cell
from engine.research.learning.table import percent
from engine.research.learning.walk import FOLDS, Outcome


def report(learned: Learned, written: Path | None) -> str:
    """Write it all; ``written``: the file with the new table, where one was made."""
    parts = (_sources(learned), _study(learned), _changes(learned, written), _walk(learned), _agreement(learned))
    return "\n\n".join("\n".join(part) for part in parts)


def _sources(learned: Learned) -> Iterator[str]:
    told = learned.told
    yield f"{len(told)} headlines, {_day(told[0].ts_ms)} to {_day(told[-1].ts_ms)}."
    for it in learned.covered:
        yield f"Prices of {it.symbol}, {_day(it.first_ms)} to {_day(it.last_ms)}."
    if not learned.covered:
        yield "No prices: name a file of candles, ts_ms,open,close,high,low,volume by the minute, for each coin."
    elif learned.within < len(told):
        yield f"{learned.within} headlines are of that time; of the others no price can say anything."
    less = f"less {learned.market}'s, where it is known, else less" if learned.market else "less"
    yield f"{len(learned.cases)} times a headline names a coin whose price after it is known."
    yield f"Abnormal return: the coin's {less} its own mean until then; from the first price of the next minute on."
    yield "A headline of which only the day is known counts from its beginning, at one day only."


def _day(ts_ms: int) -> str:
    return datetime.fromtimestamp(ts_ms / 1e3, UTC).date().isoformat()


def _study(learned: Learned) -> Iterator[str]:
    yield "What followed, by kind of headline (as the present rules see it) and horizon:"
    if not learned.study:
        yield "  nothing: no headline has a price after it"
        return
    yield f"  {'kind':<16}{'horizon':>8}{'mean':>10}{'t':>7}{'p':>9}{'days':>6}{'titles':>8}"
    yield from (f"  {_cell(cell)}" for cell in learned.study)
    tested, found = sum(it.effect.is_tested for it in learned.study), sum(it.is_found for it in learned.study)
    yield (
        f"{found} of {tested} tested are findings at a false discovery rate of {100 * FALSE_SHARE:g} % "
        f"(Benjamini-Hochberg; t over days, overlapping ones left out; untested below {LEAST_DAYS} days)."
    )


def _cell(cell: Cell) -> str:
    effect = cell.effect
    tested = f"{effect.t:>7.1f}{effect.p:>9.2g}" if effect.is_tested else f"{'–':>7}{'–':>9}"
    mark = "  finding" if cell.is_found else ""
    days = f"{effect.days:>6}{effect.cases:>8}"
    return f"{cell.kind:<16}{_span(cell.horizon_min):>8}{percent(effect.mean):>10}{tested}{days}{mark}"


def _span(minutes: int) -> str:
    return {60: "1 h", 1440: "1 day"}.get(minutes, f"{minutes} min")


def _changes(learned: Learned, written: Path | None) -> Iterator[str]:
    yield f"Against the present table, at {_span(learned.wish.horizon_min)}: {learned.verdict}."
    yield from (f"  {change.words()}" for change in learned.revision.changes)
    if written:
        yield f"Written to {written}; nothing uses it. To use it, write under [news] in trader.toml, and start anew:"
        yield f'  rules = "{written}"'


def _walk(learned: Learned) -> Iterator[str]:
    hours = EMBARGO_MS // MINUTE_MS // 60
    yield f"Walk forward, {FOLDS} folds, learned on the past alone, {hours} h and the horizon purged before each:"
    if not learned.outcomes:
        yield "  not run: too few headlines with prices"
        return
    yield f"  {'':<16}{'acts':>6}{'precision':>11}{'recall':>8}{'mean net':>10}  95 % of resampled days"
    yield from (f"  {_outcome(it)}" for it in learned.outcomes)
    yield f"{learned.outcomes[0].worth} headlines moved their coin by more than the cost. There are no shorts here: a"
    yield "sale earns only where something was held."


def _outcome(it: Outcome) -> str:
    share = [f"{100 * value:.0f} %" if value is not None else "–" for value in (it.precision, it.recall)]
    mean = percent(it.mean_net) if it.mean_net is not None else "–"
    spread = f"  {percent(it.low)} to {percent(it.high)}" if it.low is not None and it.high is not None else ""
    return f"{it.name:<16}{it.acts:>6}{share[0]:>11}{share[1]:>8}{mean:>10}{spread}"


def _agreement(learned: Learned) -> Iterator[str]:
    it = learned.agreement
    if it is None:
        yield "Labels without prices: not run, too few headlines."
        return
    yield (
        f"Labels without prices: a sparse model ({it.words} patterns) of the first {it.learned} titles gives "
        f"the rules' own label to {100 * it.share:.0f} % of the next {it.asked} (Cohen's kappa {it.kappa:.2f})."
    )
    yield "That says how regular the rules are, and nothing about prices."
