"""The circle tape: its three books part once a minute so far that going around pays, and agree in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice, takewhile

import pytest

from engine.venues.paper.tape import TapeError, open_tape
from engine.venues.paper.tape.circle import SYMBOLS, CircleTape
from engine.venues.paper.tape.events import Frame

S = 1_000_000_000
Touch = tuple[float, float]


def tape(seed: int = 3) -> CircleTape:
    opened = open_tape("circle", seed=seed)
    assert isinstance(opened, CircleTape)
    return opened


def edges(seconds: int, seed: int = 3) -> Iterator[tuple[float, float, float]]:
    """Yield when, and what either way around makes at the best prices after three fees of 0.1 %."""
    touch: dict[str, Touch] = {}
    for event in takewhile(lambda one: one.at_ns < seconds * S, tape(seed).events()):
        if isinstance(event, Frame) and event.stream.endswith("bookTicker"):
            raw = json.loads(event.data)
            touch[raw["s"]] = float(raw["b"]), float(raw["a"])
            if len(touch) == 3:
                (btc_bid, btc_ask), (eth_bid, eth_ask), (bid, ask) = (touch[symbol] for symbol in SYMBOLS)
                kept = 0.999**3
                through_btc, through_eth = eth_bid / ask / btc_ask, btc_bid * bid / eth_ask
                yield event.at_ns / S, through_btc * kept - 1.0, through_eth * kept - 1.0


@pytest.mark.parametrize("seed", [0, 3, 11])
def test_going_around_pays_for_half_of_each_minute_one_way_and_then_the_other(seed: int) -> None:
    found = list(edges(120, seed))
    first = [one for at, one, _ in found if 13.0 < at < 37.0]
    second = [other for at, _, other in found if 73.0 < at < 97.0]
    agreed = [max(one, other) for at, one, other in found if at % 60.0 < 9.0 or at % 60.0 > 43.0]
    assert min(len(first), len(second), len(agreed)) > 100
    assert min(first) > 0.003
    assert min(second) > 0.003
    assert max(agreed) < 0.0


def test_its_books_have_no_gap_and_its_seed_gives_the_same_bytes() -> None:
    opened = tape()
    last = {snapshot.symbol: snapshot.last_update_id for snapshot in opened.snapshots()}
    events = list(islice(opened.events(), 3_000))
    for event in events:
        assert isinstance(event, Frame)
        if event.stream.endswith("depth@100ms"):
            raw = json.loads(event.data)
            assert raw["U"] == last[raw["s"]] + 1
            last[raw["s"]] = raw["u"]
    assert [event.at_ns for event in events] == sorted(event.at_ns for event in events)
    assert events == list(islice(tape().events(), 3_000))
    assert events != list(islice(tape(4).events(), 3_000))


def test_it_takes_neither_a_path_nor_options() -> None:
    for spec in ("circle:x", "circle?laps=2"):
        with pytest.raises(TapeError):
            open_tape(spec)
