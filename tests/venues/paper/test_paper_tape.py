"""Tapes: the story keeps to its figures, recordings to their bytes, and broken files say where."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import defaultdict
from collections.abc import Callable
from itertools import islice, takewhile
from pathlib import Path

import pytest

from engine.venues.paper.tape import TapeError, open_tape, read_recording
from engine.venues.paper.tape.candles import CandleTape
from engine.venues.paper.tape.events import Frame, Publication, TapeEvent
from engine.venues.paper.tape.pace import pace
from engine.venues.paper.tape.replayed import RecordingTape
from engine.venues.paper.tape.story import BEGIN_MS, DAY_MS, StoryTape

TRADE = (
    '{"stream":"ethusdt@trade","data":{"e":"trade","E":1,"s":"ETHUSDT","t":1,"p":"100.00","q":"1.5","T":1,"m":true}}'
)
SNAPSHOT = '{"lastUpdateId":10,"bids":[["100.00","1.0"]],"asks":[["101.00","1.0"]]}'


def _depth(first: int, last: int) -> str:
    return (
        '{"stream":"ethusdt@depth@100ms","data":{"e":"depthUpdate","E":1,"s":"ETHUSDT",'
        f'"U":{first},"u":{last},"b":[["100.00","2.0"]],"a":[]}}}}'
    )


def _write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


# --- the story --------------------------------------------------------------------------------------------------


def _lap(seed: int = 3) -> tuple[StoryTape, list[TapeEvent]]:
    tape = open_tape("story", seed=seed)
    assert isinstance(tape, StoryTape)
    return tape, list(takewhile(lambda event: event.ts_ms < BEGIN_MS + DAY_MS, tape.events()))


def _trades(events: list[TapeEvent]) -> dict[int, list[tuple[float, float]]]:
    """Return price and quantity of trades by minute after 13:45."""
    by_minute: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for event in events:
        if isinstance(event, Frame) and event.stream == "iotausdt@trade":
            raw = json.loads(event.data)
            by_minute[(raw["T"] - BEGIN_MS) // 60_000].append((float(raw["p"]), float(raw["q"])))
    return by_minute


@pytest.mark.parametrize("seed", [0, 3, 11])
def test_the_story_keeps_to_its_figures(seed: int) -> None:
    """13:59, 14:02 and 14:05 close where they did, the top is at 14:44, and the volumes add up."""
    trades = _trades(_lap(seed)[1])
    assert [trades[minute][-1][0] for minute in (14, 17, 20)] == [1.0349, 1.0505, 1.0861]
    assert max(price for price, _ in trades[59]) == 1.2447
    assert max(price for minute in trades.values() for price, _ in minute) == 1.2447
    assert sum(qty for m in range(15, 75) for _, qty in trades[m]) == pytest.approx(18_200_000)
    assert sum(qty for m in range(15) for _, qty in trades[m]) == pytest.approx(3_300_000 / 4)


@pytest.mark.parametrize("seed", range(4))
def test_the_story_lets_averages_cross_before_the_news(seed: int) -> None:
    """SMA(5) over SMA(20) crosses upwards once before 14:00, early enough to be seen in the first 35 s at 20x."""
    tape, events = _lap(seed)
    closes = [candle.close / 1e8 for candle in tape.history("IOTAUSDT")]
    closes += [minute[-1][0] for _, minute in sorted(_trades(events).items())]
    spread = [sum(closes[i - 4 : i + 1]) / 5 - sum(closes[i - 19 : i + 1]) / 20 for i in range(74, 90)]
    (crossing,) = [i for i in range(1, len(spread)) if spread[i - 1] <= 0 < spread[i]]
    assert crossing * 60 / 20 <= 33


def test_the_headline_comes_once_a_lap_and_each_time_with_its_own_id() -> None:
    """At 14:00 of the tape's day, and again a day later."""
    tape = open_tape("story")
    assert isinstance(tape, StoryTape)
    news = list(islice((event for event in tape.events() if isinstance(event, Publication)), 2))
    assert [item.ts_ms for item in news] == [BEGIN_MS + 15 * 60_000, BEGIN_MS + 15 * 60_000 + DAY_MS]
    assert news[0].id != news[1].id
    assert "IOTA" in news[0].title


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Determinism to the byte; another seed differs."""
    assert _lap(5)[1] == _lap(5)[1]
    assert _lap(5)[1] != _lap(6)[1]


def test_the_story_never_runs_backwards_and_leaves_no_gap() -> None:
    """Times and update ids only grow, over the end of a lap too, and the book is never crossed."""
    tape = open_tape("story", seed=1)
    assert isinstance(tape, StoryTape)
    at_ns, ts_ms, update_id = 0, 0, tape.snapshots()[0].last_update_id
    for event in islice(tape.events(), 12_000):
        assert event.at_ns >= at_ns
        assert event.ts_ms >= ts_ms
        at_ns, ts_ms = event.at_ns, event.ts_ms
        if isinstance(event, Frame) and event.stream.endswith("depth@100ms"):
            raw = json.loads(event.data)
            assert raw["U"] == update_id + 1
            update_id = raw["u"]
        elif isinstance(event, Frame) and event.stream.endswith("bookTicker"):
            raw = json.loads(event.data)
            assert float(raw["b"]) < float(raw["a"])
    assert tape.lap == 1


def test_the_storys_past_is_calm() -> None:
    """An hour and more of candles before the beginning, drifting down a little, with the quiet hour's volume."""
    candles = open_tape("story").history("IOTAUSDT")
    assert len(candles) >= 60
    assert candles[-1].open_ms + 60_000 == BEGIN_MS
    assert candles[0].open > candles[-1].close
    assert sum(candle.volume for candle in candles[-45:]) / 1e8 == pytest.approx(3_300_000 * 45 / 60)


# --- recordings -------------------------------------------------------------------------------------------------


def test_recorded_bytes_are_played_unchanged(eth_recording: Path) -> None:
    """Every frame's payload goes out as it came in, and the rules are those of the symbol."""
    tape = open_tape(f"recording:{eth_recording}")
    (rules,) = tape.rules
    assert (rules.symbol, rules.base_asset, rules.quote_asset) == ("ETHUSDT", "ETH", "USDT")
    assert (rules.tick, rules.lot) == (1_000_000, 10_000)
    assert isinstance(tape, RecordingTape)
    frames = [event for event in tape.events() if isinstance(event, Frame)]
    lines = [line.partition(b" ")[2] for line in gzip.decompress(eth_recording.read_bytes()).splitlines()]
    combined = [b'{"stream":"%b","data":%b}' % (frame.stream.encode(), frame.data) for frame in frames]
    assert combined == [line for line in lines if line.startswith(b'{"stream"')]


def test_a_second_lap_moves_on(tmp_path: Path) -> None:
    """With laps=2 ids and times of the second lap lie after the first's."""
    path = _write(tmp_path / "r", f"1000 {_depth(5, 10)}", f"1001 {SNAPSHOT}", f"2000 {_depth(11, 12)}")
    tape = open_tape(f"recording:{path}?laps=2")
    assert isinstance(tape, RecordingTape)
    events = list(tape.events())
    ids = [json.loads(event.data)["u"] for event in events if isinstance(event, Frame)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 4
    assert [event.at_ns for event in events] == sorted(event.at_ns for event in events)


def test_lines_are_read_with_their_numbers(tmp_path: Path) -> None:
    """Stamp, bytes and line number of each."""
    path = _write(tmp_path / "r", f"7 {TRADE}", f"8 {SNAPSHOT}")
    assert [(frame.ts_recv_ns, frame.data, frame.line) for frame in read_recording(path)] == [
        (7, TRADE.encode(), 1),
        (8, SNAPSHOT.encode(), 2),
    ]


BROKEN: list[tuple[str, Callable[[Path], Path], str]] = [
    ("truncated line", lambda p: _write(p, f"7 {TRADE}", f"8 {TRADE[:50]}"), "line 2: the line is truncated"),
    ("out of order", lambda p: _write(p, f"9 {TRADE}", f"8 {TRADE}"), "line 2: its time 8 is before"),
    ("no stamp", lambda p: _write(p, f"7 {TRADE}", TRADE), "line 2: expected `local_ns {json}`"),
    ("candles", lambda p: _write(p, "ts_ms,open,close,high,low,volume"), "no recording of raw frames"),
    (
        "gap",
        lambda p: _write(p, f"1 {_depth(5, 10)}", f"2 {SNAPSHOT}", f"3 {_depth(12, 13)}"),
        "line 3: a gap in ETHUSDT's depth: update 12 where 11",
    ),
    ("no snapshot", lambda p: _write(p, f"1 {_depth(5, 10)}"), "no snapshot"),
    ("no depth", lambda p: _write(p, f"1 {TRADE}", f"2 {SNAPSHOT}"), "line 2: a depth snapshot, but"),
    ("another message", lambda p: _write(p, '1 {"hello":1}'), "line 1: not a Binance spot market frame"),
    ("bad number", lambda p: _write(p, f"1 {TRADE.replace('100.00', '1e2')}"), "line 1: not a Binance spot"),
    ("empty", lambda p: _write(p), "the file is empty"),
]


@pytest.mark.parametrize(("write", "text"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_recording_says_where(tmp_path: Path, write: Callable[[Path], Path], text: str) -> None:
    """Path and line number, and what to do."""
    path = write(tmp_path / "r")
    with pytest.raises(TapeError) as error:
        open_tape(f"recording:{path}")
    assert text in str(error.value)
    assert str(path) in str(error.value)


def test_a_truncated_gzip_says_after_which_line(eth_recording: Path, tmp_path: Path) -> None:
    """A copy that broke off is refused."""
    path = tmp_path / "r.gz"
    path.write_bytes(eth_recording.read_bytes()[:200_000])
    with pytest.raises(TapeError, match=r"after line \d+: the gzip file is truncated"):
        list(read_recording(path))


def test_a_gap_can_be_allowed(tmp_path: Path) -> None:
    """With gaps=allow a recording with a hole is played as it is."""
    path = _write(tmp_path / "r", f"1 {_depth(5, 10)}", f"2 {SNAPSHOT}", f"3 {_depth(12, 13)}")
    assert open_tape(f"recording:{path}?gaps=allow").rules[0].symbol == "ETHUSDT"


# --- candles ----------------------------------------------------------------------------------------------------


def test_candles_are_played_through_their_extremes(tmp_path: Path) -> None:
    """Trades of a minute open, peak, dip and close where its candle did, and add up to its volume."""
    path = _write(
        tmp_path / "x_IOTUSD_1m.csv",
        "ts_ms,open,close,high,low,volume",
        "60000,1.0000,1.0200,1.0300,0.9900,1000",
        "120000,1.0200,1.0100,1.0250,1.0000,500",
    )
    tape = open_tape(f"candles:{path}?symbol=IOTAUSDT")
    assert isinstance(tape, CandleTape)
    frames = [event for event in tape.events() if isinstance(event, Frame) and event.stream == "iotausdt@trade"]
    trades = [json.loads(frame.data) for frame in frames]
    first = [(float(raw["p"]), float(raw["q"])) for raw in trades if raw["T"] < 120_000]
    assert (first[0][0], first[-1][0]) == (1.0, 1.02)
    assert (max(price for price, _ in first), min(price for price, _ in first)) == (1.03, 0.99)
    assert sum(qty for _, qty in first) == pytest.approx(1000)


def test_a_second_lap_of_candles_is_later_than_the_first(tmp_path: Path) -> None:
    """With laps=2 it begins a candle after the end, and neither times nor update ids run backwards."""
    rows = ("60000,1.0,1.02,1.03,0.99,1000", "180000,1.02,1.01,1.025,1.0,500")
    path = _write(tmp_path / "x_IOTUSD_1m.csv", "ts_ms,open,close,high,low,volume", *rows)
    tape = open_tape(f"candles:{path}?laps=2")
    assert isinstance(tape, CandleTape)
    events = list(tape.events())
    assert [event.at_ns for event in events] == sorted(event.at_ns for event in events)
    assert (events[0].at_ns, tape.lap) == (0, 1)
    opens = [event.ts_ms for event in events if isinstance(event, Frame) and event.stream.endswith("@trade")][::25]
    assert opens == [60_000, 180_000, 300_000, 420_000]
    ids = [json.loads(event.data).get("u", 0) for event in events if isinstance(event, Frame)]
    assert [u for u in ids if u] == sorted(u for u in ids if u)


def test_candles_in_dollars_are_played_as_usdt(tmp_path: Path) -> None:
    """Paper accounts hold USDT; who names a symbol gets that."""
    rows = ("60000,1.0,1.0,1.0,1.0,10", "120000,1.0,1.0,1.0,1.0,10")
    path = _write(tmp_path / "bitfinex_IOTUSD_1m.csv", *rows)
    assert [rules.symbol for rules in open_tape(f"candles:{path}").rules] == ["IOTUSDT"]
    assert [rules.symbol for rules in open_tape(f"candles:{path}?symbol=IOTUSD").rules] == ["IOTUSD"]


def test_a_truncated_gzip_of_candles_says_after_which_line(tmp_path: Path) -> None:
    """As for a recording."""
    rows = "".join(f"{minute * 60_000},1.0,1.0,1.0,1.0,{minute * 7919 % 1000}\n" for minute in range(1, 3_000))
    path = tmp_path / "x_IOTUSD_1m.csv.gz"
    path.write_bytes(gzip.compress(rows.encode())[:4_000])
    with pytest.raises(TapeError, match=r"after line \d+: the gzip file is truncated"):
        open_tape(f"candles:{path}")


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (["1,1.0,1.0,1.0,1.0,5", "1,1.0,1.0,1.0,1.0,5"], "line 3: time 1 is not after"),
        (["1,1.0,1.0,1.0,1.0,5", "2,1.0,1.0"], "line 3: '2,1.0,1.0' is not"),
        (["1,1.0,1.2,1.1,1.0,5", "2,1.0,1.0,1.0,1.0,5"], "line 2: '1,1.0,1.2,1.1,1.0,5' is not a candle"),
        (["1,1.0,nan,1.1,1.0,5"], "line 2"),
        ([], "no candles in it"),
    ],
)
def test_broken_candles_say_where(tmp_path: Path, rows: list[str], text: str) -> None:
    """Line number, and what is wrong with it."""
    path = _write(tmp_path / "x_IOTUSD.csv", "ts_ms,open,close,high,low,volume", *rows)
    with pytest.raises(TapeError) as error:
        open_tape(f"candles:{path}")
    assert text in str(error.value)


def test_the_other_column_order_is_refused(tmp_path: Path) -> None:
    """A header with high before close is caught at line 1."""
    path = _write(tmp_path / "x_IOTUSD.csv", "ts_ms,open,high,low,close,volume")
    with pytest.raises(TapeError, match="line 1: columns"):
        open_tape(f"candles:{path}")


# --- names and pace ---------------------------------------------------------------------------------------------


def test_story_and_candles_have_a_speed_at_which_something_happens(tmp_path: Path) -> None:
    """20 times real time unless told otherwise."""
    path = _write(tmp_path / "IOTUSD.csv", "60000,1.0,1.0,1.0,1.0,10", "120000,1.0,1.0,1.0,1.0,10")
    assert [open_tape(spec).speed for spec in ("story", f"candles:{path}")] == [20.0, 20.0]
    assert open_tape(f"candles:{path}", 3.0).speed == 3.0


@pytest.mark.parametrize("spec", ["", "wat", "recording", "recording:", "story:x", "candles:", "recording:/x?laps=no"])
def test_an_unknown_tape_says_what_there_is(spec: str) -> None:
    """A name that is none is answered with those that are."""
    with pytest.raises(TapeError):
        open_tape(spec)


@pytest.mark.parametrize("spec", ["story?laps=2", "recording:/x?lap=0", "candles:/x?gaps=allow", "binance?symbol=X"])
def test_an_unknown_option_is_refused_with_the_known_ones(spec: str) -> None:
    """A slip of the keyboard is not silently something else."""
    with pytest.raises(TapeError, match=r"has no option '\w+', (use|it takes none)"):
        open_tape(spec)


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
def test_a_tape_needs_a_speed_above_nothing(speed: float) -> None:
    """Zero, negative and NaN are refused."""
    with pytest.raises(TapeError, match="speed"):
        open_tape("story", speed)


async def test_events_come_at_their_pace() -> None:
    """At ten times real time, half a second of tape takes 50 ms; at infinite speed nothing is waited for."""
    events = [Publication(at_ns, 0, str(at_ns), "", "", "") for at_ns in (0, 250_000_000, 500_000_000)]
    loop, heard = asyncio.get_running_loop(), []
    began = loop.time()
    await pace(events, 10.0, lambda event: heard.append(loop.time() - began))
    assert [round(at, 1) for at in heard] == [0.0, 0.0, 0.1] or heard[-1] >= 0.05
    hours = [Publication(hour * 3_600_000_000_000, 0, str(hour), "", "", "") for hour in range(1_000)]
    async with asyncio.timeout(20.0):
        await pace(hours, float("inf"), lambda event: None)
