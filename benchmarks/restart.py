"""How long a start takes to read its journal, with a snapshot and without, in turns within one run.

``python -m benchmarks.restart [--json] [--quick] [--rounds N] [--events N]``: so many records (1,000,000), of round
trips as an engine writes them: a proposal, two orders with their reports, and marks of equity between.
What counts is the processor's time: a start that others share the machine with takes longer by the clock.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks.lab import options
from engine.core.config import TradingConfig
from engine.core.engine import Engine
from engine.core.instrument import Instrument
from engine.core.queries import Identity
from engine.core.record_codec import AnyRecord, encode_record
from engine.core.records import Decided, Intended, Proposed, Reported
from engine.core.safeguard_records import EquityMarked
from engine.core.types import (
    ApprovedOrder,
    ClientOrderId,
    ExecutionReport,
    OrderState,
    OrderType,
    Side,
    Signal,
    SignalId,
    Symbol,
    TimeInForce,
    TradeId,
    VenueOrderId,
)
from engine.recall import GROWN_BYTES, recall
from engine.store import frames
from engine.store.journal import Journal
from engine.store.snapshot import FILE

ETH: Final = Symbol("ETHUSDT")
T0: Final = 1_700_000_000_000_000_000
NEVER: Final = 1 << 62


def main() -> int:
    """Measure and print."""
    args = options.parser(__doc__, rounds="starts of each kind", events="records in the journal").parse_args()
    records, rounds = args.events or (50_000 if args.quick else 1_000_000), args.rounds or (1 if args.quick else 3)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), records, rounds)
    print(json.dumps(result) if args.json else table(result))
    return 0


def measure(home: Path, records: int, rounds: int) -> dict[str, float | str]:
    """Start in turns without and with a snapshot that stands on all but the last 1,000 records; processor seconds."""
    path, behind = home / "journal.bin", 1_000
    frame_of = [frames.frame(encode_record(record)) for record in islice(trades(), records)]
    path.write_bytes(frames.HEADER + b"".join(frame_of[:-behind]))
    first = start(path, 1)  # writes the snapshot
    with open(path, "ab") as file:
        file.writelines(frame_of[-behind:])
    snapshot, without, with_one = (home / FILE).read_bytes(), [], []
    for _ in range(rounds):
        with_one.append(start(path, NEVER))
        (home / FILE).unlink()
        without.append(start(path, NEVER))
        (home / FILE).write_bytes(snapshot)
    return {
        "benchmark": "restart",
        "records": records,
        "journal, MB": path.stat().st_size / 1e6,
        "snapshot, MB": len(snapshot) / 1e6,
        "without, s": statistics.median(without),
        "with, s": statistics.median(with_one),
        "and writing one, s": first - statistics.median(without),
        "ratio": statistics.median(without) / statistics.median(with_one),
    }


def table(result: dict[str, float | str]) -> str:
    """Write the figures one to a line."""
    return "\n".join(f"{name:24} {value:12,.3f}" for name, value in result.items() if not isinstance(value, str))


def start(path: Path, grown_bytes: int = GROWN_BYTES) -> float:
    """Open the journal and bring an engine to where it left off; return the processor's seconds."""
    it = Instrument(ETH, "ETH", "USDT", 1_000_000, 10_000, 10, 90_000_000, 500_000_000, 0, 1, 100_000_000, True)
    engine = Engine(TradingConfig(), {ETH: it}, "paper", Identity("1.0", "abc", "test", T0))
    begun = time.process_time()
    with Journal.open(path) as journal:
        recall(engine, journal, T0, grown_bytes)
        return time.process_time() - begun


def trades() -> Iterator[AnyRecord]:
    """Yield the records of one round trip after the other."""
    number = 0
    while True:
        number += 1
        ts_ns = T0 + number * 60_000_000_000
        name, proposal = f"tr-{number:024x}", f"p-{number}"
        signal = Signal(
            SignalId(f"sma_cross:{ETH}:{number}"), "sma_cross", ETH, Side.BUY, 0.7, 200_000, 196_000, 208_000, 0,
            ("fast above slow",), ts_ns,
        )  # fmt: skip
        yield Proposed(proposal, "technical", signal, 100, "", "", ts_ns + 60_000_000_000, ts_ns)
        yield from _order(f"{name}b", Side.BUY, f"proposal:{proposal}", "slack:U01ALICE", 2 * number, ts_ns)
        yield Decided(proposal, "bought", "slack:U01ALICE", "bought", f"{name}b", ts_ns)
        yield EquityMarked(10_000 * 10**8, 9_980 * 10**8, 10_000 * 10**8, ts_ns)
        yield from _order(f"{name}s", Side.SELL, f"exit:{number}", "exit:take_profit", 2 * number + 1, ts_ns)
        yield EquityMarked(10_000 * 10**8, 10_000 * 10**8, 10_000 * 10**8, ts_ns + 1)


def _order(name: str, side: Side, cause: str, origin: str, fill_id: int, ts_ns: int) -> Iterator[AnyRecord]:
    order_id, price_ticks = ClientOrderId(name), 200_000 + (fill_id % 2) * 500
    yield Intended(
        ApprovedOrder(
            order_id, ETH, side, OrderType.LIMIT, TimeInForce.IOC, 100, price_ticks, side is Side.SELL, 196_000,
            208_000, cause, origin, TradeId(f"t-{fill_id // 2}"), 200_000, ts_ns,
        )
    )  # fmt: skip
    for state, lots, fill in ((OrderState.WORKING, 0, 0), (OrderState.FILLED, 100, fill_id)):
        yield Reported(
            ExecutionReport(
                ETH, order_id, VenueOrderId(fill_id), side, state, 100, lots, lots * price_ticks * 100, fill, lots,
                price_ticks, 10_000_000 if lots else 0, "USDT", False, "", ts_ns, ts_ns,
            )
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
