"""Goes through a recording once before it is played: what does it trade, and is it whole?

A recording carries no exchangeInfo, so tick and lot are the largest decimal steps that (nearly) all its prices
and quantities lie on: real books hold a little dust from before a lot size was changed. Whether every depth update
follows the one before is checked here too, so that a broken recording is refused at the start, with its line
number, and not in the middle of a session.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from engine.core.instrument import E8, decimals_of
from engine.venues.paper.rules import SymbolRules
from engine.venues.paper.tape.events import BookSnapshot, TapeError
from engine.venues.paper.tape.raw import Pair, RawCombined, decode_combined, decode_depth, decode_trade
from engine.venues.paper.tape.recording import RecordedFrame, read_recording
from engine.venues.paper.units import to_e8

QUOTES: Final = ("USDT", "USDC", "FDUSD", "USD", "EUR", "BTC", "ETH", "BNB", "TRY")
"""Quote assets by which a symbol's name is split in two, longest first where one ends another."""

_LEAST_IN_BTC: Final = E8 // 10_000
"""Source: Binance's exchangeInfo, NOTIONAL of ETHBTC: 0.0001 BTC."""
DUST: Final = 0.001
"""Share of the values that may lie off the step."""


class SymbolSurvey(msgspec.Struct):
    """What was learned of one symbol."""

    symbol: str
    price_decimals: Counter[int] = msgspec.field(default_factory=Counter)
    qty_decimals: Counter[int] = msgspec.field(default_factory=Counter)
    """How often a value needed so many decimals."""
    last_update_id: int = 0
    snapshot: BookSnapshot | None = None
    has_depth: bool = False


class Survey(msgspec.Struct):
    """What was learned of a whole recording."""

    symbols: dict[str, SymbolSurvey]
    first_ns: int = 0
    last_ns: int = 0


def survey_recording(path: Path, *, allow_gaps: bool = False) -> Survey:
    """Read a recording through; raises TapeError with the line number where it is broken."""
    survey = Survey({})
    pending: list[tuple[RecordedFrame, RawCombined]] = []
    for frame in read_recording(path):
        survey.first_ns = survey.first_ns or frame.ts_recv_ns
        survey.last_ns = frame.ts_recv_ns
        try:
            message = decode_combined(frame.data)
            if message.last_update_id:
                pending.append((frame, message))
            else:
                _look_at(path, survey, frame, message, allow_gaps)
        except (msgspec.DecodeError, ValueError) as error:
            raise TapeError(
                f"{path}, line {frame.line}: not a Binance spot market frame ({error}). "
                "Give a recording of combined streams, made by this program or in its format."
            ) from None
    for frame, message in pending:
        _look_at_snapshot(path, survey, frame, message)
    _check_whole(path, survey)
    return survey


def rules_of(survey: SymbolSurvey) -> SymbolRules:
    """Make a symbol's rules from what its recording showed."""
    base, quote = split_symbol(survey.symbol)
    tick, lot = _step(survey.price_decimals, 2), _step(survey.qty_decimals, 4)
    return SymbolRules(
        symbol=survey.symbol,
        base_asset=base,
        quote_asset=quote,
        tick=tick,
        lot=lot,
        min_price=tick,
        min_qty=lot,
        min_notional=_LEAST_IN_BTC if quote == "BTC" else 5 * E8,
    )


def split_symbol(symbol: str) -> tuple[str, str]:
    """Split a symbol's name into base and quote asset by the quote assets that are known."""
    for quote in QUOTES:
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return symbol[: -len(quote)], quote
    return symbol, "USDT"


def _look_at(path: Path, survey: Survey, frame: RecordedFrame, message: RawCombined, allow_gaps: bool) -> None:
    name, at, kind = message.stream.partition("@")
    if not at:
        raise ValueError("it has neither a stream's name nor lastUpdateId")
    seen = survey.symbols.setdefault(name.upper(), SymbolSurvey(name.upper()))
    if kind.startswith("depth@") or kind == "depth":
        depth = decode_depth(message.data)
        _learn(seen, depth.bids, depth.asks)
        expected = seen.last_update_id + 1
        if seen.has_depth and depth.first_update_id != expected and not allow_gaps:
            raise TapeError(
                f"{path}, line {frame.line}: a gap in {seen.symbol}'s depth: update {depth.first_update_id} "
                f"where {expected} should follow. Record it again, or add ?gaps=allow to play it as it is."
            )
        seen.last_update_id, seen.has_depth = depth.final_update_id, True
    elif kind == "trade":
        trade = decode_trade(message.data)
        _learn(seen, [(trade.price, trade.qty)], [])


def _look_at_snapshot(path: Path, survey: Survey, frame: RecordedFrame, message: RawCombined) -> None:
    """Give a snapshot, which names no symbol, to the symbol whose depth ids it lies among."""
    owners = [seen for seen in survey.symbols.values() if seen.has_depth]
    owner = min(owners, key=lambda seen: abs(seen.last_update_id - message.last_update_id), default=None)
    if owner is None:
        raise TapeError(f"{path}, line {frame.line}: a depth snapshot, but the recording has no depth stream.")
    if owner.snapshot is not None:
        return
    _learn(owner, message.bids, message.asks)
    ts_ms = frame.ts_recv_ns // 1_000_000
    owner.snapshot = BookSnapshot(
        0, ts_ms, owner.symbol, message.last_update_id, pairs_e8(message.bids), pairs_e8(message.asks)
    )


def _learn(seen: SymbolSurvey, bids: Sequence[Pair], asks: Sequence[Pair]) -> None:
    for price, qty in (*bids, *asks):
        seen.price_decimals[decimals_of(to_e8(price))] += 1
        if qty_e8 := to_e8(qty):
            seen.qty_decimals[decimals_of(qty_e8)] += 1


def _step(decimals: Counter[int], default: int) -> int:
    """Return 1e-8 units of the largest decimal step that all but ``DUST`` of the values lie on."""
    needed, allowed = default, int(decimals.total() * DUST)
    for needed in sorted(decimals, reverse=True):
        allowed -= decimals[needed]
        if allowed < 0:
            break
    return int(10 ** (8 - needed))


def _check_whole(path: Path, survey: Survey) -> None:
    if not survey.symbols:
        raise TapeError(f"{path}: no market frames in it. Give a recording of combined streams.")
    for seen in survey.symbols.values():
        if seen.has_depth and seen.snapshot is None:
            raise TapeError(
                f"{path}: {seen.symbol} has depth updates but no snapshot (a line with lastUpdateId), so its book "
                "can't be known. Record it again with the snapshot."
            )


def pairs_e8(pairs: Sequence[Pair]) -> tuple[tuple[int, int], ...]:
    """Read price and quantity pairs as 1e-8 units."""
    return tuple((to_e8(price), to_e8(qty)) for price, qty in pairs)
