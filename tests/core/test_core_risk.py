"""The gate as a table: what lies just inside passes, what lies just outside is refused with its code."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from core_builders import ETH, LIMITS, T0, S, facts, instrument, request
from hypothesis import given
from hypothesis import strategies as st

from engine.core.config import Limits
from engine.core.facts import Facts
from engine.core.instrument import E8
from engine.core.market import Market
from engine.core.risk import Gate, least_lots
from engine.core.types import ApprovedOrder, OrderRequest, OrderType, Refusal, Side, TimeInForce

LIMIT = {"order_type": OrderType.LIMIT}
COLLAR = 204_000
"""The worst price of a market buy: 2 % above the last trade of 2000.00."""


def check(wish: OrderRequest, now: Facts, limits: Limits) -> ApprovedOrder | Refusal:
    return Gate(limits).check(wish, now)


def cost(lots: int) -> int:
    return instrument().notional_e8(COLLAR, lots)


# code, what is changed in the request, the last value that passes, the first that doesn't; else facts unless named
ENTRIES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("C1_LIVE_NOT_CONFIRMED", {}, {"is_confirmed": True}, {"is_confirmed": False}),
    ("HALTED", {}, {"is_armed": True}, {"is_armed": False, "halt_reason": "drill"}),
    ("C17_CLOCK", {}, {"clock_offset_ms": 500}, {"clock_offset_ms": 501}),
    ("C17_CLOCK", {}, {"clock_offset_ms": -500}, {"clock_offset_ms": -501}),
    ("C17_CLOCK", {}, {"clock_offset_ms": 0}, {"clock_offset_ms": None}),
    ("C7_SILENCE", {}, {"silent_until_ns": T0}, {"silent_until_ns": T0 + 1}),
    ("C7_ORDER_RATE", {}, {"orders_last_s": 4}, {"orders_last_s": 5}),
    ("C5_BOOK_OUT_OF_SYNC", {}, {"is_in_sync": True}, {"is_in_sync": False}),
    ("C5_STALE_DATA", {}, {"now_ns": T0 + 2 * S}, {"now_ns": T0 + 2 * S + 1_000}),
    ("C5_BAD_QUOTE", {}, {"bid_ticks": 1}, {"bid_ticks": 0}),
    ("C5_BAD_QUOTE", {}, {"last_ticks": 200_000}, {"last_ticks": 0}),
    ("C5_BAD_QUOTE", {}, {"ask_ticks": 200_000}, {"ask_ticks": -200_000}),
    ("C5_CROSSED_BOOK", {}, {"bid_ticks": 199_999}, {"bid_ticks": 200_000}),
    ("C5_CROSSED_BOOK", {}, {"bid_ticks": 199_999}, {"bid_ticks": 200_001}),
    ("C6_REPEAT", {}, {"is_repeat": False}, {"is_repeat": True}),
    ("C10_STOP", {}, {"ask_ticks": 200_000}, {"ask_ticks": 196_000, "last_ticks": 197_000, "bid_ticks": 195_000}),
    ("C4_PRICE_COLLAR", {}, {"ask_ticks": 204_000}, {"ask_ticks": 204_001}),
    ("C4_PRICE_COLLAR", {"stop_ticks": 70_000}, {"ask_ticks": 200_000}, {"ask_ticks": 80_000, "bid_ticks": 79_999}),
    (
        "C4_PRICE_COLLAR",
        {"stop_ticks": 190_000},
        {"ask_ticks": 196_000, "bid_ticks": 195_000},
        {"ask_ticks": 195_999, "bid_ticks": 195_000},
    ),
    ("C2_ORDER_SIZE", {}, {"equity_e8": cost(1000) * 100}, {"equity_e8": cost(1000) * 100 - 100}),
    (
        "C3_POSITION",
        {},
        {"symbol_exposure_e8": 5_000 * E8 - cost(1000)},
        {"symbol_exposure_e8": 5_000 * E8 - cost(1000) + 1},
    ),
    (
        "C3_GROSS",
        {},
        {"gross_exposure_e8": 20_000 * E8 - cost(1000)},
        {"gross_exposure_e8": 20_000 * E8 - cost(1000) + 1},
    ),
    ("NO_FUNDS", {}, {"cash_e8": cost(1000)}, {"cash_e8": cost(1000) - 1}),
    ("C8_NOT_TRADING", {}, {}, {"instrument": instrument(is_trading=False)}),
    ("C8_QUANTITY", {}, {"instrument": instrument(min_qty_lots=1000)}, {"instrument": instrument(min_qty_lots=1001)}),
    ("C8_QUANTITY", {}, {"instrument": instrument(max_qty_lots=1000)}, {"instrument": instrument(max_qty_lots=999)}),
    (
        "C8_NOTIONAL",
        {},
        {"instrument": instrument(min_notional_e8=cost(1000))},
        {"instrument": instrument(min_notional_e8=cost(1000) + 1)},
    ),
    (
        "C8_NOTIONAL",
        {},
        {"instrument": instrument(max_notional_e8=cost(1000))},
        {"instrument": instrument(max_notional_e8=cost(1000) - 1)},
    ),
    (
        "C8_PRICE",
        {**LIMIT, "limit_ticks": 200_000},
        {"instrument": instrument(max_price_ticks=200_000)},
        {"instrument": instrument(max_price_ticks=199_999)},
    ),
]
REDUCTIONS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("C7_SILENCE", {}, {"silent_until_ns": T0}, {"silent_until_ns": T0 + 1}),
    ("C6_REPEAT", {}, {"is_repeat": False}, {"is_repeat": True}),
    ("C5_BAD_QUOTE", {}, {"bid_ticks": 150_000}, {"bid_ticks": 0}),
    ("NO_POSITION", {"qty_lots": 0}, {"sellable_lots": 1000}, {"sellable_lots": 0, "position_lots": 0}),
    ("REDUCE_ONLY", {}, {"sellable_lots": 1000}, {"sellable_lots": 999}),
    ("C8_NOT_TRADING", {}, {}, {"instrument": instrument(is_trading=False)}),
    ("C8_QUANTITY", {}, {"instrument": instrument(min_qty_lots=1000)}, {"instrument": instrument(min_qty_lots=1001)}),
    (
        "C8_NOTIONAL",
        {},
        {"instrument": instrument(min_notional_e8=instrument().notional_e8(196_000, 1000))},
        {"instrument": instrument(min_notional_e8=instrument().notional_e8(196_000, 1000) + 1)},
    ),
]


@pytest.mark.parametrize(("code", "wish", "inside", "outside"), ENTRIES)
def test_an_entry_passes_just_inside_and_is_refused_just_outside(
    code: str, wish: dict[str, Any], inside: dict[str, Any], outside: dict[str, Any]
) -> None:
    assert isinstance(check(request(**wish), facts(**inside), LIMITS), ApprovedOrder)
    refusal = check(request(**wish), facts(**(inside | outside)), LIMITS)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code
    assert refusal.detail
    assert refusal.advice.endswith(".")


@pytest.mark.parametrize(("code", "wish", "inside", "outside"), REDUCTIONS)
def test_a_reduction_passes_just_inside_and_is_refused_just_outside(
    code: str, wish: dict[str, Any], inside: dict[str, Any], outside: dict[str, Any]
) -> None:
    sale, usual = request(Side.SELL, **wish), {"bid_ticks": 200_000}
    assert isinstance(check(sale, facts(**(usual | inside)), LIMITS), ApprovedOrder)
    refusal = check(sale, facts(**(usual | inside | outside)), LIMITS)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code


def test_a_reduction_leaves_while_halted_unconfirmed_stale_crossed_and_out_of_sync() -> None:
    """One must always be able to get out."""
    trouble = facts(
        is_armed=False,
        is_confirmed=False,
        now_ns=T0 + 3600 * S,
        is_in_sync=False,
        bid_ticks=150_000,
        ask_ticks=140_000,
        last_ticks=0,
        equity_e8=0,
        cash_e8=-5,
    )
    order = check(request(Side.SELL, 0), trouble, LIMITS)
    assert isinstance(order, ApprovedOrder)
    assert (order.qty_lots, order.price_ticks) == (100_000, 147_000)


@pytest.mark.parametrize(("side", "reduce_only"), [(Side.BUY, True), (Side.SELL, False)])
def test_nothing_passes_by_the_other_sides_controls(side: Side, reduce_only: bool) -> None:
    """A buy that calls itself a reduction would pass while halted; a sale that doesn't would go short."""
    wish = request(side, reduce_only=reduce_only, stop_ticks=196_000)
    for halted in (False, True):
        refusal = check(wish, facts(is_armed=not halted), LIMITS)
        assert isinstance(refusal, Refusal)
        assert refusal.code == "REDUCE_ONLY"


@pytest.mark.parametrize("lots", [-1, -(10**12), 10**18, 2**62, 10**30])
@pytest.mark.parametrize("side", Side)
def test_nonsense_quantities_are_refused(lots: int, side: Side) -> None:
    assert isinstance(check(request(side, lots), facts(), LIMITS), Refusal)


def test_a_market_order_leaves_as_an_ioc_limit_at_the_collar() -> None:
    order = check(request(), facts(), LIMITS)
    assert isinstance(order, ApprovedOrder)
    assert (order.order_type, order.time_in_force, order.price_ticks) == (OrderType.LIMIT, TimeInForce.IOC, COLLAR)
    assert (order.ref_ticks, order.ts_ns, order.symbol) == (200_000, T0, ETH)


def test_a_limit_order_keeps_its_price_and_may_wait_below_the_collar() -> None:
    wish = request(limit_ticks=150_000, stop_ticks=140_000, **LIMIT)
    order = check(wish, facts(), LIMITS)
    assert isinstance(order, ApprovedOrder)
    assert (order.price_ticks, order.time_in_force) == (150_000, TimeInForce.GTC)
    assert isinstance(check(request(limit_ticks=204_000, **LIMIT), facts(), LIMITS), ApprovedOrder)


@pytest.mark.parametrize(
    ("limit", "ask", "move"), [(205_000, 200_000, "+2.50"), (0, 205_000, "+2.50"), (0, 190_000, "-5.00")]
)
def test_a_refusal_at_the_collar_says_how_far_the_price_is(limit: int, ask: int, move: str) -> None:
    wish = request(limit_ticks=limit, stop_ticks=150_000, **LIMIT)
    refusal = check(wish, facts(ask_ticks=ask, bid_ticks=189_000), LIMITS)
    assert isinstance(refusal, Refusal)
    assert str(refusal) == f"C4_PRICE_COLLAR: limit=2.00% move={move}% ref=2000.00 age=0.0s"


def test_the_collar_stays_within_the_venues_prices() -> None:
    order = check(request(), facts(instrument=instrument(max_price_ticks=201_000)), LIMITS)
    assert isinstance(order, ApprovedOrder)
    assert order.price_ticks == 201_000
    unlimited = instrument(min_price_ticks=0, max_price_ticks=0)
    assert Gate(LIMITS).collar_ticks(Side.BUY, facts(instrument=unlimited).market) == COLLAR
    assert Gate(Limits(collar_pct=100.0)).collar_ticks(Side.SELL, facts(instrument=unlimited, last_ticks=1).market) == 1


def test_a_sale_larger_than_one_order_may_be_leaves_in_parts() -> None:
    order = check(request(Side.SELL, 0), facts(instrument=instrument(max_qty_lots=30_000)), LIMITS)
    assert isinstance(order, ApprovedOrder)
    assert order.qty_lots == 30_000


# ---------------------------------------------------------------- sizing


def test_an_entry_is_sized_by_risk_and_stop_distance() -> None:
    """0.5 % of 100,000 is 500; 500 / (2000 - 1500) is one ETH, which larger limits let through."""
    wide = Limits(max_order_pct=50.0, max_position_pct=50.0, max_gross_pct=50.0)
    assert Gate(wide).entry_lots(200_000, 150_000, facts()) == 10_000


@pytest.mark.parametrize(
    ("changed", "room_e8"),
    [
        ({}, 1_000 * E8),
        ({"symbol_exposure_e8": 4_500 * E8}, 500 * E8),
        ({"gross_exposure_e8": 19_700 * E8}, 300 * E8),
        ({"cash_e8": 77 * E8}, 77 * E8),
        ({"instrument": instrument(max_notional_e8=50 * E8)}, 50 * E8),
    ],
)
def test_the_size_is_clamped_by_the_narrowest_limit_at_the_collars_price(changed: dict[str, Any], room_e8: int) -> None:
    now = facts(**changed)
    lots = Gate(LIMITS).entry_lots(200_000, 199_000, now)
    assert cost(lots) <= room_e8 < cost(lots + 1)
    order = check(request(lots=0, stop_ticks=199_000), now, LIMITS)
    assert isinstance(order, ApprovedOrder)
    assert order.qty_lots == lots


@pytest.mark.parametrize(
    ("entry", "stop"),
    [(200_000, 0), (200_000, -5), (200_000, 200_000), (200_000, 200_001), (200_000, 199_901), (0, 0), (-5, -9), (1, 1)],
)
def test_a_stop_that_is_missing_wrong_or_tiny_sizes_to_nothing(entry: int, stop: int) -> None:
    assert Gate(LIMITS).entry_lots(entry, stop, facts()) == 0


@pytest.mark.parametrize("stop", [0, -1, 200_000, 250_000, 199_901])
def test_such_a_stop_is_refused_by_its_name_and_the_nearest_that_may_be_passes(stop: int) -> None:
    refusal = check(request(lots=0, stop_ticks=stop), facts(), LIMITS)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "C10_STOP"
    assert isinstance(check(request(stop_ticks=199_900), facts(), LIMITS), ApprovedOrder)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"symbol_exposure_e8": 5_000 * E8}, "C3_POSITION"),
        ({"gross_exposure_e8": 25_000 * E8}, "C3_GROSS"),
        ({"cash_e8": 0}, "NO_FUNDS"),
        ({"cash_e8": -E8}, "NO_FUNDS"),
        ({"equity_e8": 0}, "C2_ORDER_SIZE"),
        ({"equity_e8": -E8}, "C2_ORDER_SIZE"),
        ({"equity_e8": 600 * E8, "instrument": instrument(min_notional_e8=7 * E8)}, "C2_ORDER_SIZE"),
        ({"equity_e8": 1_200 * E8, "instrument": instrument(min_notional_e8=7 * E8)}, "C8_NOTIONAL"),
        ({"equity_e8": 220 * E8}, "C8_QUANTITY"),
    ],
)
def test_an_entry_without_room_is_refused_by_the_limit_that_is_in_the_way(changed: dict[str, Any], code: str) -> None:
    """The least that the venue takes is what the limits are held against where the sizing leaves less."""
    now = facts(**{"instrument": instrument(min_notional_e8=0), **changed})
    refusal = check(request(lots=0, stop_ticks=1_000), now, LIMITS)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code


@given(st.integers(1, 10**7), st.integers(0, 10**5), st.integers(0, 10**12))
def test_the_least_order_is_one_that_the_venue_just_takes(price: int, min_qty: int, min_notional: int) -> None:
    it = instrument(min_qty_lots=min_qty, min_notional_e8=min_notional)
    least = least_lots(price, Market(it))
    assert it.notional_e8(price, least) >= min_notional
    assert least == max(min_qty, 1) or it.notional_e8(price, least - 1) < min_notional


# ---------------------------------------------------------------- properties

WISHES = st.lists(
    st.tuples(
        st.integers(0, 4_000),
        st.sampled_from([0.0, 0.0, 0.3, 1.0]),
        st.integers(150_000, 250_000),
        st.floats(0.02, 60.0),
    ),
    min_size=1,
    max_size=60,
)


@given(WISHES)
def test_no_sequence_of_approved_entries_exceeds_a_limit(wishes: list[tuple[int, float, int, float]]) -> None:
    """Each is filled in part at its worst price, the rest stays reserved; prices move in between."""
    limits = Limits(max_order_pct=2.0, max_position_pct=5.0, max_gross_pct=20.0)
    equity_e8 = 100_000 * E8
    exposure = spent = 0
    for lots, filled, last, stop_pct in wishes:
        stop = last - int(last * stop_pct / 100.0)
        now = facts(
            bid_ticks=last - 1,
            ask_ticks=last,
            last_ticks=last,
            cash_e8=equity_e8 - exposure,
            symbol_exposure_e8=exposure,
            gross_exposure_e8=exposure,
        )
        order = check(request(lots=lots, stop_ticks=stop), now, limits)
        if isinstance(order, Refusal):
            continue
        worst = now.instrument.notional_e8(order.price_ticks, order.qty_lots)
        exposure += worst
        spent += int(worst * filled)
        assert worst <= equity_e8 * 0.02
        assert exposure <= equity_e8 * 0.05
        assert spent <= exposure
        assert order.price_ticks <= last * 1.02
        assert (last - stop) * 100.0 >= last * limits.min_stop_pct


@given(
    st.builds(
        dict,
        bid_ticks=st.integers(-5, 10**7),
        ask_ticks=st.integers(-5, 10**7),
        last_ticks=st.integers(-5, 10**7),
        equity_e8=st.integers(-(10**15), 10**15),
        cash_e8=st.integers(-(10**15), 10**15),
        sellable_lots=st.integers(-5, 10**8),
        now_ns=st.integers(T0 - 10 * S, T0 + 10 * S),
        is_in_sync=st.booleans(),
        is_armed=st.booleans(),
    ),
    st.sampled_from(Side),
    st.integers(-10, 10**9),
    st.integers(-5, 10**7),
)
def test_whatever_the_facts_are_the_gate_answers_and_approves_nothing_absurd(
    changed: dict[str, Any], side: Side, lots: int, stop: int
) -> None:
    now = facts(**changed)
    order = check(msgspec.structs.replace(request(side, lots), stop_ticks=stop), now, LIMITS)
    if isinstance(order, Refusal):
        return
    it = now.instrument
    assert it.min_qty_lots <= order.qty_lots <= it.max_qty_lots
    assert order.price_ticks >= 1
    if side is Side.SELL:
        assert order.qty_lots <= now.sellable_lots
    else:
        assert now.is_armed
        assert 0 < order.stop_ticks < now.ask_ticks
        assert it.notional_e8(order.price_ticks, order.qty_lots) <= min(now.cash_e8, now.equity_e8 // 100 + 1)
