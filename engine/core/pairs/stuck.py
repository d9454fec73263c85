"""A pair that can't be made flat within its loss limit: people are told again and again, and may close it at a price.

While one is open nothing new is begun. It is tried on within the limit, as prices come back.
"""

from __future__ import annotations

import math
from typing import Final

from engine.core.amounts import Unclear
from engine.core.authority import origin_of
from engine.core.instrument import E8, parse_e8, scaled_text
from engine.core.pairs.desk import PairDesk
from engine.core.pairs.mending import lost_e8
from engine.core.pairs.pair import Pair
from engine.core.people import People
from engine.core.symbols import find_symbol
from engine.core.types import BUY, Refusal
from engine.wire import events
from engine.wire.pairs import ClosePair
from engine.wire.replies import Reply

AGAIN_NS: Final = 60_000_000_000
"""Between two times that the same pair is told of; in between Slack repeats what nobody has acknowledged."""
WORSE: Final = 1.25
"""So much more than was shown may be lost at a click: prices move while somebody reads."""


class StuckPairs:
    """Tells of them, with what closing now would cost, and closes one when a person says so."""

    def __init__(self, desk: PairDesk, people: People) -> None:
        self._desk, self._trading = desk, desk.near.trading
        desk.stuck = self.on_stuck
        people.hand.close_pair = self.close

    def on_stuck(self, pair: Pair, excess_e8: int, now_ns: int) -> None:
        """Tell of a pair, once a minute."""
        if pair.told_ns and now_ns - pair.told_ns < AGAIN_NS:
            return
        pair.told_ns = now_ns
        self._tell(pair, excess_e8, now_ns)

    def close(self, command: ClosePair) -> Reply:
        """Close a pair at the market, within the collar and what the person has seen it cost; raises Unclear."""
        pair, desk = self._meant(command.pair), self._desk
        desk.far.trading.now_ns = max(self._trading.now_ns, desk.far.trading.now_ns)
        if not pair.is_settled:
            raise Unclear("NOT_READY", "An order of this pair is under way: wait for what comes of it.")
        mend = desk.close_now(pair, allowed_e8(command.most_loss), origin_of(command.who))
        if mend is None:
            pair.told_ns = self._trading.now_ns
            self._tell(pair, desk.excess_e8(pair), self._trading.now_ns)
            raise Unclear("CHANGED", "It would lose more than was shown by now, or no book has a price: look again.")
        if isinstance(mend, Refusal):
            return Reply(command.id, False, mend.code, f"{mend}. {mend.advice}")
        it, request = mend.place.market(pair.symbol).instrument, mend.request
        verb = "Buying" if request.side is BUY else "Selling"
        what = f"{verb} {it.qty_text(request.qty_lots)} {it.base_asset} on {mend.place.name}"
        worst = f"{it.price_text(request.limit_ticks)} {it.quote_asset}"
        return Reply(command.id, True, "OK", f"{what} to close the pair, {worst} at the worst.")

    def _meant(self, word: str) -> Pair:
        for pair in self._desk.open.values():
            if pair.pair_id == word:
                return pair
        symbol = find_symbol(word.partition("-")[0], self._trading.markets, self._trading.config.quote_asset)
        if "-" in word or symbol not in self._desk.open:
            raise Unclear("NOT_FOUND", "This pair is flat already, or there is none: see /pairs. Nothing was done.")
        return self._desk.open[symbol]

    def _tell(self, pair: Pair, excess_e8: int, now_ns: int) -> None:
        it, config = self._desk.near.market(pair.symbol).instrument, self._desk.config
        what = f"{scaled_text(abs(excess_e8), 8)} {it.base_asset} too {'much' if excess_e8 > 0 else 'little'}"
        since_s = (now_ns - pair.short_ns) / 1e9
        words = f"A pair in {pair.symbol} is not flat: {what} for {since_s:.0f} s, because making up for it would lose"
        words += f" more than {config.loss_pct:g} %, or a gate bars it. It is tried on, and no new pair is begun."
        mend = self._desk.mend_of(pair, excess_e8, math.inf)
        lost = max(round(lost_e8(pair, excess_e8, mend)), 0) if mend else 0
        loss = f"{scaled_text(lost, 2)} {it.quote_asset}" if mend else ""
        closing = f"`pairs close {pair.symbol}` closes it now, for a loss of some {loss}"
        words += f" {closing}." if loss else " No book has a price for it now."
        notice = events.Notice(ts_ns=now_ns, severity="critical", code="PAIR_SHORT", text=words)
        self._trading.alarms.on_notice(notice, pair.pair_id, loss)


def allowed_e8(most_loss: str) -> float:
    """Return what may be lost in 1e-8 of the quote asset; inf where nobody has said. Raises Unclear."""
    if not most_loss:
        return math.inf
    try:
        return max(parse_e8(most_loss), E8 // 100) * WORSE
    except ValueError:
        raise Unclear("BAD_AMOUNT", f"{most_loss!r} is no amount of money: say for example 12.50.") from None
