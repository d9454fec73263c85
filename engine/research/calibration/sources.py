"""Where outcomes come from: recordings of raw frames, candles, and the journal of the engine's own runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from engine import __version__
from engine.core.calibration import CIRCLES
from engine.core.config import TradingConfig
from engine.core.engine import Engine
from engine.core.instrument import E8, Instrument
from engine.core.orders import circle_of
from engine.core.proposals import CIRCLE_SIGNAL
from engine.core.queries import Identity
from engine.core.record_codec import AnyRecord, decode_record
from engine.core.records import Decided, Intended, Listed, Missed, Proposed
from engine.core.strategies.arbitrage import ArbitrageStrategy
from engine.core.types import BUY, Symbol, Trade
from engine.research.calibration.follow import Follower
from engine.research.calibration.outcome import Outcome
from engine.research.calibration.pairs import pair_results
from engine.research.replay import instrument_of
from engine.store import frames
from engine.venues.binance.reader import MarketReader
from engine.venues.paper.tape.candles import CandleTape, Row, read_candles, symbol_from
from engine.venues.paper.tape.files import numbered_lines
from engine.venues.paper.tape.recording import read_recording
from engine.venues.paper.tape.survey import rules_of, survey_recording
from engine.wire.pairs import SECOND_FOLDER

SPREAD_PCT: Final = 0.05
"""What in and out costs besides fees where only candles are known."""
_NS_PER_MS: Final = 1_000_000


def outcomes_of(path: Path, config: TradingConfig, fingerprints: Mapping[str, str]) -> list[Outcome]:
    """Return what a file holds, whichever it is: a journal, candles, or a recording.

    Raises TapeError, or UnknownRecord, where it can't be read to its end; OSError where it isn't there.
    """
    with path.open("rb") as file:
        is_journal = file.read(len(frames.HEADER)) == frames.HEADER
    if is_journal:
        return of_journal(path, config, fingerprints)
    _, first = next(numbered_lines(path), (0, b""))
    return of_recording(path, config) if b"{" in first else of_candles(path, config)


def of_recording(path: Path, config: TradingConfig) -> list[Outcome]:
    """Follow every strategy over a recording; raises TapeError with the line where it is broken."""
    survey = survey_recording(path, allow_gaps=True)
    instruments = {it.symbol: it for it in map(instrument_of, map(rules_of, survey.symbols.values()))}
    follower = Follower(config, instruments, SPREAD_PCT, only_bars=False)
    reader = MarketReader(instruments.values(), follower, lambda symbol: None)
    for frame in read_recording(path):
        reader.on_frame(frame.data, frame.ts_recv_ns)
    return follower.outcomes()


def of_candles(path: Path, config: TradingConfig) -> list[Outcome]:
    """Follow every strategy that decides by bars over candles; raises TapeError with the line that is wrong."""
    it = instrument_of(CandleTape(path, symbol_from(path), 1.0, 0).rules[0])
    follower = Follower(config, {it.symbol: it}, SPREAD_PCT, only_bars=True)
    for trade in _trades(read_candles(path), it):
        follower.on_trade(trade)
    return follower.outcomes()


def _trades(rows: Iterable[Row], it: Instrument) -> Iterator[Trade]:
    """Play a candle as four trades; one that rises dips first, one that falls peaks first."""
    number = 0
    for row in rows:
        turns = (row.low, row.high) if row.close >= row.open else (row.high, row.low)
        lots = max(4, int(row.volume * E8 / it.lot_e8))
        before = row.open
        for quarter, price in enumerate((row.open, *turns, row.close)):
            number += 1
            ts_ns = (row.ts_ms + quarter * 15_000) * _NS_PER_MS
            ticks = max(2, round(price * E8 / it.tick_e8))
            yield Trade(it.symbol, number, ticks, lots // 4, price < before, ts_ns, ts_ns)
            before = price


def of_journal(path: Path, config: TradingConfig, fingerprints: Mapping[str, str]) -> list[Outcome]:
    """Return what came of the engine's own proposals to buy: what was missed, and what was traded and closed.

    What came of a pair is also in the second venue's journal, which is looked for beside this one.
    Only of those that were made with the settings of now (``fingerprints``, by strategy). Raises UnknownRecord.
    """
    records = _records(path)
    made = [record for record in records if isinstance(record, Proposed) and record.signal.side is BUY]
    counted = [it for it in made if it.settings and it.settings == fingerprints.get(_measured(it))]
    missed = {record.proposal_id: record for record in records if isinstance(record, Missed) and record.end}
    traded, pairs = _traded(records, config), _pairs(path, records)
    ordered = {record.proposal_id: record.client_order_id for record in records if isinstance(record, Decided)}
    circles, outcomes = _circles(records, traded), []
    for it in counted:
        signal = it.signal
        net_pct = traded.get(f"proposal:{it.proposal_id}", traded.get(f"signal:{signal.signal_id}"))
        if signal.strategy == ArbitrageStrategy.name:
            results = circles if _measured(it) == CIRCLES else pairs
            net_pct = results.get(f"{signal.symbol}-{signal.ts_ns}", results.get(ordered.get(it.proposal_id, "")))
        if net_pct is None and (record := missed.get(it.proposal_id)) is not None:
            net_pct = _missed_pct(record, config.people.fee_pct)
        if net_pct is not None:
            outcomes.append(Outcome(signal.ts_ns, _measured(it), signal.confidence, net_pct, signal.horizon_ns))
    return sorted(outcomes)


def _measured(proposed: Proposed) -> str:
    """Return the name by which such scores are measured: a pair's worth says nothing of a circle's."""
    return CIRCLES if proposed.signal.signal_id.startswith(CIRCLE_SIGNAL) else proposed.signal.strategy


def _circles(records: Iterable[AnyRecord], traded: Mapping[str, float]) -> dict[str, float]:
    """Return what each circle that is over made in percent, by its id and by the name of its first order."""
    found: dict[str, float] = {}
    for record in records:
        if isinstance(record, Intended) and record.order.cause_id in traded:
            circle_id, _ = circle_of(record.order.cause_id)
            found |= dict.fromkeys((circle_id, record.order.client_order_id), traded[record.order.cause_id])
    return found


def _records(path: Path) -> list[AnyRecord]:
    with path.open("rb") as file:
        file.seek(len(frames.HEADER))
        return [decode_record(payload) for payload in frames.sound(file)]


def _pairs(path: Path, records: list[AnyRecord]) -> dict[str, float]:
    """Return what each pair made that this journal and the second venue's tell of."""
    other = path.parent / SECOND_FOLDER / path.name
    if not other.is_file():
        return {}
    theirs = _records(other)
    return pair_results([(each, _instruments(each)) for each in (records, theirs)])


def _missed_pct(record: Missed, fee_pct: float) -> float:
    ratio = record.exit_ticks / record.entry_ticks
    return 100.0 * (ratio - 1.0) - fee_pct * (1.0 + ratio)


def _traded(records: Iterable[AnyRecord], config: TradingConfig) -> dict[str, float]:
    """Return what each closed round trip made in percent of its cost, by the cause that opened it."""
    records = list(records)
    it = {symbol: each for symbol, each in _instruments(records).items() if _is_followed(each, config)}
    engine = Engine(config, it, "paper", Identity(__version__, "", "journal", 0))
    engine.restore(records, 0)
    return {
        _first_try(trip.cause_id): 100.0 * (trip.proceeds_e8 - trip.cost_e8) / trip.cost_e8
        for trip in engine.trading.portfolio.closed
        if trip.cost_e8 > 0
    }


def _is_followed(it: Instrument, config: TradingConfig) -> bool:
    """Say whether an engine takes a symbol; without a circle's cross what it made is known all the same."""
    return it.quote_asset == config.quote_asset or it.symbol in config.strategies.arbitrage.circle


def _first_try(cause_id: str) -> str:
    """Name a click's cause after its proposal alone; a second try and the click itself have more in theirs."""
    kind, _, rest = cause_id.partition(":")
    return f"{kind}:{rest.partition(':')[0]}" if kind == "proposal" else cause_id


def _instruments(records: Iterable[AnyRecord]) -> dict[Symbol, Instrument]:
    listed = {record.symbol: record for record in records if isinstance(record, Listed)}
    return {symbol: record.instrument() for symbol, record in listed.items()}
