"""What proposals would have made that nobody took: followed from the moment they were let go to their stop, target or
horizon, at the prices that came, after fees; so that a no can be judged like a yes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

import msgspec

from engine.core.instrument import money_text, moved_levels
from engine.core.market import Market
from engine.core.portfolio import RoundTrip
from engine.core.proposals import NO_RECORD, Proposal, TrackRecord
from engine.core.records import Missed
from engine.core.trading import Trading
from engine.core.types import BUY
from engine.wire import events
from engine.wire.hand_views import MissedProposalView, MissedStrategyView, MissedView

_FOLLOWED: Final = 200
_KEPT: Final = 1_000
"""The last results that the sums are made of."""
_SHOWN: Final = 20
_ENDS: Final = {"stop": "its stop first", "target": "its target first", "horizon": "neither in its time"}


class MissedProposals:
    """Follows what was let go; a buy alone, because a sale that nobody took opened nothing."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._followed: dict[str, Missed] = {}
        self._ended: deque[Missed] = deque(maxlen=_KEPT)

    def begin(self, proposal: Proposal) -> None:
        """Follow a proposal that has just been let go, as if it had been bought at this moment's ask."""
        trading, signal = self._trading, proposal.signal
        market = trading.markets[signal.symbol]
        ask, is_known = market.ask_ticks, proposal.proposal_id in self._followed
        if signal.side is not BUY or not (ask and proposal.lots and signal.stop_ticks) or is_known:
            return
        stop, target = moved_levels(ask, signal.price_ticks, signal.stop_ticks, signal.target_ticks)
        record = Missed(
            proposal.proposal_id,
            signal.strategy,
            signal.symbol,
            proposal.state,
            proposal.lots,
            ask,
            stop,
            target if signal.target_ticks else 0,
            trading.now_ns + signal.horizon_ns,
            trading.now_ns,
        )
        trading.write(record)
        self.take(record)

    def on_timer(self) -> None:
        """Settle what has reached its stop, its target or its horizon, seen at the bid ten times a second."""
        for record in tuple(self._followed.values()) if self._followed else ():
            bid = self._trading.markets[record.symbol].bid_ticks
            if end := _end(record, bid, self._trading.now_ns):
                self._settle(record, end, record.target_ticks if end == "target" else bid)

    def take(self, record: Missed) -> None:
        """Take a record, new or from the journal."""
        if record.symbol not in self._trading.markets:
            return
        if record.end:
            self._followed.pop(record.proposal_id, None)
            self._ended.append(record)
            return
        self._followed[record.proposal_id] = record
        if len(self._followed) > _FOLLOWED:
            del self._followed[next(iter(self._followed))]

    def records(self) -> list[Missed]:
        """Return what comes to the same when it is taken in this order."""
        return [*self._ended, *self._followed.values()]

    def view(self) -> MissedView:
        """Sum up by strategy, and show the last ones."""
        names = dict.fromkeys([r.strategy for r in (*self._ended, *self._followed.values())])
        last = tuple(self._view_of(record) for record in list(self._ended)[-_SHOWN:][::-1])
        return MissedView(self._trading.config.quote_asset, tuple(map(self._sum, names)), last)

    def since(self, ts_ns: int) -> tuple[int, int, str, float]:
        """Sum up what came to its end since a moment: how many, how many won, their profit in money and in R."""
        ended = [record for record in self._ended if record.ts_ns >= ts_ns]
        net_r = sum((_r(record, self._trading.markets[record.symbol]) for record in ended), 0.0)
        won = sum(record.profit_e8 > 0 for record in ended)
        return len(ended), won, money_text(sum(record.profit_e8 for record in ended)), net_r

    def _settle(self, record: Missed, end: str, exit_ticks: int) -> None:
        market = self._trading.markets[record.symbol]
        profit_e8 = _profit_e8(record, exit_ticks, market, self._trading.config.people.fee_pct)
        now_ns = self._trading.now_ns
        done = msgspec.structs.replace(record, end=end, exit_ticks=exit_ticks, profit_e8=profit_e8, ts_ns=now_ns)
        self._trading.write(done)
        self.take(done)
        view = self._view_of(done)
        self._trading.publish(lambda: events.ProposalMissed(ts_ns=now_ns, missed=view))

    def _view_of(self, record: Missed) -> MissedProposalView:
        market = self._trading.markets[record.symbol]
        text = market.instrument.price_text
        return MissedProposalView(
            proposal_id=record.proposal_id,
            strategy=record.strategy,
            symbol=record.symbol,
            quote_asset=market.instrument.quote_asset,
            state=record.state,
            entry_price=text(record.entry_ticks),
            exit_price=text(record.exit_ticks),
            end=_ENDS[record.end],
            profit_quote=money_text(record.profit_e8),
            r_multiple=_r(record, market),
        )

    def _sum(self, strategy: str) -> MissedStrategyView:
        ended = [record for record in self._ended if record.strategy == strategy]
        return MissedStrategyView(
            strategy=strategy,
            ended=len(ended),
            won=sum(record.profit_e8 > 0 for record in ended),
            net_quote=money_text(sum(record.profit_e8 for record in ended)),
            net_r=sum(_r(record, self._trading.markets[record.symbol]) for record in ended),
            followed=sum(record.strategy == strategy for record in self._followed.values()),
        )


def track_record(strategy: str, closed: Iterable[RoundTrip]) -> TrackRecord:
    """Sum up what became of a strategy's signals that were traded, by itself or by somebody's click."""
    trips = [(trip.proceeds_e8 - trip.cost_e8, trip.risk_e8()) for trip in closed if trip.strategy == strategy]
    multiples = [profit_e8 / risk_e8 for profit_e8, risk_e8 in trips if risk_e8]
    if not multiples:
        return NO_RECORD
    return TrackRecord(len(multiples), sum(each > 0.0 for each in multiples), sum(multiples) / len(multiples))


def _end(record: Missed, bid: int, now_ns: int) -> str:
    """Say what ends it now; the stop counts before the target, and without a price it goes on."""
    if not bid:
        return ""
    if bid <= record.stop_ticks:
        return "stop"
    if record.target_ticks and bid >= record.target_ticks:
        return "target"
    return "horizon" if now_ns >= record.until_ns else ""


def _profit_e8(record: Missed, exit_ticks: int, market: Market, fee_pct: float) -> int:
    paid_e8 = market.instrument.notional_e8(record.entry_ticks, record.lots)
    back_e8 = market.instrument.notional_e8(exit_ticks, record.lots)
    return back_e8 - paid_e8 - int((paid_e8 + back_e8) * fee_pct / 100.0)


def _r(record: Missed, market: Market) -> float:
    """Return the profit over what it would have lost at the stop, before fees."""
    risk_e8 = market.instrument.notional_e8(record.entry_ticks - record.stop_ticks, record.lots)
    return record.profit_e8 / risk_e8 if risk_e8 > 0 else 0.0
