"""What is learned from headlines: a planted effect is found with its size, noise gives nothing, the past stays past."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from planted_news import PLANTED, headlines, market, plant, write

from engine.cli.main import main
from engine.core.types import Symbol
from engine.news.classify import judge
from engine.news.opinion import build
from engine.news.rules_file import built_in_rules, parse_rules, read_rules
from engine.research.learning.cases import Case, at_horizon
from engine.research.learning.learn import Learned, Wish, learn
from engine.research.learning.opinion import train
from engine.research.learning.prices import DAY_MS, MINUTE_MS, Prices
from engine.research.learning.sparse import EMBARGO_MS, learn_patterns
from engine.research.learning.study import discoveries, event_study, measure, student, without_overlap
from engine.research.learning.table import revise, to_toml
from engine.research.learning.walk import folds

FULL = bool(os.environ.get("TRADER_FULL"))
NOISE_SETS = 200 if FULL else 20
EFFECT = 0.02


@pytest.fixture(scope="module")
def learned() -> Learned:
    """Sixty days with an effect of two percent after the planted words."""
    told = headlines(7, 60, 6)
    return learn(told, plant(market(7, 60), told, EFFECT), built_in_rules(), Wish(seed=7))


def case(minute: int, earned: float, symbol: str = "ETHUSDT", words: str = "a b") -> Case:
    """A case of no kind that earned the same at every horizon."""
    return Case(DAY_MS + minute * MINUTE_MS, Symbol(symbol), words, words, "none", (earned,) * 5)


def test_a_planted_effect_is_found_with_its_size(learned: Learned) -> None:
    """The words become one rule, and what they were measured at is what was planted, within four standard errors."""
    (change,) = learned.revision.changes
    assert PLANTED in change.rule.patterns[0]
    assert change.rule.weight >= 0.8
    error = change.effect.mean / change.effect.t
    assert abs(change.effect.mean - EFFECT) < 4 * error


def test_walking_forward_earns_what_was_planted_less_its_cost(learned: Learned) -> None:
    """The learned rules act and earn; the present ones and a plain no do not."""
    present, new, no = learned.outcomes
    assert present.acts == no.acts == 0
    assert new.acts > 30
    assert new.precision is not None
    assert new.precision > 0.9
    assert new.low is not None
    assert new.high is not None
    assert new.low < EFFECT - learned.wish.cost < new.high


def test_the_learned_table_reads_back_as_it_was_meant(learned: Learned) -> None:
    """What is written is a rule table of the engine, and it judges by the new words."""
    text = to_toml(learned.revision, ["a head"])
    rules = parse_rules(text)
    assert rules.table == learned.revision.rules.table
    assert judge(f"Ethereum {PLANTED} today", rules).score >= 0.8
    assert f'# new: alert {learned.revision.changes[0].rule.weight:+.2f} for "' in text


def test_pure_noise_gives_a_table_no_more_often_than_stated() -> None:
    """Where there is nothing, something is found in 5 % of sets: at most so many as chance allows once in 1,000."""
    wrong_rules = wrong_cells = 0
    for seed in range(NOISE_SETS):
        known = _noise(seed)
        wrong_rules += bool(learn_patterns(known, 15, 0.002))
        wrong_cells += any(cell.is_found for cell in event_study([one for one, _ in known]))
    limit = 0.05 * NOISE_SETS + 3.1 * math.sqrt(NOISE_SETS * 0.05 * 0.95)
    assert wrong_rules <= limit
    assert wrong_cells <= limit


def _noise(seed: int) -> list[tuple[Case, float]]:
    """Four hundred headlines of five kinds, and returns with fat tails that have nothing to do with them."""
    chance = np.random.default_rng(seed)
    known = []
    for number, earned in enumerate((0.004 * chance.standard_t(4, 400)).tolist()):
        words = " ".join(chance.choice([f"word{k}" for k in range(40)], 6, replace=False))
        kind = f"kind {chance.integers(5)}"
        one = Case(number * DAY_MS // 5, Symbol("ETHUSDT"), words, words, kind, (earned,) * 5)
        known.append((one, earned))
    return known


def test_too_few_headlines_are_no_evidence() -> None:
    """Below sixty prices nothing is learned, and the report says why."""
    told = headlines(3, 10, 3)
    result = learn(told, plant(market(3, 10), told, EFFECT), built_in_rules(), Wish())
    assert not result.revision.changes
    assert result.verdict.startswith("no evidence: ")
    assert not result.outcomes


def test_the_future_takes_no_part_in_what_is_learned() -> None:
    """Each fold's past ends a horizon and an embargo before its first headline."""
    known = [(case(i * 600, 0.0), 0.0) for i in range(200)]
    for past, later in folds(known, 60):
        assert max(one.entry_ms for one, _ in past) + 60 * MINUTE_MS + EMBARGO_MS < later[0][0].entry_ms


def test_what_overlaps_is_left_out_and_a_day_counts_once() -> None:
    """Ten headlines of one coin within its horizon are one; those of a day are averaged."""
    near = [(case(i, 0.01), 0.01) for i in range(10)]
    assert len(without_overlap(near, 15 * MINUTE_MS)) == 1
    assert len(without_overlap([*near, (case(5, 0.01, "BTCUSDT"), 0.01)], 15 * MINUTE_MS)) == 2
    assert measure([(case(i * 60, 0.01), 0.01) for i in range(10)], 15).days == 1


def test_students_t_is_the_textbooks() -> None:
    """Nine differences, mean 1, standard deviation 1.5: t = 2 on 8 degrees of freedom, p = 0.0805."""
    base = np.array([-1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, 0.0])
    effect = student(1.0 + base * 1.5, 9)
    assert effect.t == pytest.approx(2.0)
    assert effect.p == pytest.approx(0.0805, abs=1e-4)


def test_benjamini_and_hochberg_by_hand() -> None:
    """Their step-up rule: the third is found although it is above its own line, because the fourth is below its."""
    assert discoveries([0.01, 0.02, 0.039, 0.04, 0.9], 0.05) == [True, True, True, True, False]
    assert discoveries([0.03, float("nan"), 0.6]) == [False, False, False]


def test_a_present_rule_that_prices_contradict_is_set_to_nothing() -> None:
    """Good news after which the coin fell for weeks keeps its name and loses its weight."""
    chance = np.random.default_rng(1)
    words = "ethereum partners with a bank"
    known = [
        (case(day * 1440, earned, words=words), earned)
        for day, earned in enumerate((-0.01 + 0.002 * chance.normal(size=100)).tolist())
    ]
    revision = revise(built_in_rules(), (), known, 15)
    assert {(it.rule.label, it.before, it.rule.weight) for it in revision.changes} == {("partnership", 0.70, 0.0)}


def test_prices_are_the_first_after_and_the_last_within() -> None:
    """What is bought at the next minute's first price earns until the last price within the horizon; gaps are told."""
    minutes = [0, 1, 2, 3, 20]
    prices = Prices([m * MINUTE_MS for m in minutes], [10.0, 11.0, 12.0, 13.0, 30.0], [11.0, 12.0, 13.0, 14.0, 31.0])
    assert prices.entry_ms(30_000) == MINUTE_MS
    assert prices.entry_ms(0) == MINUTE_MS
    assert prices.earned(MINUTE_MS, 2 * MINUTE_MS) == pytest.approx(math.log(13.0 / 11.0))
    assert prices.entry_ms(4 * MINUTE_MS) is None
    assert math.isnan(prices.earned(MINUTE_MS, 15 * MINUTE_MS))


def test_the_command_is_reproducible_and_deploys_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twice the same seed gives the same bytes, in a file that only its reader puts to use."""
    told = headlines(5, 25, 6)
    files = write(tmp_path, plant(market(5, 25), told, EFFECT), told)
    outs = [tmp_path / "one.toml", tmp_path / "two.toml"]
    printed = []
    for out in outs:
        assert main(["learn", *files, "--out", str(out), "--seed", "5", "--json"]) == 0
        printed.append(json.loads(capsys.readouterr().out))
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert {**printed[0], "out": ""} == {**printed[1], "out": ""}
    assert read_rules(outs[0]).table != built_in_rules().table
    assert main(["learn", *files, "--out", str(outs[0])]) == 2  # never over what is there
    assert main(["learn", *files, "--out", str(tmp_path / "three.toml")]) == 0
    assert 'rules = "' in capsys.readouterr().out


def test_on_the_real_headlines_it_says_that_there_is_no_evidence(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their prices don't exist: two events of 2017 have a day, nothing is tested, no table is made."""
    news, candles = shared_data / "news", shared_data / "candles"
    files = [*sorted(news.glob("*.gz")), *sorted(news.glob("*.json")), *sorted(candles.glob("*.gz"))]
    out = tmp_path / "rules.new.toml"
    assert main(["learn", *map(str, files), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["headlines"], told["priced"], told["known"]) == (7546, 2, 0)
    assert [cell["t"] for cell in told["study"]] == [None, None]
    assert told["verdict"].startswith("no evidence")
    assert told["walk_forward"] == []
    assert told["agreement"]["kappa"] > 0.6
    assert told["within"] == 2
    assert not out.exists()


def test_the_report_says_whose_prices_are_known_and_when(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where headlines and prices are of different years it is said first, and not only that nothing was found."""
    files = [*(shared_data / "news").glob("*.gz"), *(shared_data / "candles").glob("*BTC*")]
    assert main(["learn", *map(str, files), "--out", str(tmp_path / "none.toml")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "7524 headlines, 2021-10-12 to 2022-07-05.",
        "Prices of BTCUSDT, 2017-11-01 to 2017-11-30.",
        "0 headlines are of that time; of the others no price can say anything.",
    ]


def test_without_candles_it_says_which_file_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And compares labels only."""
    told = headlines(5, 3, 6)
    files = write(tmp_path, {}, told)
    assert main(["learn", *files, "--out", str(tmp_path / "none.toml")]) == 0
    assert "No prices: name a file of candles" in capsys.readouterr().out


def test_a_second_opinion_is_trained_where_there_is_something_to_say() -> None:
    """On the planted effect its words rise well above the usual share; on noise there is no model."""
    told = headlines(7, 60, 6)
    prices = plant(market(7, 60), told, EFFECT)
    known = at_horizon(learn(told, prices, built_in_rules(), Wish(seed=7)).cases, 15)
    model = train(known, 15, 0.004, 7)
    assert model is not None
    assert model.is_sound
    columns, made = build(model)
    yes, no = made.predict_proba(columns.transform([f"ethereum {PLANTED} today", "ethereum desk notes"]))[:, 1]
    assert yes > 0.8 > 0.2 > no
    assert train(known, 15, 0.004, 7) == model
    assert sum(train(_noise(seed), 15, 0.002, 0) is not None for seed in range(5)) == 0
