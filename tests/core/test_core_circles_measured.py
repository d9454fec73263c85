"""A circle's score is worth what such circles have made, by the journal; measured, it is taken with real money too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from circle_bench import Ring, rules
from core_builders import ALICE, T0
from pair_bench import Fault

from engine.core.calibration import Calibration
from engine.core.engine import Engine
from engine.core.queries import Identity
from engine.core.record_codec import encode_record
from engine.core.records import Listed
from engine.core.types import Mode
from engine.research.calibration.fit import calibrate
from engine.research.calibration.outcome import Outcome
from engine.research.calibration.sources import of_journal
from engine.store.journal import Journal
from engine.wire.commands import Decide


def written(path: Path, ring: Ring) -> Path:
    """Write the journal as the engine would have, units first."""
    with Journal.open(path) as journal:
        for it in rules().values():
            units = Listed(it.symbol, it.base_asset, it.quote_asset, it.tick_e8, it.lot_e8, T0)
            journal.append(encode_record(units))
        for record in ring.journal:
            journal.append(encode_record(record))
    return path


def outcomes(path: Path, ring: Ring) -> list[Outcome]:
    """Return what the journal says of circles."""
    return of_journal(written(path, ring), ring.config, ring.engine.calibrations.fingerprints)


def test_the_journal_says_what_each_circle_was_worth(tmp_path: Path) -> None:
    """Taken by itself or by a click, won or lost: what came of it is what the exchange's fills come to."""
    ring = Ring(pair_quote=5_000.0, loss_pct=1.0)
    faults: tuple[Fault, ...] = ("", "reject", "")
    for fault in faults:
        ring.local.fault, ring.local.leg = fault, "cross"
        assert ring.once(cross=0.0495), ring.desk.bar
        ring.settle(60.0)
    modes = ring.engine.trading.modes
    modes.set(Mode.ASK, "arbitrage")
    assert not ring.once(cross=0.0505)
    (view,) = ring.engine.trading.proposals.open()
    click = Decide(id="c", who=ALICE, proposal_id=view.proposal_id, choice="buy", fingerprint=view.fingerprint)
    assert ring.on_command(click).ok
    ring.settle(60.0)
    found = outcomes(tmp_path / "journal.bin", ring)
    closed = ring.engine.trading.portfolio.closed
    assert [round(one.net_pct, 6) for one in found] == [
        round(100.0 * (trip.proceeds_e8 - trip.cost_e8) / trip.cost_e8, 6) for trip in closed
    ]
    assert [(one.strategy, one.is_won) for one in found] == [("circle", won) for won in (True, False, True, True)]


def test_measured_out_of_sample_it_is_taken_with_real_money(tmp_path: Path) -> None:
    """From circles of many edges, some of which lose a leg; nobody is asked any more."""
    ring, chance = Ring(pair_quote=5_000.0, loss_pct=1.0), np.random.default_rng(9)
    while ring.desk.taken < 70:
        ring.local.fault, ring.local.leg = "reject" if ring.desk.taken % 5 == 2 else "", "cross"
        if ring.once(cross=0.05 * (1.0 - float(chance.uniform(0.004, 0.012)))):
            ring.settle(60.0)
    measured, _ = calibrate(
        "circle", ring.engine.calibrations.fingerprints["circle"], outcomes(tmp_path / "journal.bin", ring)
    )
    assert sum(step.signals for step in measured.steps) >= 30
    assert any(step.share < 1.0 for step in measured.steps)
    assert taken_live(measured) == 1
    assert taken_live(None) == 0


def taken_live(measured: Calibration | None) -> int:
    """Show an engine with real money a circle above cost; return how many it takes by itself."""

    class Live(Ring):
        def new_engine(self) -> Engine:
            known = (measured,) if measured else ()
            return Engine(self.config, rules(), "paper", Identity("1", "abc", "ring", T0), known)

    ring = Live(pair_quote=5_000.0, loss_pct=1.0)
    trading = ring.engine.trading
    trading.account, trading.is_live_confirmed = "live", True
    ring.once(cross=0.0495)
    assert len(trading.proposals.open()) == (0 if measured else 1)
    return ring.desk.taken
