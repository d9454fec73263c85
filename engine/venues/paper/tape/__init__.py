"""What the paper exchange's market is made from: a story, a recording, candles, or Binance's live public feed."""

from engine.venues.paper.tape.events import Kline, Tape, TapeError
from engine.venues.paper.tape.open import open_tape
from engine.venues.paper.tape.recording import RecordedFrame, read_recording

__all__ = ["Kline", "RecordedFrame", "Tape", "TapeError", "open_tape", "read_recording"]
