"""What can't be made flat within its loss limit: people are told again and again, and may close it at a price.

While one is open nothing new is begun. It is tried on within the limit, as prices come back.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar, Final, Generic, Protocol, TypeVar

from engine.core.amounts import Unclear
from engine.core.authority import origin_of
from engine.core.instrument import E8, parse_e8, scaled_text
from engine.core.pairs.circle import Circle
from engine.core.pairs.circling import CircleDesk
from engine.core.pairs.desk import PairDesk
from engine.core.pairs.mending import lost_e8
from engine.core.pairs.pair import Pair
from engine.core.people import People
from engine.core.proposals import LegsWord
from engine.core.symbols import find_symbol
from engine.core.trading import Trading
from engine.core.types import BUY, Refusal
from engine.wire import events
from engine.wire.pairs import ClosePair
from engine.wire.replies import Reply

AGAIN_NS: Final = 60_000_000_000
"""Between two times that the same one is told of; in between Slack repeats what nobody has acknowledged."""
WORSE: Final = 1.25
"""So much more than was shown may be lost at a click: prices move while somebody reads."""


class _Legs(Protocol):
    told_ns: int

    @property
    def is_settled(self) -> bool: ...


Open = TypeVar("Open", bound=_Legs)


class Stuck(ABC, Generic[Open]):
    """Tells of what is open, with what closing now would cost, and closes it when a person says so."""

    word: ClassVar[LegsWord]
    code: ClassVar[str]

    def __init__(self, trading: Trading, people: People) -> None:
        self._trading = trading
        people.hand.close_legs[self.word] = self.close

    def on_stuck(self, it: Open, now_ns: int) -> None:
        """Tell of one, once a minute."""
        if not it.told_ns or now_ns - it.told_ns >= AGAIN_NS:
            self._tell(it, now_ns)

    def close(self, command: ClosePair) -> Reply:
        """Close one at the market, within the collar and what the person has seen it cost; raises Unclear."""
        it = self._meant(command.pair)
        if not it.is_settled:
            raise Unclear("NOT_READY", f"An order of this {self.word} is under way: wait for what comes of it.")
        done = self._close(it, _allowed_e8(command.most_loss), origin_of(command.who))
        if not done:
            self._tell(it, self._trading.now_ns)
            raise Unclear("CHANGED", "It would lose more than was shown by now, or no book has a price: look again.")
        if isinstance(done, Refusal):
            return Reply(command.id, False, done.code, f"{done}. {done.advice}")
        return Reply(command.id, True, "OK", done)

    def _tell(self, it: Open, now_ns: int) -> None:
        it.told_ns = now_ns
        subject, loss, what, closing = self._words(it, now_ns)
        words = f"{what}, because {self._why(it)}. It is tried on, and no new {self.word} is begun."
        words += f" `pairs close {closing}` closes it now, for a loss of some {loss}." if loss else ""
        words += "" if loss else " No book has a price for it now."
        notice = events.Notice(ts_ns=now_ns, severity="critical", code=self.code, text=words)
        self._trading.alarms.on_notice(notice, subject, loss)

    @abstractmethod
    def _meant(self, word: str) -> Open:
        """Return the one that a person means; raises Unclear."""

    @abstractmethod
    def _loss_pct(self) -> float:
        """Return what one may lose by itself, in percent of what it bought for."""

    def _why(self, it: Open) -> str:
        """Say why it is open still."""
        return f"that would lose more than its limit of {self._loss_pct():g} %, or a gate bars it"

    @abstractmethod
    def _words(self, it: Open, now_ns: int) -> tuple[str, str, str, str]:
        """Return its id, what closing costs (empty where no book says so), what is the matter, and how it is called."""

    @abstractmethod
    def _close(self, it: Open, loss_e8: float, origin: str) -> Refusal | str:
        """Close it for no greater loss than that (1e-8 of the quote asset); say how, nothing where no book allows."""


class StuckPairs(Stuck[Pair]):
    """Pairs of which one leg is short."""

    word = "pair"
    code = "PAIR_SHORT"

    def __init__(self, desk: PairDesk, people: People) -> None:
        super().__init__(desk.near.trading, people)
        self._desk = desk
        desk.stuck = self.on_stuck

    def _meant(self, word: str) -> Pair:
        for pair in self._desk.open.values():
            if pair.pair_id == word:
                return pair
        symbol = find_symbol(word.partition("-")[0], self._trading.markets, self._trading.config.quote_asset)
        if "-" in word or symbol not in self._desk.open:
            raise Unclear("NOT_FOUND", "This pair is flat already, or there is none: see /pairs. Nothing was done.")
        return self._desk.open[symbol]

    def _loss_pct(self) -> float:
        return self._desk.config.loss_pct

    def _words(self, it: Pair, now_ns: int) -> tuple[str, str, str, str]:
        desk, excess_e8 = self._desk, self._desk.excess_e8(it)
        rules = desk.near.market(it.symbol).instrument
        amount = f"{scaled_text(abs(excess_e8), 8)} {rules.base_asset} too {'much' if excess_e8 > 0 else 'little'}"
        what = f"A pair in {it.symbol} is not flat: {amount} for {(now_ns - it.short_ns) / 1e9:.0f} s"
        mend = desk.mend_of(it, excess_e8, math.inf)
        lost = max(round(lost_e8(it, excess_e8, mend)), 0) if mend else 0
        return it.pair_id, f"{scaled_text(lost, 2)} {rules.quote_asset}" if mend else "", what, it.symbol

    def _close(self, it: Pair, loss_e8: float, origin: str) -> Refusal | str:
        desk = self._desk
        desk.far.trading.now_ns = max(self._trading.now_ns, desk.far.trading.now_ns)
        mend = desk.close_now(it, loss_e8, origin)
        if mend is None or isinstance(mend, Refusal):
            return mend or ""
        rules, request = mend.place.market(it.symbol).instrument, mend.request
        verb = "Buying" if request.side is BUY else "Selling"
        what = f"{verb} {rules.qty_text(request.qty_lots)} {rules.base_asset} on {mend.place.name}"
        return f"{what} to close the pair, {rules.price_text(request.limit_ticks)} {rules.quote_asset} at the worst."


class StuckCircles(Stuck[Circle]):
    """Circles that hold a coin still."""

    word = "circle"
    code = "CIRCLE_SHORT"

    def __init__(self, desk: CircleDesk, people: People) -> None:
        super().__init__(desk.trading, people)
        self._desk = desk
        desk.stuck = self.on_stuck

    def _meant(self, word: str) -> Circle:
        circle = self._desk.open
        if circle is None or word not in ("circle", f"circle:{circle.circle_id}"):
            raise Unclear("NOT_FOUND", "This circle is back to money already, or there is none. Nothing was done.")
        return circle

    def _loss_pct(self) -> float:
        return self._desk.config.loss_pct

    def _words(self, it: Circle, now_ns: int) -> tuple[str, str, str, str]:
        holdings = [f"{m.instrument.qty_text(lots)} {m.instrument.base_asset}" for m, lots in self._desk.held(it)]
        holdings += [f"{scaled_text(amount, 8)} {coin}" for coin, amount in self._desk.unsaleable(it).items()]
        held = ", ".join(holdings)
        loss = f"{scaled_text(max(-self._desk.result_e8(it), 0), 2)} {self._trading.config.quote_asset}"
        markets = [market for market, _ in self._desk.held(it)]
        loss = loss if markets and all(market.bid_ticks for market in markets) else ""
        what = f"A circle is not back to money: {held} for {(now_ns - it.short_ns) / 1e9:.0f} s"
        return f"circle:{it.circle_id}", loss, what, "circle"

    def _why(self, it: Circle) -> str:
        if coins := " and ".join(self._desk.unsaleable(it)):
            asset = self._trading.config.quote_asset
            return f"{coins} priced in {asset} is not followed: put it back into ENGINE_SYMBOLS and start again"
        return super()._why(it)

    def _close(self, it: Circle, loss_e8: float, origin: str) -> Refusal | str:
        sent = self._desk.sell(it, loss_e8, origin)
        if isinstance(sent, Refusal):
            return sent
        return f"Selling what the circle holds: {sent} order(s)." if sent else ""


def _allowed_e8(most_loss: str) -> float:
    """Return what may be lost in 1e-8 of the quote asset; inf where nobody has said. Raises Unclear."""
    if not most_loss:
        return math.inf
    try:
        return max(parse_e8(most_loss), E8 // 100) * WORSE
    except ValueError:
        raise Unclear("BAD_AMOUNT", f"{most_loss!r} is no amount of money: say for example 12.50.") from None
