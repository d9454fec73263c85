"""Percentiles, ratios to the floor, their spread over the rounds, and the table of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np

_COLUMNS: Final = (
    f"{'':<20}{'ratio p50':>10}{'(spread)':>14}{'ratio p99':>11}{'(spread)':>14}"
    f"{'p50 µs':>9}{'p99 µs':>9}{'CPU µs':>8}{'events':>9}{'missing':>8}{'twice':>6}"
)


class Round(msgspec.Struct):
    """What one run of one variant at one pace gave."""

    latencies_ns: list[int]
    events: int
    missing: int
    duplicates: int
    cpu_ns: int


def against(rounds: Sequence[Round], floor: Sequence[Round]) -> dict[str, Any]:
    """Compare a variant with the floor of the same rounds: ratios first, over all events and as a spread of rounds."""
    p50, p99 = percentiles_us(rounds)
    floor_p50, floor_p99 = percentiles_us(floor)
    own, base = [percentiles_us([one]) for one in rounds], [percentiles_us([one]) for one in floor]
    ratios_p50 = [mine[0] / its[0] for mine, its in zip(own, base, strict=True)]
    ratios_p99 = [mine[1] / its[1] for mine, its in zip(own, base, strict=True)]
    events = sum(one.events for one in rounds)
    return {
        "ratio_p50": round(p50 / floor_p50, 3),
        "ratio_p99": round(p99 / floor_p99, 3),
        "p50_us": round(p50, 1),
        "p99_us": round(p99, 1),
        "spread": {
            "ratio_p50": [round(min(ratios_p50), 3), round(max(ratios_p50), 3)],
            "ratio_p99": [round(min(ratios_p99), 3), round(max(ratios_p99), 3)],
            "p50_us": [round(min(one[0] for one in own), 1), round(max(one[0] for one in own), 1)],
            "p99_us": [round(min(one[1] for one in own), 1), round(max(one[1] for one in own), 1)],
        },
        "cpu_us_per_event": round(sum(one.cpu_ns for one in rounds) / events / 1e3, 1),
        "events": events,
        "orders": sum(len(one.latencies_ns) for one in rounds),
        "missing": sum(one.missing for one in rounds),
        "duplicates": sum(one.duplicates for one in rounds),
    }


def percentiles_us(rounds: Sequence[Round]) -> tuple[float, float]:
    """Return the median and the 99th percentile over the events of some rounds, in µs."""
    pooled = np.concatenate([np.asarray(one.latencies_ns, np.float64) for one in rounds])
    p50, p99 = np.percentile(pooled, (50, 99)) / 1e3
    return float(p50), float(p99)


def table(result: Mapping[str, Any], paces: Sequence[str]) -> str:
    """Write each pace's variants, ratios first."""
    machine = result["machine"]
    lines = [f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}, load {machine['load_before']}"]
    for pace in (pace for pace in paces if pace in result):
        lines += ["", f"{pace}: an event, its order, this gap, the next event; {result['rounds']} rounds", _COLUMNS]
        lines += [_row(name, figures) for name, figures in result[pace].items()]
    return "\n".join(lines)


def _row(name: str, it: Mapping[str, Any]) -> str:
    spread = it["spread"]
    return (
        f"{name:<20}{it['ratio_p50']:>10.2f}{_between(spread['ratio_p50']):>14}"
        f"{it['ratio_p99']:>11.2f}{_between(spread['ratio_p99']):>14}"
        f"{it['p50_us']:>9.1f}{it['p99_us']:>9.1f}{it['cpu_us_per_event']:>8.1f}"
        f"{it['events']:>9,}{it['missing']:>8}{it['duplicates']:>6}"
    )


def _between(pair: Sequence[float]) -> str:
    return f"({pair[0]:.2f}-{pair[1]:.2f})"
