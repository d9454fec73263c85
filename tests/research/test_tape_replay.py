"""A tape can be replayed like a recording: the story with its headline, and candles; the same bytes every time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.core.config import TradingConfig
from engine.research.tape_replay import is_tape, replay_tape
from engine.settings import Settings
from engine.venues.paper.tape.candles import HEADER
from engine.venues.paper.tape.events import TapeError

AUTO = Settings(trading=TradingConfig(mode="auto"))


def candles(folder: Path, *, count: int = 40) -> str:
    """A tape of candles that swing, so that averages cross."""
    rows = [HEADER]
    for i in range(count):
        price = 2000.0 + 20.0 * abs(10 - i % 20)
        rows.append(f"{1_512_000_000_000 + 60_000 * i},{price},{price + 20},{price + 25},{price - 5},12.5")
    path = folder / "bitfinex_ETHUSDT_1m.csv"
    path.write_text("\n".join(rows) + "\n")
    return f"candles:{path}"


def test_the_story_is_heard_with_its_headline_and_traded() -> None:
    """Once through, with a book that never breaks and agrees with each best price that is told."""
    result = replay_tape("story", AUTO)
    assert (result["symbols"], result["gaps"], result["bad_frames"]) == (["IOTAUSDT"], 0, 0)
    assert result["bookticker_checked"] == result["bookticker_matched"] > 0
    assert result["signals"]["headlines"]["signals"] == 1
    assert result["orders"] > 0
    assert result == replay_tape("story", AUTO)


def test_candles_are_played_as_trades_in_a_book(tmp_path: Path) -> None:
    tape = candles(tmp_path)
    result = replay_tape(tape, AUTO)
    assert (result["symbols"], result["gaps"]) == (["ETHUSDT"], 0)
    assert result["signals"]["sma_cross"]["signals"] > 0
    assert json.dumps(result) == json.dumps(replay_tape(tape, AUTO))


def test_what_is_no_tape_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert [is_tape(name) for name in ("story", "candles:x", "candles:", "circle", "binance", "story.gz")] == [
        True, True, False, False, False, False,
    ]  # fmt: skip
    with pytest.raises(TapeError, match="x_ETHUSDT"):
        replay_tape("candles:x_ETHUSDT.csv", AUTO)
    with pytest.raises(ValueError, match="holds IOTAUSDT and none of ETHUSDT"):
        replay_tape("story", Settings(symbols=("ETHUSDT",)))
    assert main(["replay", "nothing.gz"]) == 2
    assert main(["replay", "candles:x_ETHUSDT.csv"]) == 2
    said = capsys.readouterr().err
    assert "name a recording of raw frames, candles:PATH or story" in said
    assert "x_ETHUSDT" in said
