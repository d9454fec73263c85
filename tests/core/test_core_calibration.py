"""What a score has been worth: shown where it is known, and without it nobody buys by himself with real money."""

from __future__ import annotations

import msgspec
import pytest
from core_builders import ALICE, PEOPLE, T0, Desk, S, config, sent, told, written

from engine.core.calibration import Calibration, Calibrations, Step, fingerprint
from engine.core.config import Arbitrage, Headlines, TradingConfig
from engine.core.records import Audited, Proposed
from engine.core.strategy_config import ModeName
from engine.core.trading import AccountKind
from engine.wire import events
from engine.wire.answers import StrategiesView, WhyView
from engine.wire.commands import Resume
from engine.wire.questions import GetStrategies, GetWhy, SetParameter

CIRCLE = ("BTCUSDT", "ETHUSDT", "ETHBTC")
STEPS = (Step(0.3, 200, 100, 0.5), Step(0.8, 312, 246, 0.788))
WORTH = "79 % of 312 such signals made money after costs, out of sample"


def measured(trading: TradingConfig, **changed: object) -> Calibration:
    """A calibration of the headlines, as they are set."""
    settings = fingerprint("headlines", trading.strategies.headlines, trading.people.fee_pct, "1.0")
    made = Calibration("headlines", settings, 512, T0 - 9 * S, T0 - S, STEPS)
    return msgspec.structs.replace(made, **changed)


class MeasuredDesk(Desk):
    """A desk whose engine was started with calibrations."""

    def __init__(self, trading: TradingConfig, account: AccountKind, *calibrations: Calibration) -> None:
        super().__init__(trading, account=account, measured=calibrations)

    def armed(self) -> MeasuredDesk:
        """Bring it to where it trades, on whichever account."""
        self.price(2000.0)
        self.account()
        self.engine.trading.is_warm = True
        word = "LIVE" if self.account_kind == "live" else ""
        assert self.ask(Resume(id=self.new_id(), who=ALICE, confirm=word))[0].ok
        return self


def test_an_uncalibrated_strategy_only_asks_with_real_money() -> None:
    """A score in the act band becomes a question, which says why; on paper it is acted on."""
    live = MeasuredDesk(config(people=PEOPLE), "live").armed()
    actions = live.headline(0.95)
    assert sent(actions) == []
    assert told(actions, events.ProposalOpened)[0].proposal.worth.startswith("uncalibrated: ")
    paper = MeasuredDesk(config(people=PEOPLE), "paper").armed()
    assert len(sent(paper.headline(0.95))) == 1


def test_a_calibrated_strategy_acts_with_real_money_and_says_what_its_score_is_worth() -> None:
    trading = config(people=PEOPLE)
    desk = MeasuredDesk(trading, "live", measured(trading)).armed()
    actions = desk.headline(0.95)
    assert len(sent(actions)) == 1
    assert told(actions, events.SignalActed)[0].proposal.worth == WORTH


def test_what_is_held_is_sold_by_an_uncalibrated_strategy_too() -> None:
    """Bad news gets out: only buying takes a measure."""
    desk = MeasuredDesk(config(people=PEOPLE), "live").armed().holding()
    assert len(sent(desk.headline(-0.95))) == 1


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"fingerprint": "0123456789ab"}, "measured with other settings"),
        ({"signals": 29}, "29 signals were measured, and 30 are needed"),
        ({"steps": ()}, "uncalibrated"),
    ],
)
def test_what_does_not_fit_counts_as_nothing(changed: dict[str, object], why: str) -> None:
    trading = config(people=PEOPLE)
    desk = MeasuredDesk(trading, "live", measured(trading, **changed)).armed()
    actions = desk.headline(0.95)
    assert sent(actions) == []
    assert why in told(actions, events.ProposalOpened)[0].proposal.worth


def test_another_stop_set_while_running_takes_the_measure_away_and_default_gives_it_back() -> None:
    """A threshold changes neither scores nor outcomes, so that it leaves the measure as it is."""
    trading = config(people=PEOPLE)
    desk = MeasuredDesk(trading, "live", measured(trading)).armed()
    counted = []
    for name, value in (("ask", "0.4"), ("stop_pct", "2"), ("stop_pct", "default")):
        command = SetParameter(id=desk.new_id(), who=ALICE, strategy="headlines", name=name, value=value)
        assert desk.ask(command)[0].ok
        counted.append("headlines" not in desk.engine.calibrations.uncalibrated)
    assert counted == [True, False, True]


def test_a_score_falls_on_the_step_below_it() -> None:
    trading = config()
    known = Calibrations(
        [measured(trading)], {"headlines": trading.strategies.headlines}, trading.people.fee_pct, "1.0"
    )
    assert known.of_score("headlines", 0.82) == WORTH
    assert known.of_score("headlines", 0.79).startswith("50 % of 200 ")
    assert known.of_score("headlines", 0.1).startswith("50 % of 200 ")


def test_fee_and_version_belong_to_what_was_measured() -> None:
    it = Headlines()
    assert len({fingerprint("headlines", it, fee, version) for fee in (0.1, 0.2) for version in ("1.0", "1.1")}) == 4


def test_the_start_is_audited_and_tells_who_only_asks() -> None:
    trading = config(people=PEOPLE)
    desk = MeasuredDesk(trading, "live", measured(trading))
    actions = desk.keep(desk.engine.restore((), T0))
    (audited,) = [record for record in written(actions) if isinstance(record, Audited)]
    assert (audited.who, audited.what) == ("engine", "calibration")
    assert "headlines calibrated on 512 signals" in audited.after
    assert "sma_cross uncalibrated" in audited.after
    (notice,) = told(actions, events.Notice)
    assert notice.code == "UNCALIBRATED"
    assert "headlines" not in notice.text
    bare = MeasuredDesk(trading, "paper")
    assert not any(isinstance(it, Audited) for it in written(bare.keep(bare.engine.restore((), T0))))


def test_which_symbols_make_the_circle_is_no_part_of_what_was_measured() -> None:
    """As for every other strategy: `trader run --tape circle` names them, and the measuring afterwards does not."""
    named, plain = (fingerprint("circle", Arbitrage(circle=circle), 0.1, "1") for circle in (CIRCLE, ()))
    assert named == plain
    assert named != fingerprint("circle", Arbitrage(min_edge_bps=9.0), 0.1, "1")


@pytest.mark.parametrize(
    ("mode", "circle", "is_named"), [("ask", CIRCLE, True), ("ask", (), False), ("off", CIRCLE, False)]
)
def test_the_start_names_circles_too_where_they_are_looked_for(
    mode: ModeName, circle: tuple[str, ...], *, is_named: bool
) -> None:
    """What a pair's score has been worth says nothing of a circle's."""
    trading = config(people=PEOPLE)
    arbitrage = Arbitrage(mode=mode, circle=circle)
    strategies = msgspec.structs.replace(trading.strategies, arbitrage=arbitrage)
    trading = msgspec.structs.replace(trading, strategies=strategies)
    of_pairs = fingerprint("arbitrage", arbitrage, trading.people.fee_pct, "1.0")
    pairs = measured(trading, strategy="arbitrage", fingerprint=of_pairs)
    desk = MeasuredDesk(trading, "live", measured(trading), pairs)
    (notice,) = told(desk.keep(desk.engine.restore((), T0)), events.Notice)
    assert "arbitrage" not in notice.text
    assert ("circle" in notice.text) is is_named


def test_strategies_why_and_the_journal_have_it() -> None:
    trading = config(people=PEOPLE)
    desk = MeasuredDesk(trading, "paper", measured(trading)).armed()
    proposal = told(desk.headline(0.85), events.ProposalOpened)[0].proposal
    view = desk.ask(GetStrategies(id="q", who=ALICE))[0].result
    assert isinstance(view, StrategiesView)
    shown = {it.strategy.name: it.strategy.calibration for it in view.strategies}
    assert shown["headlines"] == "calibrated on 512 signals, out of sample"
    assert shown["sma_cross"].startswith("uncalibrated")
    why = desk.ask(GetWhy(id="q2", who=ALICE, what=proposal.proposal_id))[0].result
    assert isinstance(why, WhyView)
    assert why.worth == WORTH
    (record,) = [it for it in desk.journal if isinstance(it, Proposed)]
    assert (record.worth, record.settings) == (WORTH, desk.engine.calibrations.fingerprints["headlines"])
