"""Opens a tape by its name: ``story``, ``circle``, ``recording:PATH``, ``candles:PATH``, ``binance``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

from engine.venues.paper.tape.candles import CandleTape, symbol_from
from engine.venues.paper.tape.circle import CircleTape
from engine.venues.paper.tape.events import Tape, TapeError
from engine.venues.paper.tape.live import PUBLIC_REST, PUBLIC_STREAM, LiveTape
from engine.venues.paper.tape.replayed import RecordingTape
from engine.venues.paper.tape.story import StoryTape

SPEEDS: Final[Mapping[str, float]] = {"story": 20.0, "candles": 20.0}
"""A minute in three seconds, so that something happens; at real time a candle's trades would come 2.4 s apart, and
each would find the market stale."""
OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "story": (),
    "circle": (),
    "recording": ("laps", "gaps"),
    "candles": ("laps", "symbol"),
    "binance": ("symbols", "rest", "stream"),
}
"""What may follow the question mark of each kind of tape."""
FORMS: Final = "story, circle, recording:PATH, candles:PATH or binance"


def open_tape(spec: str, speed: float | None = None, seed: int = 0) -> Tape:
    """Open a tape; files are read through at once. Raises TapeError with a sentence that says what to do.

    ``speed`` is tape time over wall time (infinity: as fast as it goes); None takes 20 for the story and for candles,
    else 1.
    Options follow a question mark: ``recording:PATH?laps=0&gaps=allow``, ``candles:PATH?laps=0&symbol=IOTAUSDT``,
    ``binance?symbols=BTCUSDT,ETHUSDT``.
    """
    kind, _, rest = spec.partition("?")
    kind, _, path = kind.partition(":")
    options = _options(spec, kind, rest)
    rate = _speed(speed, SPEEDS.get(kind, 1.0))
    if kind == "story" and not path:
        return StoryTape(rate, seed)
    if kind == "circle" and not path:
        return CircleTape(rate, seed)
    if kind == "binance" and not path:
        symbols = options.get("symbols", "BTCUSDT,ETHUSDT").upper().split(",")
        return LiveTape(symbols, options.get("rest", PUBLIC_REST), options.get("stream", PUBLIC_STREAM))
    if kind == "recording" and path:
        laps = _laps(spec, options.get("laps", "1"))
        return RecordingTape(Path(path), rate, laps=laps, allow_gaps=options.get("gaps") == "allow")
    if kind == "candles" and path:
        symbol = options.get("symbol", "").upper() or symbol_from(Path(path))
        return CandleTape(Path(path), symbol, rate, seed, laps=_laps(spec, options.get("laps", "1")))
    raise TapeError(f"{spec!r} is no tape. Say {FORMS}.")


def _options(spec: str, kind: str, text: str) -> dict[str, str]:
    options, known = dict(parse_qsl(text, keep_blank_values=True)), OPTIONS.get(kind, ())
    unknown = next((name for name in options if name not in known), None)
    if kind in OPTIONS and unknown is not None:
        words = f"use {', '.join(known)}" if known else "it takes none"
        raise TapeError(f"{spec!r}: this tape has no option {unknown!r}, {words}.")
    return options


def _speed(speed: float | None, default: float) -> float:
    rate = default if speed is None else speed
    if math.isnan(rate) or rate <= 0:
        raise TapeError(f"A tape can't be played at speed {rate:g}. Give a number above 0, for example --speed 20.")
    return rate


def _laps(spec: str, text: str) -> int:
    if not text.isdecimal():
        raise TapeError(f"{spec!r}: laps={text!r} is no number. Say how often to play it, 0 for without end.")
    return int(text)
