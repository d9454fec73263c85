"""A snapshot is a fold: with the rest of the journal on top it is the same state as the whole journal folded."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Final, get_args

import msgspec
import numpy as np
import pytest
from core_builders import instrument
from hypothesis import given
from hypothesis import strategies as st
from ledger_records import A_TRADE, BTC, E8, ETH, RECORDS, T0, S, approved, filled, proposed

from engine.core.config import TradingConfig
from engine.core.engine import Engine
from engine.core.kept import Kept, decode_kept, encode_kept
from engine.core.memory import KEEPS
from engine.core.queries import Identity
from engine.core.record_codec import AnyRecord
from engine.core.records import (
    ArmedSet,
    Decided,
    Intended,
    Listed,
    Missed,
    Muted,
    MuteEnded,
    Refused,
    StopMoved,
    Watched,
    WatchEnded,
)
from engine.core.resting import PROTECTION
from engine.core.safeguard_records import AlarmAcknowledged, AlarmRaised, EquityMarked, Tripped
from engine.core.types import ApprovedOrder, OrderState, Refusal, Side, Symbol, TimeInForce

NOW: Final = T0 + 500 * S


def protective(name: str, lots: int, leg: str) -> ApprovedOrder:
    """Make an order that protects a position."""
    return approved(name, Side.SELL, lots, cause_id=f"{PROTECTION}{name}:{leg}", time_in_force=TimeInForce.GTC)


_MORE: Final = st.one_of(
    st.builds(
        StopMoved,
        st.sampled_from([ETH, BTC]),
        st.just("t-1"),
        *[st.integers(1, 250_000)] * 2,
        st.just("x"),
        st.just(T0),
    ),
    st.builds(AlarmRaised, st.sampled_from(["A", "B"]), st.text(max_size=3), st.integers(T0, T0 + 5)),
    st.builds(AlarmAcknowledged, st.sampled_from([f"A:{T0}", f"B:{T0 + 1}"]), st.just("cli:ann"), st.just(T0)),
    st.builds(Watched, st.integers(1, 4), st.just(ETH), st.booleans(), st.integers(1, 9), st.just("x"), st.just(T0)),
    st.builds(WatchEnded, st.integers(1, 4), st.just(""), st.just(T0)),
    st.builds(Muted, st.sampled_from(["news", ETH]), st.integers(T0, NOW + S), st.just("x"), st.just(T0)),
    st.builds(MuteEnded, st.sampled_from(["news", ETH]), st.just("x"), st.just(T0)),
    st.builds(
        lambda name, end: Missed(name, "sma_cross", ETH, "expired", 1, 2, 1, 3, T0, T0, end),
        *(st.sampled_from(["p-1", "p-2"]), st.sampled_from(["", "stop"])),
    ),
    st.builds(
        lambda number, lots, leg: Intended(
            approved(
                f"tr-{number}", Side.SELL, lots, cause_id=f"{PROTECTION}{number}:{leg}", time_in_force=TimeInForce.GTC
            )
        ),
        *(st.integers(6, 9), st.integers(1, 300), st.sampled_from(["stop", "target"])),
    ),
    st.builds(
        lambda number, state: filled(f"tr-{number}", 50 + number, 10, side=Side.SELL, state=state),
        *(st.integers(6, 9), st.sampled_from([OrderState.WORKING, OrderState.FILLED, OrderState.PARTIALLY_FILLED])),
    ),
    st.builds(
        lambda name, side: Intended(approved(f"tr-{name}{side}", side, 100, cause_id=f"proposal:{name}")),
        *(st.sampled_from(["p-1", "p-2", "p-3"]), st.sampled_from(Side)),
    ),
)


def each_once(records: list[AnyRecord]) -> list[AnyRecord]:
    """Leave out whatever would intend an order of a name that was used: no two orders ever share one."""
    kept: dict[str, AnyRecord] = {}
    for number, record in enumerate(records):
        kept.setdefault(record.order.client_order_id if isinstance(record, Intended) else f"#{number}", record)
    return list(kept.values())


RUNS: Final = (
    st.tuples(RECORDS, st.lists(_MORE, max_size=12))
    .flatmap(lambda both: st.permutations([*both[0], *both[1]]))
    .map(each_once)
)


def fold(records: Iterable[AnyRecord], kept: Kept | None = None) -> tuple[Any, Kept, list[Any]]:
    """Restart on the records; return the state, what a snapshot would keep, and what is to be done."""
    state, kept, done = fold_if_kept(records, kept)
    assert kept is not None
    return state, kept, done


def fold_if_kept(records: Iterable[AnyRecord], kept: Kept | None = None) -> tuple[Any, Kept | None, list[Any]]:
    """The same; where a circle is open that nobody can count there is no snapshot."""
    engine = Engine(
        TradingConfig(), {ETH: instrument(), BTC: instrument(BTC)}, "paper", Identity("1.0", "abc", "test", T0)
    )
    keeps: list[Kept] = []
    actions = engine.restore(records, NOW, kept, keeps.append)
    engine.trading.resting.all_legs()  # forgets what is settled, which the first look at it does anyway
    engine.trading.proposals.open()
    done = [getattr(action, "record", None) or type(action).__name__ for action in actions]
    return seen([engine.trading, engine.people], {}), keeps[0] if keeps else None, done


def seen(thing: Any, places: dict[int, int]) -> Any:
    """Return a state as plain values; what may change is numbered, so that sharing it counts as well."""
    if isinstance(thing, Enum | int | float | str | bytes | type(None)):
        return thing
    if isinstance(thing, np.ndarray):
        return thing.tobytes()
    if isinstance(thing, tuple):
        return [seen(part, places) for part in thing]
    if isinstance(thing, msgspec.Struct) and thing.__struct_config__.frozen:
        return [seen(getattr(thing, name), places) for name in thing.__struct_fields__]
    if callable(thing) or isinstance(thing, frozenset | memoryview):
        return "-"
    if id(thing) in places:
        return f"#{places[id(thing)]}"
    places[id(thing)] = len(places)
    if isinstance(thing, Mapping):
        return [(seen(key, places), seen(value, places)) for key, value in thing.items()]
    if isinstance(thing, set):
        return sorted(thing)
    if isinstance(thing, Sequence | deque):
        return [seen(part, places) for part in thing]
    names = getattr(thing, "__dict__", None) or dict.fromkeys(getattr(thing, "__slots__", ()), 0)
    names = dict.fromkeys(thing.__struct_fields__, 0) if isinstance(thing, msgspec.Struct) else names
    return type(thing).__name__, [(name, seen(getattr(thing, name), places)) for name in names if name != "_actions"]


@given(RUNS, st.integers(0, 60))
def test_a_snapshot_and_the_rest_come_to_the_same_as_the_whole(records: list[AnyRecord], cut: int) -> None:
    """At any place; what was kept goes through its bytes, and what is written and told at the start is the same."""
    whole, kept_whole, done = fold_if_kept(records)
    _, kept, _ = fold_if_kept(records[:cut])
    if kept is None:
        return  # a start reads the whole journal then
    again, kept_again, done_again = fold_if_kept(records[cut:], decode_kept(encode_kept(kept)))
    assert again == whole
    assert done_again == done
    assert (kept_again and encode_kept(kept_again)) == (kept_whole and encode_kept(kept_whole))


def test_a_trade_survives_a_snapshot_at_each_of_its_records() -> None:
    """Bought, protected, asked about, sold: ended anywhere, cut anywhere before that, and twice."""
    story = [
        *A_TRADE[:4],
        proposed("p-1"),
        Intended(protective("tr-9", 100, "stop")),
        Intended(approved("tr-8", cause_id="proposal:p-1")),
        StopMoved(ETH, "t-1", 197_000, 203_000, "trailing_stop", T0),
        ArmedSet(False, "cli:ann", "lunch", T0),
        Tripped("C9_DAILY_LOSS", "loss", T0),
        EquityMarked(10 * E8, 5 * E8, 11 * E8, T0),
        Refused("signal:s-9", "x", Refusal("HALTED", "", ""), T0, ETH),
        *A_TRADE[4:],
        Decided("p-1", "bought", "cli:ann", "on its way", "tr-8", T0),
    ]
    for end in range(1, len(story) + 1):
        whole, _, done = fold(story[:end])
        for cut in range(end + 1):
            _, first, _ = fold(story[: cut // 2])
            _, second, _ = fold(story[cut // 2 : cut], first)
            again, _, done_again = fold(story[cut:end], decode_kept(encode_kept(second)))
            assert (again, done_again) == (whole, done)


def test_orders_that_were_forgotten_stay_so() -> None:
    """With more than are remembered: the oldest are gone, and with them their memory in snapshots."""
    records: list[AnyRecord] = []
    for number in range(700):
        name = f"tr-{number}"
        side = Side.SELL if number % 2 else Side.BUY
        records += [Intended(approved(name, side)), filled(name, number + 1, 100, side=side)]
    whole, _, _ = fold(records)
    _, kept, _ = fold(records[:1_201])
    assert len(kept.orders.finished) == 500
    assert len(kept.closed_trips) == 300
    assert fold(records[1_201:], kept)[0] == whole


def test_every_kind_is_known_to_snapshots() -> None:
    """A kind that is added has to say how it is kept."""
    assert frozenset(get_args(AnyRecord)) == KEEPS


def test_there_is_no_snapshot_of_a_kind_that_it_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever such a record means, it would be lost."""
    monkeypatch.setattr("engine.core.memory.KEEPS", KEEPS - {EquityMarked})
    assert fold_if_kept([EquityMarked(1, 1, 1, T0)])[1] is None


def test_the_units_of_a_symbol_that_is_not_followed_are_kept() -> None:
    """A leg of a circle that comes later is counted by them."""
    units = Listed(Symbol("NEWUSDT"), "NEW", "USDT", 1_000_000, 10_000, T0)
    leg = Intended(approved("tr-1", symbol=Symbol("NEWUSDT"), cause_id="circle:ETHUSDT-1:cross"))
    whole, _, done = fold_if_kept([units, leg])
    _, kept, _ = fold([units])
    again, _, done_again = fold_if_kept([leg], decode_kept(encode_kept(kept)))
    assert (again, done_again) == (whole, done)
