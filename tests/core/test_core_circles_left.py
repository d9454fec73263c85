"""A circle that is half way when `circle` is taken out of the settings: what it holds is sold, or people are told."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from circle_bench import BTC, CROSS, ETH, NAMES, Ring, rules
from core_builders import ALICE, T0

from engine.core.actions import Query
from engine.core.engine import Engine
from engine.core.instrument import E8
from engine.core.kept import decode_kept, encode_kept
from engine.core.pairs.between import around
from engine.core.pairs.circle import are_open
from engine.core.queries import Identity
from engine.core.records import CircleEnded, Intended
from engine.core.types import Symbol
from engine.wire.commands import Resume
from engine.wire.events import AlarmChanged
from engine.wire.pairs import PairsView
from engine.wire.questions import GetPairs


class Left(Ring):
    """A ring of which the settings can be changed between two runs."""

    symbols: Sequence[Symbol] = NAMES

    def __init__(self) -> None:
        super().__init__(loss_pct=1.0, mend_s=1.0)
        self.start_again()  # a start writes down what each symbol's units are
        self.fair()
        self.do(self.engine.on_account(self.local.account(T0)))
        assert self.on_command(Resume(id="arm-again", who=ALICE)).ok

    def new_engine(self) -> Engine:
        """Make an engine that follows what is followed now."""
        it = {symbol: one for symbol, one in rules().items() if symbol in self.symbols}
        return Engine(self.config, it, "paper", Identity("1", "abc", "ring", T0))

    def bought(self) -> Left:
        """Begin a circle, and be stopped before its second leg."""
        assert self.once(cross=0.0495)
        self.later(0.01)
        return self

    def changed(self) -> Left:
        """Begin a circle, and be stopped when its second leg has brought the other coin."""
        self.bought().look()
        self.later(0.01)
        assert self.held("ETH") > E8 // 100
        return self

    def without(self, *symbols: Symbol, from_snapshot: bool = False) -> Left:
        """Start again without the circle, and without following these."""
        strategies = self.config.strategies
        arbitrage = msgspec.structs.replace(strategies.arbitrage, circle=(), mode="off")
        strategies = msgspec.structs.replace(strategies, arbitrage=arbitrage)
        self.config = msgspec.structs.replace(self.config, strategies=strategies)
        self.symbols = [symbol for symbol in NAMES if symbol not in symbols]
        self.start_again()
        if from_snapshot:
            self._from_snapshot()
        return self

    def _from_snapshot(self) -> None:
        kept: list[bytes] = []
        self.new_engine().restore(list(self.journal), self.now_ns, keep=lambda it: kept.append(encode_kept(it)))
        self.engine = self.new_engine()
        self.do(self.engine.restore((), self.now_ns, kept=decode_kept(kept[0])))
        self.do(self.engine.on_clock(0))
        self.engine.trading.is_warm = True
        self.desk = around(self.engine)

    def prices(self) -> None:
        """Lay out the books of what is followed."""
        for symbol, mid in ((BTC, 50_000.0), (ETH, 2_500.0)):
            if symbol in self.symbols:
                self.lay(symbol, mid * 0.9999, mid * 1.0001)

    def alarms(self) -> list[str]:
        """What people were told as critical, the last of each."""
        return [event.alarm.texts[-1] for event in self.told if isinstance(event, AlarmChanged)]


@pytest.mark.parametrize("from_snapshot", [False, True])
@pytest.mark.parametrize("far", ["bought", "changed"])
def test_what_it_holds_is_sold_within_its_loss_limit_and_nothing_new_begun(far: str, *, from_snapshot: bool) -> None:
    """Halted as every start is, and with a mode of off; then it is over, and over at the next start too."""
    ring = Left()
    getattr(ring, far)()
    ring.without(CROSS, from_snapshot=from_snapshot)
    assert are_open(ring.engine.trading)
    held = ETH if far == "changed" else BTC
    assert ring.engine.trading.facts(held).symbol_exposure_e8 > 99 * E8
    ring.look()
    assert ring.desk.open is None, "without prices nobody knows what it holds"
    ring.prices()
    ring.look()
    assert ring.desk.open is not None
    ring.settle()
    done = ring.desk.done[-1]
    assert ring.desk.result_e8(done) >= -done.paid_e8() // 100
    assert all(ring.held(coin) < ring.crumbs_e8(coin) for coin in ("BTC", "ETH"))
    assert [record for record in ring.journal if isinstance(record, CircleEnded)]
    assert ring.desk.why_not(ring.now_ns) == "no circle is set"
    view = ring.on_command(GetPairs(id="q", who=ALICE)).result
    assert isinstance(view, PairsView)
    assert view.circles[0].startswith("circle of an earlier run: no circle is set")
    ring.start_again()
    assert not are_open(ring.engine.trading)


def test_a_coin_that_is_not_followed_any_more_is_told_of_until_it_is() -> None:
    ring = Left().changed().without(CROSS, ETH)
    ring.prices()
    ring.look()
    with pytest.raises(AssertionError, match="still open"):
        ring.settle(3.0)
    assert "ETH priced in USDT is not followed: put it back into ENGINE_SYMBOLS" in ring.alarms()[-1]
    assert not [record for record in ring.journal if isinstance(record, CircleEnded)]
    ring.without(CROSS).prices()
    ring.look()
    ring.settle()
    assert ring.held("ETH") < ring.crumbs_e8("ETH")


def test_of_a_second_leg_whose_end_nobody_heard_people_are_told_and_nothing_is_guessed() -> None:
    """The venue can't be asked about a symbol that is not followed: the coin that is held may be either."""
    ring = Left()
    ring.local.fault, ring.local.leg = "lose_reply", "cross"
    ring.bought().look()
    ring.without(CROSS)
    assert "ETHBTC is not followed any more" in ring.alarms()[-1]
    ring.prices()
    before = len(ring.journal)
    for _ in range(500):
        ring.later(0.02)
        ring.look()
        actions = ring.engine.on_timer(ring.now_ns)
        assert not any(isinstance(action, Query) for action in actions)
        ring.do(actions)
    assert not any(isinstance(record, Intended) for record in ring.journal[before:])
    assert not are_open(ring.engine.trading)
    ring.symbols = NAMES
    arbitrage = msgspec.structs.replace(ring.config.strategies.arbitrage, circle=NAMES)
    strategies = msgspec.structs.replace(ring.config.strategies, arbitrage=arbitrage)
    ring.config = msgspec.structs.replace(ring.config, strategies=strategies)
    ring.start_again()
    ring.fair()
    ring.look()
    ring.settle()
    assert all(ring.held(coin) < ring.crumbs_e8(coin) for coin in ("BTC", "ETH"))


def test_a_circle_whose_first_symbol_is_not_followed_is_told_of() -> None:
    """As positions of what is not followed it stays at the venue."""
    ring = Left().changed().without(CROSS, BTC)
    assert "BTCUSDT is not followed any more" in ring.alarms()[-1]
    assert not are_open(ring.engine.trading)


@pytest.mark.parametrize("fault", ["reject", "dry"])
def test_a_circle_whose_first_leg_bought_nothing_left_nothing(fault: str) -> None:
    """Nobody is told of it at every start from then on, and snapshots are made."""
    ring = Left()
    if fault == "reject":
        ring.local.fault, ring.local.leg = "reject", "first"
    else:
        ring.local.before = lambda order, ts_ns: ring.lay(BTC, 60_000.0, 60_001.0)
    assert ring.once(cross=0.0495)
    ring.later(0.01)
    ring.look()
    ring.settle()
    assert (ring.held("BTC"), ring.held("ETH")) == (0, 0)
    ring.without(CROSS, BTC, from_snapshot=True)
    assert ring.alarms() == []
