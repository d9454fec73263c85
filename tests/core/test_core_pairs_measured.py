"""A pair's score is worth what such pairs have made; without a measure nobody takes one by himself for real money."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from core_builders import ALICE, ETH, T0, S, instrument
from pair_bench import Two, pair_config

from engine.core.calibration import Calibration, Step, fingerprint
from engine.core.config import People, TradingConfig
from engine.core.engine import Engine
from engine.core.pairs.pair import Pair
from engine.core.pairs.pair_asking import ask_about_pairs
from engine.core.queries import Identity
from engine.core.record_codec import AnyRecord, encode_record
from engine.core.records import Listed, Proposed
from engine.core.types import BUY, Mode
from engine.research.calibration.sources import of_journal
from engine.store.journal import Journal
from engine.wire.commands import Decide, Halt
from engine.wire.events import ProposalOpened
from engine.wire.pairs import SECOND_FOLDER

ABOVE = (2000.0, 2010.0)


def measured(config: TradingConfig) -> Calibration:
    """What such pairs have been worth, with the settings of now."""
    settings = fingerprint("arbitrage", config.strategies.arbitrage, config.people.fee_pct, "1")
    return Calibration("arbitrage", settings, 312, T0 - 9 * S, T0 - S, (Step(0.5, 312, 246, 0.788),))


def with_people(two: Two) -> Two:
    """Let people be asked."""
    ask_about_pairs(two.desk, two.near.engine.people)
    return two


def for_real_money(two: Two) -> None:
    """Make the near account a live one that was armed by its word."""
    trading = two.near.engine.trading
    trading.account, trading.is_live_confirmed = "live", True


def asked(two: Two) -> list[ProposalOpened]:
    return [event for event in two.near.told if isinstance(event, ProposalOpened)]


def test_with_real_money_an_uncalibrated_pair_is_asked_about_and_says_so() -> None:
    two = with_people(Two())
    for_real_money(two)
    two.once(ABOVE)
    assert two.desk.taken == 0
    (question,) = asked(two)
    assert question.proposal.worth == "uncalibrated: nobody knows what its scores are worth"


def test_with_real_money_a_calibrated_pair_is_taken() -> None:
    config = pair_config()
    two = with_people(Two(config, measured=[measured(config)]))
    for_real_money(two)
    two.once(ABOVE)
    assert (two.desk.taken, asked(two)) == (1, [])
    (taken,) = [record for record in two.near.journal if isinstance(record, Proposed)]
    assert taken.worth == "79 % of 312 such signals made money after costs, out of sample"


def test_on_paper_an_uncalibrated_pair_is_taken_and_written_down_as_uncalibrated() -> None:
    two = with_people(Two())
    two.once(ABOVE)
    assert two.desk.taken == 1
    (taken,) = [record for record in two.near.journal if isinstance(record, Proposed)]
    assert taken.worth.startswith("uncalibrated")
    assert not list(two.near.engine.trading.proposals), "nobody is shown it"
    assert two.near.engine.people.roster.tallies["arbitrage"].acted == 1


@pytest.mark.parametrize("mode", [Mode.ASK, Mode.OFF])
def test_the_global_mode_counts_for_pairs_too(mode: Mode) -> None:
    """The strategy's own stays auto: the stricter of the two counts."""
    two = with_people(Two())
    two.near.engine.trading.modes.set(mode, "")
    two.once(ABOVE)
    assert two.desk.taken == 0
    assert len(asked(two)) == (mode is Mode.ASK)


def test_halted_nothing_is_taken_and_nobody_is_asked() -> None:
    two = with_people(Two())
    two.near.on_command(Halt(id="h", who=ALICE, reason="lunch"))
    two.once(ABOVE)
    assert (two.desk.taken, asked(two)) == (0, [])


def test_a_pair_that_an_entry_of_its_size_would_wait_for_a_veto_is_asked_about() -> None:
    """Books don't wait for so long: a person says yes, or nothing happens."""
    config = msgspec.structs.replace(pair_config(), people=People(veto_quote=50.0))
    two = with_people(Two(config, stock="90"))
    two.near.stock("90")
    two.far.stock("90")
    two.wait(1.0)
    two.once(ABOVE)
    assert two.desk.taken == 0
    assert len(asked(two)) == 1


def test_after_the_loop_stood_still_nothing_is_taken() -> None:
    """What is heard then may be as old, on either side."""
    two = Two()
    two.far.perform(two.far.engine.on_gap(False, 3 * S, two.now_ns))
    two.once(ABOVE)
    assert two.desk.taken == 0
    assert "stood still" in two.desk.bar


def test_a_restart_shows_nobody_the_pairs_that_were_taken() -> None:
    """There may be hundreds of them; the question that is open still is asked on."""
    two = with_people(Two())
    two.once(ABOVE)
    two.settle()
    two.near.engine.trading.modes.set(Mode.ASK, "arbitrage")
    two.once(ABOVE)
    again = Engine(two.config, {ETH: instrument()}, "paper", Identity("1", "abc", "near", T0))
    again.restore(list(two.near.journal), two.now_ns)
    assert [proposal.state for proposal in again.trading.proposals] == ["open"]


def test_a_pair_is_taken_by_its_one_button_alone() -> None:
    two = with_people(Two(pair_config(mode="ask")))
    two.once(ABOVE)
    view = asked(two)[0].proposal
    sale = Decide(id="s", who=ALICE, proposal_id=view.proposal_id, choice="sell", fingerprint=view.fingerprint)
    reply = two.near.on_command(sale)
    assert (reply.code, two.desk.taken) == ("BAD_REQUEST", 0)


def test_both_journals_say_what_each_pair_was_worth(tmp_path: Path) -> None:
    """Taken by itself or by a click, won or lost: what came of it is what the exchanges' fills come to."""
    config = pair_config(loss_pct=1.0)
    two = with_people(Two(config))
    for number in range(6):
        two.far.local.fault = "reject" if number == 3 else ""
        two.once(ABOVE if number % 2 else ABOVE[::-1])
        assert two.desk.open, two.desk.bar
        two.lay((2000.0, 2000.0))
        two.settle(60.0)
    folder = tmp_path / SECOND_FOLDER
    folder.mkdir()
    _write(tmp_path / "journal.bin", two.near.journal)
    _write(folder / "journal.bin", two.far.journal)
    prints = two.near.engine.calibrations.fingerprints
    found = [one for one in of_journal(tmp_path / "journal.bin", config, prints) if one.strategy == "arbitrage"]
    assert [round(one.net_pct, 6) for one in found] == [_worth(pair) for pair in two.desk.done]
    assert [one.is_won for one in found] == [True, True, True, False, True, True]
    assert of_journal(tmp_path / "journal.bin", config, prints | {"arbitrage": "0" * 12}) == []


def _worth(pair: Pair) -> float:
    paid_e8 = sum(order.cum_quote_e8 for _, order in pair.legs if order.approved.side is BUY)
    return round(100.0 * pair.money_e8 / paid_e8, 6)


def _write(path: Path, records: list[AnyRecord]) -> None:
    it = instrument()
    listed = Listed(it.symbol, it.base_asset, it.quote_asset, it.tick_e8, it.lot_e8, T0)
    with Journal.open(path) as journal:
        for record in (listed, *records):
            journal.append(encode_record(record))
