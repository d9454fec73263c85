"""Circles around three books: those above cost are taken and none below, and whatever goes wrong ends in money."""

from __future__ import annotations

import math
import os
from typing import Any, Final

import msgspec
import numpy as np
import pytest
from circle_bench import BTC, CROSS, ETH, Ring, rules
from core_builders import ALICE, T0
from pair_bench import FAULTS, Fault

from engine.core.engine import Engine
from engine.core.instrument import E8
from engine.core.kernels.triangle import circle
from engine.core.pairs.between import around
from engine.core.queries import Identity
from engine.core.record_codec import encode_record
from engine.core.records import Listed, Proposed, Reported
from engine.core.types import Mode
from engine.store.ledger import tables
from engine.store.ledger.fold import Fold
from engine.store.ledger.rows import Rows
from engine.wire.answers import PnlView
from engine.wire.commands import Decide, Halt
from engine.wire.events import AlarmChanged, ProposalOpened
from engine.wire.pairs import ClosePair, PairsView
from engine.wire.questions import GetPairs, GetPnl
from engine.wire.replies import Reply
from engine.wire.views import ProposalView

IS_FULL: Final = os.environ.get("TRADER_FULL") == "1"
OPPORTUNITIES: Final = 1_200 if IS_FULL else 400
FAULTY: Final = 100 if IS_FULL else 3
FEE: Final = 0.001
NEEDED: Final = 5e-4


def edge_of(btc: float, eth: float, cross: float) -> float:
    """Return what the better way around brings at the best prices, after three fees, reckoned by hand."""
    low, high, kept = 0.9999, 1.0001, (1.0 - FEE) ** 3
    bid, ask = math.floor(cross * low * 1e5) / 1e5, math.ceil(cross * high * 1e5) / 1e5
    through_btc = 1.0 / (btc * high) / ask * (eth * low)
    through_eth = 1.0 / (eth * high) * bid * (btc * low)
    return float(max(through_btc, through_eth) * kept - 1.0)


def test_the_kernel_walks_three_books_like_a_slow_twin() -> None:
    chance = np.random.default_rng(3)
    for _ in range(300):
        sides = [
            [(price * (1 + step * i), int(chance.integers(1, 400))) for i in range(6)]
            for price, step in ((50_000.0, 2e-4), (0.05 * chance.uniform(0.98, 1.02), 2e-4), (2_500.0, -2e-4))
        ]
        units = ((E8 // 100, 1_000), (1_000, 10_000), (E8 // 100, 10_000))
        args: list[object] = []
        for levels, (tick, lot), is_buy in zip(sides, units, (True, True, False), strict=True):
            keys = np.array([(-1 if is_buy else 1) * round(p * E8 / tick) for p, _ in levels[::-1]], np.int64)
            args += [keys, np.array([lots for _, lots in levels[::-1]], np.int64), len(levels), tick, lot, is_buy]
        spent, *worst = circle(*args, FEE, NEEDED, 1e15)
        assert spent == pytest.approx(_by_hand(args), rel=1e-6, abs=1e-3)
        assert (spent > 0) is all(worst)


def _by_hand(args: list[object]) -> float:
    """Spend small parts one after the other, each at the best level that is left."""
    legs = [args[i : i + 6] for i in (0, 6, 12)]
    books = [
        [[abs(int(key)) * tick / E8, int(lots) * lot] for key, lots in zip(keys[::-1], amounts[::-1], strict=True)]
        for keys, amounts, _, tick, lot, _ in legs
    ]
    spent = 0.0
    while all(books):
        bought = zip(books, legs, strict=True)
        rates = [(1.0 / book[0][0] if buys else book[0][0]) * (1 - FEE) for book, (*_, buys) in bought]
        if rates[0] * rates[1] * rates[2] < 1.0 + NEEDED:
            return spent
        rooms = [book[0][1] * (book[0][0] if buys else 1.0) for book, (*_, buys) in zip(books, legs, strict=True)]
        scale = (1.0, rates[0], rates[0] * rates[1])
        part = min(room / each for room, each in zip(rooms, scale, strict=True))
        spent += part
        for book, room, each, (*_, buys) in zip(books, rooms, scale, legs, strict=True):
            left = room - part * each
            book[0][1] = left / (book[0][0] if buys else 1.0)
            if left <= room * 1e-9:
                del book[0]
    return spent


def test_circles_above_cost_are_taken_and_none_below() -> None:
    """Each has a known edge, from far below to far above cost, either way around."""
    ring, chance = Ring(pair_quote=5_000.0), np.random.default_rng(7)
    taken = below = 0
    for _ in range(OPPORTUNITIES):
        gap = float(chance.uniform(-0.008, 0.008))
        prices = {"btc": 50_000.0 + chance.integers(-500, 500), "eth": 2_500.0 + chance.integers(-50, 50)}
        cross = round(prices["eth"] / prices["btc"] * (1 + gap), 5)
        edge = edge_of(cross=cross, **prices)
        if abs(edge - NEEDED) < 4e-4:
            continue  # ticks of the cross and whole lots decide these
        is_taken = ring.once(cross=cross, **prices)
        assert is_taken is (edge > NEEDED), (edge, ring.desk.bar)
        if not is_taken:
            below += 1
            continue
        taken += 1
        ring.settle()
        done = ring.desk.done[-1]
        assert len(done.legs) == 3
        assert ring.desk.result_e8(done) > 0
        assert ring.desk.held(done) == []
    assert taken > OPPORTUNITIES // 5
    assert below > OPPORTUNITIES // 5
    squared(ring)
    assert ring.held("USDT") > 100_000 * E8


def in_ledger(ring: Ring) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Fold the journal as the ledger does, units first; return its fills and round trips."""
    fold, rows = Fold(), Rows()
    for it in rules().values():
        fold.take(encode_record(Listed(it.symbol, it.base_asset, it.quote_asset, it.tick_e8, it.lot_e8, T0)), rows)
    for record in ring.journal:
        fold.take(encode_record(record), rows)
    return list(rows.whole[tables.fills].values()), list(rows.whole[tables.round_trips].values())


def test_what_circles_made_is_what_the_ledger_and_the_account_say() -> None:
    """Each fill is there once with its circle, and profits add up to the money; with faults and unwound ones."""
    ring = Ring(pair_quote=5_000.0, loss_pct=1.0, fee_ppm=1_000)
    faults: tuple[Fault, ...] = ("", "reject", "", "lose_reply", "error")
    for number, fault in enumerate(faults):
        ring.local.fault, ring.local.leg = fault, "cross"
        assert ring.once(cross=0.05 * (0.99 if number % 2 else 1.01)), ring.desk.bar
        ring.settle(60.0)
    fills, trips = in_ledger(ring)
    reported = [r.report for r in ring.journal if isinstance(r, Reported) and r.report.last_qty_lots]
    assert {fill["fill_id"] for fill in fills} == {report.fill_id for report in reported}
    assert {fill["trade"] for fill in fills} == {trip["record"] for trip in trips}
    assert [trip["exit_reason"] for trip in trips] == ["circle"] * 5
    portfolio = ring.engine.trading.portfolio
    made_e8 = ring.held("USDT") - 100_000 * E8
    assert sum(trip["profit_e8"] for trip in trips) == portfolio.realised_e8 == ring.desk.made_e8 == made_e8
    assert not portfolio.circles
    view = ring.on_command(GetPnl(id="p", who=ALICE, period="all")).result
    assert isinstance(view, PnlView)
    assert [(row.name, row.trades) for row in view.strategies] == [("arbitrage", 5)]
    assert float(view.total.realised_quote) == pytest.approx(made_e8 / E8, abs=0.01)


def test_a_circle_is_a_round_trip_of_the_coin_that_it_bought_first() -> None:
    """Through two coins: bought at the price of the first leg, left at what that came to."""
    ring = Ring(pair_quote=5_000.0)
    assert ring.once(cross=0.0495)
    ring.settle()
    (trip,) = ring.engine.trading.portfolio.closed
    assert (trip.instrument.symbol, trip.strategy, trip.exit_reason) == (BTC, "arbitrage", "circle")
    gained = trip.exit_ticks() / trip.entry_ticks() - 1.0
    assert gained == pytest.approx(1 / 1.0001 / 0.0495 / 1.0001 * 0.05 * 0.9999 - 1.0, abs=5e-4)
    assert trip.fees_e8 == pytest.approx(3 * trip.cost_e8 / 1_000, rel=0.02)
    assert trip.base_e8 < ring.crumbs_e8("BTC")


def squared(ring: Ring) -> None:
    """Money and coins are what the exchange holds; what is left of a coin is too little for an order."""
    portfolio = ring.engine.trading.portfolio
    assert portfolio.cash_e8 == ring.held("USDT")
    for asset in ("BTC", "ETH"):
        assert portfolio.aside_e8.get(asset, 0) == ring.held(asset)
    assert not portfolio.open
    assert not ring.engine.trading.orders.unsettled()


@pytest.mark.parametrize("leg", ["first", "cross", "out"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_on_one_leg_costs_no_more_than_the_limit_and_ends_in_money(fault: Fault, leg: str) -> None:
    """The market moves meanwhile; either way around."""
    ring, chance = Ring(loss_pct=1.0), np.random.default_rng(8)
    for number in range(FAULTY):
        ring.local.fault, ring.local.leg = fault, leg
        assert ring.once(cross=0.05 * (0.99 if number % 2 else 1.01)), ring.desk.bar
        moved = float(chance.uniform(-0.004, 0.004))
        ring.later(0.01)
        ring.fair(btc=50_000.0 * (1 + moved), eth=2_500.0 * (1 + moved))
        ring.settle(60.0)
        done = ring.desk.done[-1]
        assert ring.desk.held(done) == []
        assert ring.desk.result_e8(done) >= -done.paid_e8() // 100
    ring.later(5.0)
    ring.do(ring.engine.on_account(ring.local.account(ring.now_ns)))
    squared(ring)
    assert ring.engine.trading.is_armed


def test_a_second_leg_that_finds_nothing_left_is_unwound_at_once() -> None:
    ring = Ring(loss_pct=1.0)
    assert ring.once(cross=0.0495)
    ring.later(0.01)
    ring.lay(CROSS, 0.0504, 0.0505)
    ring.settle()
    done = ring.desk.done[-1]
    assert [order.approved.symbol for order in done.legs] == [BTC, CROSS, BTC]
    assert ring.desk.result_e8(done) >= -done.paid_e8() // 100
    squared(ring)


def test_beyond_the_loss_limit_it_waits_and_nothing_new_is_begun() -> None:
    """It is sold when the price is back."""
    ring = Ring(loss_pct=0.5, mend_s=1.0)
    stuck: list[int] = []
    ring.desk.stuck = lambda circle, now_ns: stuck.append(now_ns)
    assert ring.once(cross=0.0495)
    ring.later(0.01)
    ring.fair(btc=49_000.0, cross=0.06)
    with pytest.raises(AssertionError, match="still open"):
        ring.settle(3.0)
    assert stuck
    assert ring.desk.why_not(ring.now_ns) == "a circle is open"
    ring.fair(btc=49_990.0, cross=0.06)
    ring.settle()
    done = ring.desk.done[-1]
    assert -done.paid_e8() // 200 <= ring.desk.result_e8(done) < 0
    squared(ring)


def test_equity_does_not_fall_while_money_is_on_its_way() -> None:
    ring = Ring()
    before_e8 = ring.engine.trading.equity_e8()
    ring.local.fault, ring.local.leg = "late", "cross"
    assert ring.once(cross=0.0495)
    for _ in range(10):
        ring.later(0.02)
        ring.look()
        assert abs(ring.engine.trading.equity_e8() - before_e8) < before_e8 // 50_000
    ring.settle()


def test_a_halt_between_the_legs_brings_it_back_to_money() -> None:
    ring = Ring(loss_pct=1.0)
    assert ring.once(cross=0.0495)
    ring.on_command(Halt(id="h", who=ALICE, reason="lunch"))
    ring.settle()
    assert [order.approved.symbol for order in ring.desk.done[-1].legs] == [BTC, BTC]
    squared(ring)


def test_what_the_gate_refuses_of_any_leg_lets_none_leave() -> None:
    """The cross is suspended at the venue: the first leg does not leave either."""
    ring = Ring()
    market = ring.engine.trading.heard[CROSS]
    sent = len(ring.sent)
    ring.engine.on_instrument(msgspec.structs.replace(market.instrument, is_trading=False))
    assert not ring.once(cross=0.0495)
    assert len(ring.sent) == sent


@pytest.mark.parametrize("symbol", [BTC, ETH, CROSS])
def test_one_old_book_of_the_three_ends_new_circles(symbol: str) -> None:
    ring = Ring()
    ring.later(2.0)
    for other in (BTC, ETH, CROSS):
        if other != symbol:
            mid = {BTC: 50_000.0, ETH: 2_500.0, CROSS: 0.0495}[other]
            ring.lay(other, mid * 0.9999, mid * 1.0001)
    ring.look()
    assert ring.desk.taken == 0


def test_a_restart_brings_an_open_circle_back_to_money() -> None:
    """The journal alone says what was bought for it."""
    ring = Ring(loss_pct=1.0)
    assert ring.once(cross=0.0495)
    ring.later(0.01)
    ring.start_again()
    ring.look()
    assert ring.desk.why_not(ring.now_ns), "without prices nobody knows what it holds"
    assert ring.engine.trading.facts(BTC).gross_exposure_e8 > 99 * E8
    ring.fair()
    ring.look()
    assert ring.desk.open is not None
    ring.settle()
    assert [order.approved.symbol for order in ring.desk.done[-1].legs] == [BTC, BTC]
    assert ring.held("BTC") < ring.crumbs_e8("BTC")


def test_three_symbols_that_make_no_circle_are_refused_with_a_sentence() -> None:
    it = rules()
    del it[ETH]
    config = Ring().config
    engine = Engine(config, it, "paper", Identity("1", "abc", "ring", T0))
    with pytest.raises(ValueError, match="is no circle: name three symbols"):
        around(engine)


def test_a_symbol_priced_in_a_coin_is_nobodys_to_trade_by_hand() -> None:
    ring = Ring()
    assert CROSS not in ring.engine.trading.markets
    assert ring.engine.trading.heard[CROSS].last_ticks > 0


def asked(ring: Ring) -> ProposalView:
    """Let a circle come up in mode ask; return the question."""
    ring.engine.trading.modes.set(Mode.ASK, "arbitrage")
    assert not ring.once(cross=0.0495)
    return next(event.proposal for event in ring.told if isinstance(event, ProposalOpened))


def click(ring: Ring, view: ProposalView) -> Reply:
    """Click on its button."""
    decide = Decide(id="c", who=ALICE, proposal_id=view.proposal_id, choice="buy", fingerprint=view.fingerprint)
    return ring.on_command(decide)


def test_in_mode_ask_one_click_begins_it_at_the_prices_of_that_moment() -> None:
    ring = Ring()
    view = asked(ring)
    assert [reason.partition(" ")[0] for reason in view.reasons[:3]] == ["buy", "buy", "sell"]
    assert click(ring, view).ok
    ring.settle()
    assert len(ring.desk.done[-1].legs) == 3
    squared(ring)


def test_a_click_on_a_circle_that_is_above_cost_no_more_does_nothing() -> None:
    ring = Ring()
    view = asked(ring)
    ring.fair()
    assert click(ring, view).code == "GONE"
    assert ring.desk.taken == 0


def test_with_real_money_an_uncalibrated_circle_is_asked_about_and_says_so() -> None:
    """A pair's score being measured says nothing of it."""
    ring = Ring()
    trading = ring.engine.trading
    trading.account, trading.is_live_confirmed = "live", True
    ring.engine.calibrations.uncalibrated.discard("arbitrage")
    assert not ring.once(cross=0.0495)
    (question,) = trading.proposals.open()
    assert question.worth == "uncalibrated: nobody knows what its scores are worth"


def test_a_circle_taken_by_itself_is_written_down_with_its_score_and_shown_to_nobody() -> None:
    ring = Ring()
    assert ring.once(cross=0.0495)
    (taken,) = [record for record in ring.journal if isinstance(record, Proposed)]
    assert taken.signal.signal_id.startswith("arbitrage:circle:BTCUSDT:")
    assert taken.settings == ring.engine.calibrations.fingerprints["circle"]
    assert not list(ring.engine.trading.proposals)
    assert ring.engine.people.roster.tallies["arbitrage"].acted == 1


def test_a_circle_that_is_stuck_is_told_with_its_price_and_sold_when_a_person_says_so() -> None:
    ring = Ring(loss_pct=0.5, mend_s=1.0)
    assert ring.once(cross=0.0495)
    ring.later(0.01)
    ring.fair(btc=49_500.0, cross=0.06)
    with pytest.raises(AssertionError, match="still open"):
        ring.settle(3.0)
    alarm = [event.alarm for event in ring.told if isinstance(event, AlarmChanged)][-1]
    loss = alarm.closing_loss.removesuffix(" USDT")
    assert ring.on_command(ClosePair(id="x", who=ALICE, pair=alarm.subject, most_loss="0.01")).code == "CHANGED"
    assert ring.on_command(ClosePair(id="y", who=ALICE, pair=alarm.subject, most_loss=loss)).ok
    ring.settle(2.0)
    assert ring.held("BTC") < ring.crumbs_e8("BTC")
    view = ring.on_command(GetPairs(id="q", who=ALICE)).result
    assert isinstance(view, PairsView)
    assert "1 taken" in view.circles[0]
    squared(ring)
