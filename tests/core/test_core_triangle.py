"""What an amount brings that goes once around three books of one venue."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.kernels.triangle import around, convert

E8 = 100_000_000
TICK, LOT = 1_000, 10_000


def side(levels: list[tuple[float, float]], sign: int) -> tuple[np.ndarray, np.ndarray, int, int, int]:
    """Lay out prices and amounts, best first, as a book has them."""
    keys = np.array([sign * round(price * E8 / TICK) for price, _ in levels[::-1]], np.int64)
    return keys, np.array([round(qty * E8 / LOT) for _, qty in levels[::-1]], np.int64), len(levels), TICK, LOT


def test_a_step_is_priced_level_by_level() -> None:
    asks = side([(2.0, 1.0), (4.0, 1.0)], -1)
    assert convert(*asks, 4.0 * E8, True) == pytest.approx(1.5 * E8)
    bids = side([(4.0, 1.0), (2.0, 1.0)], 1)
    assert convert(*bids, 1.5 * E8, False) == pytest.approx(5.0 * E8)
    assert convert(*bids, 2.1 * E8, False) == 0.0


@pytest.mark.parametrize(("fee", "profit"), [(0.0, 0.01), (0.001, 1.01 * 0.999**3 - 1), (0.01, 1.01 * 0.99**3 - 1)])
def test_a_circle_is_worth_its_three_prices_less_three_fees(fee: float, profit: float) -> None:
    """USDT to BTC at 10,000, BTC to ETH at 0.05, ETH to USDT at 505: one per cent before fees."""
    btc, eth_btc, eth = side([(10_000.0, 9.0)], -1), side([(0.05, 900.0)], -1), side([(505.0, 900.0)], 1)
    made = around(*btc, True, *eth_btc, True, *eth, False, fee, 1_000.0 * E8)
    assert made == pytest.approx(profit)
    assert (made > 0) is (fee < 0.003)


def test_a_circle_through_a_thin_book_is_no_circle() -> None:
    btc, eth_btc, eth = side([(10_000.0, 9.0)], -1), side([(0.05, 1.0)], -1), side([(505.0, 900.0)], 1)
    assert around(*btc, True, *eth_btc, True, *eth, False, 0.0, 1_000.0 * E8) == -1.0
