"""How a score's worth is measured: a known relation comes back, costs count, too little says so."""

from __future__ import annotations

import json
import math
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.cli.calibrate import _text
from engine.cli.main import main
from engine.core.calibration import LEAST_SIGNALS
from engine.core.config import People, TradingConfig
from engine.core.instrument import E8, Instrument
from engine.core.plan import ExitPlan
from engine.core.record_codec import encode_record
from engine.core.records import Listed, Missed, Proposed
from engine.core.types import BUY, SELL, Quote, Signal, SignalId, Symbol, Trade
from engine.research.calibration.fit import DRAWS, calibrate, interval, split
from engine.research.calibration.follow import Follower
from engine.research.calibration.outcome import Outcome
from engine.research.calibration.sources import of_candles, of_journal
from engine.store.calibration_file import CalibrationUnreadable, read_calibration
from engine.store.journal import Journal

S = 1_000_000_000
ETH = Symbol("ETHUSDT")
IT = Instrument(ETH, "ETH", "USDT", E8 // 100, E8 // 10_000, 10, E8, 0, 0, 1, E8, is_trading=True)


def signals(seed: int, n: int, chance_of: object = lambda score: score) -> list[Outcome]:
    """Signals of random scores whose chance to win is a function of the score."""
    chance = np.random.default_rng(seed)
    scores = chance.uniform(0.0, 1.0, n).tolist()
    wins = [chance.random() < chance_of(score) for score in scores]  # type: ignore[operator]
    return [Outcome(i * 60 * S, "made_up", s, 1.0 if w else -1.0, 10 * S) for i, (s, w) in enumerate(zip(scores, wins))]  # noqa: B905


@pytest.mark.parametrize("seed", range(5))
def test_a_known_relation_is_recovered_within_its_error(seed: int) -> None:
    """Where a score of s wins with probability s, each step's share is the mean score on it, within four errors."""
    outcomes = signals(seed, 4_000)
    calibration, quality = calibrate("made_up", "0" * 12, outcomes)
    counted = split(sorted(outcomes))[1]
    edges = [step.from_score for step in calibration.steps]
    assert len(edges) > 5
    for step, high in zip(calibration.steps, [*edges[1:], 2.0], strict=True):
        true = float(np.mean([one.score for one in counted if step.from_score <= round(one.score, 6) < high]))
        error = math.sqrt(max(true * (1.0 - true), 0.01) / step.signals)
        assert abs(step.share - true) < 4.0 * error + 0.01
    assert quality is not None
    assert quality.brier < 0.8 * quality.brier_of_one_share


def test_shares_rise_with_the_score_and_nothing_is_lost() -> None:
    """Also where the truth falls: then one share is all that can be said."""
    for seed, truth in ((1, lambda s: s), (2, lambda s: 0.5), (3, lambda s: 1.0 - s)):
        calibration, _ = calibrate("made_up", "0" * 12, signals(seed, 1_000, truth))
        shares = [step.share for step in calibration.steps]
        assert shares == sorted(shares)
        assert all(step.signals >= LEAST_SIGNALS for step in calibration.steps)
        assert sum(step.signals for step in calibration.steps) == calibration.signals
    assert len(calibration.steps) == 1


def test_a_score_that_means_nothing_promises_nothing() -> None:
    """Coin flips: every share's interval holds one half, and the steps are no better than one share."""
    calibration, quality = calibrate("made_up", "0" * 12, signals(4, 2_000, lambda s: 0.5))
    assert all(low < 0.55 and high > 0.45 for low, high in map(interval, calibration.steps))
    assert quality is not None
    assert quality.brier > quality.brier_of_one_share - 0.002


def test_too_few_signals_are_uncalibrated() -> None:
    calibration, quality = calibrate("made_up", "0" * 12, signals(5, 40))
    assert calibration.steps == ()
    assert quality is None


def test_the_steps_are_drawn_on_what_was_over_before_the_rest_began() -> None:
    drawn, counted = split([Outcome(i * S, "made_up", 0.5, 1.0, 10 * S) for i in range(100)])
    assert counted[0].ts_ns == int(100 * DRAWS) * S
    assert max(one.ts_ns + one.horizon_ns for one in drawn) < counted[0].ts_ns


def test_wilsons_interval_is_the_textbooks() -> None:
    """8 of 10: from 0.49 to 0.943."""
    step = calibrate("x", "0" * 12, signals(1, 500))[0].steps[0]
    low, high = interval(msgspec.structs.replace(step, signals=10, won=8, share=0.8))
    assert (low, high) == (pytest.approx(0.490, abs=1e-3), pytest.approx(0.943, abs=1e-3))


def test_costs_decide_whether_a_signal_won() -> None:
    """The same candles, with and without fees: what was made falls by the fee of both sides."""
    free, dear = (_walked(TradingConfig(people=People(fee_pct=fee))) for fee in (0.0, 0.5))
    assert len(free) == len(dear) > 20
    for without, with_fee in zip(free, dear, strict=True):
        assert without.net_pct - with_fee.net_pct == pytest.approx(1.0, abs=0.05)
    assert sum(one.is_won for one in free) > sum(one.is_won for one in dear)


def _walked(config: TradingConfig) -> list[Outcome]:
    """Follow the strategies over a random walk of trades, four a minute for two days."""
    follower, chance = Follower(config, {ETH: IT}, 0.0, only_bars=True), np.random.default_rng(3)
    way = np.cumsum(chance.normal(0.0, 0.0008, 4 * 2880))
    for number, price in enumerate((200_000 * np.exp(way)).astype(int).tolist(), start=1):
        ts_ns = number * 15 * S
        follower.on_trade(Trade(ETH, number, price, 100 + number % 50, number % 2 == 0, ts_ns, ts_ns))
    return follower.outcomes()


def test_a_buy_is_made_at_the_ask_and_left_at_the_bid() -> None:
    """With a book the spread is paid as it was quoted: here one percent, beside what the walk made."""
    narrow, wide = (_quoted(spread) for spread in (1, 2_000))
    assert len(narrow) == len(wide) > 5
    lost = np.mean([a.net_pct - b.net_pct for a, b in zip(narrow, wide, strict=True) if a.ts_ns == b.ts_ns])
    assert lost == pytest.approx(1.0, abs=0.3)


def _quoted(spread_ticks: int) -> list[Outcome]:
    """Follow them over a walk with quotes around each trade; stops and targets are far away."""
    base = TradingConfig()
    far = {"stop_pct": 50.0, "target_pct": 90.0, "exits": ExitPlan()}
    cross = msgspec.structs.replace(base.strategies.sma_cross, **far)
    config = msgspec.structs.replace(base, strategies=msgspec.structs.replace(base.strategies, sma_cross=cross))
    follower, chance = Follower(config, {ETH: IT}, 0.0, only_bars=True), np.random.default_rng(3)
    way = np.cumsum(chance.normal(0.0, 0.0008, 4 * 1440))
    for number, price in enumerate((200_000 * np.exp(way)).astype(int).tolist(), start=1):
        ts_ns = number * 15 * S
        follower.on_quote(Quote(ETH, number, price - spread_ticks // 2, 10, price + spread_ticks // 2 + 1, 10, ts_ns))
        follower.on_trade(Trade(ETH, number, price, 100, False, ts_ns, ts_ns))
    return [one for one in follower.outcomes() if one.strategy == "sma_cross"]


def test_the_journals_proposals_count_where_their_settings_are_those_of_now(tmp_path: Path) -> None:
    """Missed ones by what they would have made after fees; sales and other settings not at all."""
    path = tmp_path / "journal.bin"
    with Journal.open(path) as journal:
        journal.append(encode_record(Listed(ETH, "ETH", "USDT", IT.tick_e8, IT.lot_e8, 0)))
        for number, (settings, side, exit_ticks) in enumerate(
            [("aa", BUY, 2_020_00), ("aa", BUY, 2_001_00), ("bb", BUY, 2_020_00), ("aa", SELL, 1_900_00)]
        ):
            signal = Signal(
                SignalId(f"sma_cross:{number}"), "sma_cross", ETH, side, 0.6, 2_000_00, 1_900_00, 0, S, (), number
            )
            journal.append(encode_record(_proposed(f"p-{number}", signal, settings)))
            journal.append(encode_record(_missed(f"p-{number}", exit_ticks)))
    found = of_journal(path, TradingConfig(), {"sma_cross": "aa"})
    assert [round(one.net_pct, 2) for one in found] == [0.80, -0.15]
    assert [one.is_won for one in found] == [True, False]


def _proposed(name: str, signal: Signal, settings: str) -> Proposed:
    return Proposed(name, "technical", signal, 10, "", "", 9, 9, settings=settings)


def _missed(name: str, exit_ticks: int) -> Missed:
    ends = {"end": "horizon", "exit_ticks": exit_ticks, "profit_e8": 1}
    return Missed(name, "sma_cross", ETH, "expired", 10, 2_000_00, 1_900_00, 0, 9, 9, **ends)


def test_the_command_writes_what_the_engine_reads_and_the_same_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From candles to the file in the home folder; a file that somebody changed is refused."""
    home, candles = tmp_path / "home", tmp_path / "made_ETHUSD_1m.csv"
    monkeypatch.setenv("TRADER_HOME", str(home))
    _write_walk(candles, 6_000)
    assert main(["calibrate", str(candles), "--json"]) == 0
    told = {it["name"]: it for it in json.loads(capsys.readouterr().out)["strategies"]}
    assert told["sma_cross"]["calibrated"]
    assert not told["headlines"]["calibrated"]
    assert not told["order_flow"]["calibrated"]  # candles hold no single trades
    first = (home / "calibration.json").read_bytes()
    assert main(["calibrate", str(candles)]) == 0
    words = capsys.readouterr().out
    assert "sma_cross: " in words
    assert "hardly tells a good signal from a bad one (" in words or "tells no good signal from a bad one (" in words
    assert "headlines: uncalibrated, 0 of the 30 signals that are needed" in words
    assert "on the journal of a run" in words
    assert (home / "calibration.json").read_bytes() == first
    read = {it.strategy: it for it in read_calibration(home)}
    assert read["sma_cross"].signals == told["sma_cross"]["signals"]
    (home / "calibration.json").write_bytes(
        first.replace(b'"signals"', b'"signals" ', 1).replace(b'"won": ', b'"won": 1', 1)
    )
    with pytest.raises(CalibrationUnreadable, match="was changed"):
        read_calibration(home)


def _write_walk(path: Path, minutes: int) -> None:
    chance = np.random.default_rng(11)
    close = (300.0 * np.exp(np.cumsum(chance.normal(0.0, 0.001, minutes)))).tolist()
    rows = zip([close[0], *close], close, strict=False)
    text = (f"{i * 60_000 + 60_000},{a!r},{b!r},{max(a, b)!r},{min(a, b)!r},5.0\n" for i, (a, b) in enumerate(rows))
    path.write_text("".join(text), encoding="utf-8")


@pytest.mark.parametrize("net_pct", [0.2, -0.2])
def test_signals_that_all_ended_alike_are_told_without_a_comparison(net_pct: float) -> None:
    """As pairs do, which are taken above cost only."""
    ended = [Outcome(i * 10**10, "arbitrage", 0.5 + i / 1000, net_pct, 10**9) for i in range(100)]
    measured, quality = calibrate("arbitrage", "f", ended)
    words = "\n".join(_text([(measured, quality)], Path("calibration.json")))
    assert f"{100 if net_pct > 0 else 0} % of 60" in words
    assert "nothing to tell apart: all signals ended alike" in words


@pytest.mark.parametrize("damaged", [b"[]", b"", b'{"hash":"\xff\xfe"}', b'{"x":' + b"[" * 100_000])
def test_there_is_no_file_no_measure_and_no_sense_a_sentence(tmp_path: Path, damaged: bytes) -> None:
    assert read_calibration(tmp_path) == ()
    (tmp_path / "calibration.json").write_bytes(damaged)
    with pytest.raises(CalibrationUnreadable, match="makes no sense"):
        read_calibration(tmp_path)


def test_on_real_candles_scores_are_told_as_they_are(shared_data: Path) -> None:
    """IOT/USD of November and December 2017: hundreds of crosses, and a step's share is counted, not wished for."""
    outcomes = of_candles(shared_data / "candles" / "bitfinex_IOTUSD_1m_2017-11_12.csv.gz", TradingConfig())
    crosses = [one for one in outcomes if one.strategy == "sma_cross"]
    calibration, quality = calibrate("sma_cross", "0" * 12, crosses)
    counted = split(crosses)[1]
    assert calibration.signals == len(counted) > 200
    assert sum(step.won for step in calibration.steps) == sum(one.is_won for one in counted)
    assert quality is not None
