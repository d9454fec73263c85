"""What a restart remembers: the journal's records, folded into the state in the order in which they happened."""

from __future__ import annotations

from collections.abc import Iterable

from engine.core.people import People
from engine.core.records import Answered, AnyRecord, Failed, Intended, ModeSet, Reported, Shrunk
from engine.core.trading import Trading
from engine.core.types import Mode
from engine.wire.commands import Reply


def restore(trading: Trading, people: People, records: Iterable[AnyRecord]) -> None:
    """Fold the records of earlier runs: orders, positions with their stops, modes, and answered commands.

    Whether trading was armed is not remembered: it starts halted. Records of symbols that are not followed any more
    are passed over; their positions stay at the venue.
    """
    for record in records:
        match record:
            case Intended(order) if order.symbol in trading.markets:
                trading.orders.open(order)
                trading.remember_cause(order.cause_id)
            case Reported(report):
                trading.on_report(report)
            case Failed(failure):
                trading.orders.on_send_failed(failure)
            case ModeSet(strategy, mode):
                _restore_mode(trading, strategy, Mode(mode))
            case Answered(command_id, ok, code, text):
                people.remember(Reply(command_id, ok, code, text))
            case Shrunk(symbol, base_e8, ts_ns) if symbol in trading.portfolio.open:
                trading.portfolio.shrink_to(trading.portfolio.open[symbol], base_e8, ts_ns)
            case _:
                pass


def _restore_mode(trading: Trading, strategy: str, mode: Mode) -> None:
    if not strategy or strategy in trading.modes.own:
        trading.modes.set(mode, strategy)
