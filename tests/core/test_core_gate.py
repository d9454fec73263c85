"""The gate's arithmetic is exact, whatever its numbers, and refuses what is larger than money."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from core_builders import instrument
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.core.instrument import E8
from engine.core.kernels import config, digest_of, gate
from engine.core.market import Market
from engine.core.strategies.technical.stepping import after_trade

MOST = 1 << 62
E8S = st.integers(0, 10**19).map(lambda n: min(n, 2**63 - 1))


@given(E8S, E8S, st.integers(1, 10**15))
def test_a_product_that_does_not_fit_is_divided_exactly(a: int, b: int, c: int) -> None:
    """Compared with Python's own integers, which have no end; what is larger than any money is that."""
    exact = a * b // c
    found = gate.times_over(a, b, c)
    assert found == exact if exact < MOST - 2**12 else found >= MOST - 2**12


@given(st.integers(1, 10**12), st.integers(0, 10**18), st.integers(1, E8), st.integers(1, E8))
def test_money_is_that_of_the_instrument(price: int, lots: int, tick_e8: int, lot_e8: int) -> None:
    """Notional and lots are the instrument's own, exact to the last 1e-8, or too much for any limit."""
    it = instrument(tick_e8=tick_e8, lot_e8=lot_e8)
    numbers = Market(it).numbers
    cost_e8 = it.notional_e8(price, lots)
    found = gate.notional_e8(numbers, price, lots)
    is_small = price * tick_e8 < MOST and lots * lot_e8 < MOST and cost_e8 < MOST - 2**12
    assert found == cost_e8 if is_small else found >= MOST - 2**12
    if is_small:
        assert gate.lots_for(numbers, cost_e8, price) == it.lots_for_quote(cost_e8, price)


@given(st.integers(1, 10**9), st.integers(1, 1000).map(lambda n: n * E8 // 10))
def test_the_least_order_is_the_smallest_that_the_venue_takes(price: int, least_e8: int) -> None:
    numbers = Market(instrument(min_notional_e8=least_e8, min_qty_lots=1)).numbers
    lots = gate.least_lots(numbers, price)
    assert gate.notional_e8(numbers, price, lots) >= least_e8
    assert lots == 1 or gate.notional_e8(numbers, price, lots - 1) < least_e8


def test_a_kernel_is_cached_apart_for_each_text_of_those_that_it_calls(tmp_path: Path) -> None:
    """Else the machine code of a strategy would outlive a change of it: numba looks at the outermost file alone."""
    one, plain = tmp_path / "kernel.py", tmp_path / "plain.py"
    names = set()
    for kernel, words in (("@njit a", "a"), ("@njit b", "a"), ("@njit b", "b")):
        one.write_text(kernel)
        plain.write_text(words)
        names.add(digest_of([str(one), str(plain)]))
    assert len(names) == 2
    assert {str(Path(it._cache.cache_path).parent) for it in (gate.entry_lots, after_trade)} == {config.CACHE_DIR}
    assert config.CACHE_DIR.endswith(digest_of(map(str, Path(engine.__file__).parent.rglob("*.py"))))
    assert np.int64(0) == gate.times(0, 5)
