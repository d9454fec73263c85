"""The replay gives the numbers that the recording must give, and the same bytes every time."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from engine.core.config import TradingConfig
from engine.research.replay import run_replay
from engine.settings import Settings
from engine.venues.paper.tape.events import TapeError

AUTO = Settings(trading=TradingConfig(mode="auto"))


@pytest.fixture(scope="module")
def frames(eth_recording: Path) -> list[bytes]:
    """The recording's lines."""
    return gzip.decompress(eth_recording.read_bytes()).splitlines(keepends=True)


def test_the_books_numbers_are_those_of_the_recording(eth_recording: Path) -> None:
    """Binance's rule for a local book, followed to the last update, gives these figures and no others."""
    result = run_replay(eth_recording, AUTO)
    book = ("depth_applied", "stale", "gaps", "bookticker_checked", "bookticker_matched", "final_update_id")
    assert [result[key] for key in book] == [3432, 0, 0, 577, 577, 35346671849]
    assert result["book_sha256"] == "0f32d1ad7efb14fc13c7f49192915a38a7d289efd555471f65507f22889c9760"
    assert result["bad_frames"] == 0
    assert result["orders"] > 0
    assert result["fills"] >= result["orders"]


def test_two_runs_print_the_same_bytes(eth_recording: Path) -> None:
    """Nothing but the recording and the settings decides."""
    first, second = (json.dumps(run_replay(eth_recording, AUTO), sort_keys=True) for _ in range(2))
    assert first == second


def test_a_lost_depth_line_is_one_gap_and_no_order_rests_on_the_book_after_it(
    frames: list[bytes], tmp_path: Path
) -> None:
    """With no second snapshot in the recording the book stays out of sync, and entries are refused from there on."""
    depth = [i for i, line in enumerate(frames) if b"@depth@" in line]
    lost = depth[40]
    damaged = tmp_path / "gap.txt"
    damaged.write_bytes(b"".join(frames[:lost] + frames[lost + 1 :]))
    result = run_replay(damaged, AUTO)
    assert (result["gaps"], result["resyncs"], result["depth_applied"]) == (1, 1, 38)
    assert result["orders"] == 0
    assert result["refusals"] > 0


def test_mode_off_and_ask_send_nothing_by_themselves(eth_recording: Path) -> None:
    """Only the mode auto lets a signal become an order without a person."""
    for mode in ("off", "ask"):
        result = run_replay(eth_recording, Settings(trading=TradingConfig(mode=mode)))
        assert (result["orders"], result["equity_quote"]) == (0, "100000.00000000")


def test_a_symbol_that_the_recording_does_not_hold_is_refused_with_what_it_holds(eth_recording: Path) -> None:
    """The sentence says what there is."""
    with pytest.raises(ValueError, match="holds ETHUSDT and none of IOTAUSDT"):
        run_replay(eth_recording, Settings(symbols=("IOTAUSDT",)))


def test_a_truncated_line_is_named_with_its_number(frames: list[bytes], tmp_path: Path) -> None:
    """A recording that broke off in the middle of a line is refused with that line's number."""
    broken = tmp_path / "broken.txt"
    broken.write_bytes(b"".join(frames[:100]) + frames[100][:60] + b"\n")
    with pytest.raises(TapeError, match="line 101"):
        run_replay(broken, AUTO)
