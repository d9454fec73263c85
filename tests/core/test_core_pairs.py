"""Pairs of orders on two exchanges: those above cost are taken and none below, and whatever goes wrong ends flat."""

from __future__ import annotations

import os
from fractions import Fraction
from typing import Final, Literal

import numpy as np
import pytest
from core_builders import ALICE, ETH, T0, S, instrument
from pair_bench import FAULTS, Fault, Stand, Two, ladder, pair_config, states

from engine.core.config import Limits
from engine.core.engine import Engine
from engine.core.instrument import E8
from engine.core.kernels.crossing import crossing, sweep
from engine.core.pairs.pair import Place
from engine.core.pairs.pair_asking import ask_about_pairs
from engine.core.queries import Identity
from engine.core.types import SELL, Levels, OrderState
from engine.wire.commands import Decide, Halt, Kill
from engine.wire.events import ProposalOpened
from engine.wire.replies import Reply
from engine.wire.views import ProposalView

IS_FULL: Final = os.environ.get("TRADER_FULL") == "1"
OPPORTUNITIES: Final = 1_500
FAULTY: Final = 200 if IS_FULL else 4
LOT: Final = instrument().lot_e8
TICK: Final = instrument().tick_e8
F, D = OrderState.FILLED, OrderState.REJECTED


def by_hand(asks: Levels, bids: Levels, fee: Fraction, edge: Fraction, most_e8: int) -> int:
    """Return how much is above cost, unit of the smallest level by unit, in exact numbers and no arrays."""
    sell = [(int(p), int(q)) for p, q in bids]
    taken = 0
    for price, lots in asks.tolist():
        while lots and sell and sell[0][0] * (1 - fee) >= price * (1 + fee + edge):
            part = min(lots, sell[0][1])
            lots, taken = lots - part, taken + part
            sell[0] = (sell[0][0], sell[0][1] - part)
            sell = sell if sell[0][1] else sell[1:]
    return min(taken * LOT, most_e8)


def as_side(levels: Levels, sign: int) -> tuple[np.ndarray, np.ndarray, int]:
    return np.ascontiguousarray(levels[::-1, 0] * sign), np.ascontiguousarray(levels[::-1, 1]), len(levels)


def test_the_kernel_takes_what_a_slow_twin_takes_and_prices_it_by_depth() -> None:
    chance = np.random.default_rng(6)
    for _ in range(500):
        bids, _ = ladder(2000.0 + chance.integers(0, 20), chance.integers(1, 500, 20).tolist())
        _, asks = ladder(2000.0 + chance.integers(0, 20), chance.integers(1, 500, 20).tolist())
        most_e8 = int(chance.integers(1, 5_000)) * LOT
        ask, bid = as_side(asks, -1), as_side(bids, 1)
        base_e8, worst_ask, worst_bid, paid, got = crossing(
            *ask, TICK, LOT, *bid, TICK, LOT, 0.001, 0.001, 0.0005, most_e8, LOT
        )
        assert base_e8 == by_hand(asks, bids, Fraction(1, 1000), Fraction(5, 10_000), most_e8)
        if base_e8:
            assert (paid, worst_ask) == sweep(*ask, TICK, LOT, base_e8)
            assert (got, worst_bid) == sweep(*bid, TICK, LOT, base_e8)
            assert worst_bid * 0.999 >= worst_ask * 1.0015


def test_a_sweep_is_priced_level_by_level_and_refuses_more_than_there_is() -> None:
    _, asks = ladder(100.0, [10, 20])
    side = as_side(asks, -1)
    assert sweep(*side, TICK, LOT, 30 * LOT) == (pytest.approx((10 * 100.01 + 20 * 100.02) * LOT), 10_002)
    assert sweep(*side, TICK, LOT, 31 * LOT) == (0.0, 0)


def test_opportunities_above_cost_are_taken_whole_and_none_below() -> None:
    """Each has a known edge, from far below to far above cost, either way round; books of known depth."""
    two, chance = Two(), np.random.default_rng(7)
    expected = below = 0
    for _ in range(OPPORTUNITIES):
        mid, gap_bps = 2000.0 + chance.integers(-50, 50), float(chance.uniform(-60.0, 60.0))
        mids = (mid, mid * (1 + gap_bps / 1e4))
        before, lots = two.desk.taken, int(chance.integers(500, 3_000))
        books = [ladder(one, [lots, lots]) for one in mids]
        cheap, dear = (0, 1) if gap_bps > 0 else (1, 0)
        needed = Fraction(two.desk._strategy.needed(0.0, 0.0)).limit_denominator(10**9)
        size_e8 = by_hand(books[cheap][1], books[dear][0], Fraction(1, 1000), needed, 10**18)
        two.once(mids, lots, 2)
        assert (two.desk.taken > before) is (size_e8 > 0), (mids, two.desk.bar)
        if not size_e8:
            below += 1
            continue
        two.settle()
        expected += 1
        pair = two.desk.done[-1]
        ask_ticks = books[cheap][1][0, 0]
        most_e8 = int(500 * E8) * E8 // (int(ask_ticks) * TICK * LOT) * LOT
        assert sum(order.filled_lots for _, order in pair.legs) * LOT == 2 * min(size_e8, most_e8)
        assert states(pair) == [F, F]
        assert pair.money_e8 > 0
    assert two.desk.taken == expected > OPPORTUNITIES // 3
    assert below > OPPORTUNITIES // 4
    two.squared()


@pytest.mark.parametrize("on_sale", [False, True], ids=["the buy", "the sale"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_on_one_leg_costs_no_more_than_the_limit_and_ends_flat(fault: Fault, on_sale: bool) -> None:
    """The market moves against the open leg meanwhile; what the loss limit allows is never exceeded."""
    two, chance = Two(pair_config(loss_pct=1.0)), np.random.default_rng(8)
    for i in range(FAULTY):  # one way and the other; and begun anew before a side runs out of stock
        if i and i % 20 == 0:
            two.squared()
            two = Two(two.config)
        mid, is_turned = 2000.0 + float(chance.uniform(-20.0, 20.0)), bool(i % 2)
        two.stands[on_sale ^ is_turned].local.fault = fault
        before = two.desk.taken
        two.once((mid * 1.004, mid) if is_turned else (mid, mid * 1.004))
        assert two.desk.taken == before + 1, two.desk.bar
        moved = mid * (1 + float(chance.uniform(-0.005, 0.005)))
        two.lay((moved, moved))
        two.settle(60.0)
        pair = two.desk.done[-1]
        assert pair.net_e8 == 0
        assert pair.money_e8 >= -pair.value_e8 // 100
    two.squared()


def test_a_leg_that_fills_in_part_is_made_up_for_where_that_is_better() -> None:
    """The exchange has less than its book said: a first try there is in vain, the next goes to the other venue."""
    two = Two()
    two.now_ns += 2 * S
    two.lay((2000.0, 2010.0))
    two.far.lay(*ladder(2010.0, [1_000]), two.now_ns, hidden=True)
    two.look()
    two.settle()
    pair = two.desk.done[-1]
    (_, buy), (_, sale), (first, vain), (second, mend) = pair.legs
    assert (buy.state, sale.state, sale.filled_lots) == (F, OrderState.EXPIRED, 1_000)
    assert (first.name, vain.filled_lots, second.name) == ("far", 0, "near")
    assert (mend.approved.side, mend.filled_lots) == (SELL, buy.filled_lots - 1_000)
    assert pair.net_e8 == 0
    two.squared()


def test_beyond_the_loss_limit_nothing_is_done_but_telling_until_the_price_is_back() -> None:
    two = Two(pair_config(loss_pct=0.5, mend_s=1.0))
    two.far.local.fault = "reject"
    two.once((2000.0, 2010.0))
    two.lay((1980.0, 1980.0))
    with pytest.raises(AssertionError, match="still open"):
        two.settle(3.0)
    assert len(two.near.notices("PAIR_SHORT")) == 1
    two.lay((1999.0, 1999.0))
    two.settle(3.0)
    pair = two.desk.done[-1]
    assert -pair.value_e8 // 200 <= pair.money_e8 < 0
    two.squared()


def test_a_crumb_that_no_venue_takes_is_made_up_for_with_the_next_pair() -> None:
    two = Two()
    two.now_ns += 2 * S
    two.lay((2000.0, 2010.0))
    two.far.lay(*ladder(2010.0, [2_485]), two.now_ns, hidden=True)  # 2 USDT's worth less than is wanted
    two.look()
    two.settle()
    crumb = two.desk.done[-1].net_e8
    assert 0 < crumb < 25 * LOT
    assert two.desk.loose_e8[ETH] == crumb
    two.now_ns += 2 * S
    two.lay((2000.0, 2010.0))
    two.far.lay(*ladder(2010.0, [2_300]), two.now_ns, hidden=True)
    two.look()
    two.settle()
    assert two.desk.loose_e8[ETH] == 0


def test_what_either_gate_refuses_lets_neither_leg_leave() -> None:
    """The far side's buy is over its order limit: the near side's sale does not leave either."""
    two = Two(pair_config(Limits(max_order_pct=16.0, max_position_pct=15.4, max_gross_pct=100.0)))
    sent = [len(stand.sent) for stand in two.stands]
    two.once((2010.0, 2000.0))
    assert [len(stand.sent) for stand in two.stands] == sent
    assert (two.desk.refused, two.desk.taken) == (1, 0)
    assert "C3" in two.desk.bar


@pytest.mark.parametrize("which", [0, 1], ids=["near", "far"])
def test_either_sides_halt_ends_new_pairs(which: int) -> None:
    two = Two()
    two.stands[which].on_command(Halt(id="h", who=ALICE, reason="lunch"))
    two.once((2000.0, 2010.0))
    assert (two.desk.taken, two.desk.bar) == (0, f"{two.stands[which].name} is halted: lunch")


def test_a_book_that_is_old_or_a_clock_that_is_off_ends_new_pairs() -> None:
    two = Two()
    two.now_ns += S
    two.lay((2000.0, 2010.0))
    two.now_ns += int(1.1 * S)
    two.look()
    assert two.desk.taken == 0
    two.far.perform(two.far.engine.on_clock(900))
    two.once((2000.0, 2010.0))
    assert (two.desk.taken, two.desk.bar) == (0, "the clock of far is not known to be right")


def test_an_older_book_and_slower_answers_ask_for_more() -> None:
    desk = Two(pair_config(min_edge_bps=5.0, drift_bps_s=10.0)).desk
    assert desk._strategy.needed(0.5, 0.25) == pytest.approx((5 + 10 * 0.75) / 1e4)


def test_only_what_is_held_is_sold() -> None:
    """Nothing is held on the dear side: no pair; little is held: a pair of that."""
    two = Two(stock="")
    two.once((2000.0, 2010.0))
    assert two.desk.taken == 0
    two.far.stock("100")
    two.wait(1.0)
    two.once((2000.0, 2010.0))
    two.settle()
    assert two.desk.done[-1].legs[1][1].filled_lots < 500


def test_after_a_loss_it_rests() -> None:
    two = Two(pair_config(cooldown_s=60.0))
    two.far.local.fault = "reject"
    two.once((2000.0, 2010.0))
    two.lay((2000.0, 2000.0))
    two.settle()
    assert two.desk.done[-1].money_e8 < 0
    two.once((2000.0, 2010.0))
    assert two.desk.taken == 1
    assert two.desk.bar.startswith("it rests for")


def test_a_kill_leaves_what_is_open_to_the_kill_switch() -> None:
    two = Two()
    two.far.local.fault = "reject"
    two.once((2000.0, 2010.0))
    two.near.on_command(Kill(id="k", who=ALICE))
    two.settle()
    assert two.desk.done[-1].net_e8 > 0


def asked(two: Two) -> ProposalView:
    """Let a chance come up in mode ask; return the question."""
    ask_about_pairs(two.desk, two.near.engine.people)
    two.once((2000.0, 2010.0))
    assert two.desk.taken == 0
    return next(event.proposal for event in two.near.told if isinstance(event, ProposalOpened))


def click(two: Two, view: ProposalView, choice: Literal["buy", "sell", "dismiss"] = "buy") -> Reply:
    decide = Decide(
        id=f"c{two.now_ns}", who=ALICE, proposal_id=view.proposal_id, choice=choice, fingerprint=view.fingerprint
    )
    reply = two.near.on_command(decide)
    two.do()
    return reply


def test_in_mode_ask_one_click_takes_both_legs() -> None:
    two = Two(pair_config(mode="ask"))
    view = asked(two)
    assert (view.kind, view.strategy) == ("arbitrage", "arbitrage")
    assert any("sell them on far" in reason for reason in view.reasons)
    assert click(two, view).ok
    two.settle()
    pair = two.desk.done[-1]
    assert (states(pair), pair.money_e8 > 0) == ([F, F], True)
    two.now_ns += S
    again = click(two, view)
    assert (again.ok, again.code) == (False, "ALREADY_DECIDED")
    two.squared()


def test_a_click_on_a_pair_that_is_above_cost_no_more_does_nothing() -> None:
    two = Two(pair_config(mode="ask"))
    view = asked(two)
    two.lay((2000.0, 2000.0))
    assert click(two, view).code == "GONE"
    assert two.desk.taken == 0


def test_a_dismissed_pair_is_not_followed_as_missed() -> None:
    two = Two(pair_config(mode="ask"))
    assert click(two, asked(two), "dismiss").ok
    assert two.desk.taken == 0
    assert not two.near.engine.people.hand.missed.view().strategies


def test_stock_is_bought_once_on_each_venue_and_not_again_after_it_moved() -> None:
    """A difference that lasts moves all of one venue's stock to the other: what both hold stays the same."""
    two = Two(pair_config(stock_quote=1_000.0), stock="")
    two.wait(1.0)
    held = [stand.engine.trading.portfolio.position_lots(ETH) for stand in two.stands]
    assert all(4_900 < lots <= 5_000 for lots in held)
    for _ in range(12):
        two.once((2000.0, 2010.0))
        two.wait(1.0)
    near, far = (stand.engine.trading.portfolio.position_lots(ETH) for stand in two.stands)
    assert far < 30
    assert near + far <= sum(held)
    two.squared()


@pytest.mark.parametrize("has_second", [False, True], ids=["between the legs", "after both"])
def test_a_restart_takes_a_pair_up_and_brings_it_to_flat(has_second: bool) -> None:
    """The two journals alone say what is open: killed between the legs, there is only one."""
    two = Two()
    if not has_second:
        two.far.local.fault = "lose_request"
    kept = len(two.far.journal)
    two.once((2000.0, 2010.0))
    if not has_second:
        del two.far.journal[kept:]  # the kill came before the second intent was written
    again = [_restarted(stand, two) for stand in two.stands]
    two.desk = two.desk_between(again[0], again[1])
    two.desk.restore(two.now_ns)
    assert two.desk.open
    two.lay((2000.0, 2000.0))
    two.settle()
    pair = two.desk.done[-1]
    assert (pair.net_e8, len(pair.legs)) == (0, 2)
    assert pair.tries == (0 if has_second else 1)
    two.wait(5.0)  # balances are compared once fills have settled
    for stand in two.stands:
        stand.perform(stand.engine.on_account(stand.local.account(two.now_ns)))
    two.squared()


def _restarted(stand: Stand, two: Two) -> Place:
    engine = Engine(two.config, {ETH: instrument()}, "paper", Identity("1", "abc", stand.name, T0))
    records, stand.engine = list(stand.journal), engine
    stand.perform(engine.restore(records, two.now_ns))
    stand.perform(engine.on_clock(0))
    stand.perform(engine.on_account(stand.local.account(two.now_ns)))
    return Place(stand.name, engine.trading, 0.001)
