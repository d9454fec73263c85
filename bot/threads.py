"""An order and the trade that came of it: one message that shows their state, and a thread that tells its story."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

import msgspec

from bot.mail import Mail
from bot.memory import Card, Occasion
from bot.render import notes, trade
from bot.render.order import fill_reply
from engine.wire.events import TradeChanged
from engine.wire.order_phrases import FINISHED, has_fill
from engine.wire.views import OrderView, PriceView, TradeView

_CLICKED: Final = "proposal:"
"""How the cause of an order begins that a click on an alert led to."""
_DOORS: Final = ("slack:", "cli:", "desk:")
"""Orders of people get a message of their own; a strategy's is shown on its alert, an exit's in its trade's thread."""


class Threads:
    """Shows orders and trades where their cause is shown, or in a message of their own."""

    def __init__(self, mail: Mail, picture: Callable[[Card, Occasion], None]) -> None:
        """``picture`` wants a chart in a card's thread."""
        self._mail = mail
        self._memory = mail.memory
        self._picture = picture
        self._asked: dict[str, str] = {}
        self._market_ns: dict[str, int] = {}
        """By symbol: the market's own time, as it was last heard."""

    def on_order(self, order: OrderView, asked: str = "") -> None:
        """Show an order where its cause is shown, or in a message of its own if a person gave it.

        ``asked`` is what the person typed, in words; the reply that has it and the events may come in any order.
        """
        if asked:
            self._asked[order.client_order_id] = asked
        card = self._card_for(order)
        if card is None:
            return
        card.asked = self._asked.pop(order.client_order_id, card.asked)
        before, card.order = card.order, _newer(card.order, order)
        if card.order is order and _is_news(before, order):
            self._mail.reply(card, fill_reply(order))
            if card.trade is not None and card.trade.is_open and order.state in FINISHED:
                self._mail.reply(card, trade.summary(card.trade))
        self._mail.show(card)

    def on_prices(self, prices: tuple[PriceView, ...]) -> None:
        """Take how the markets are, about once a second: candles are counted by their clock and not by ours."""
        self._market_ns |= {price.symbol: price.ts_exchange_ns for price in prices}

    def on_trade(self, event: TradeChanged) -> None:
        """Tell in the trade's thread what happened to it, and show on its root message how it stands."""
        card = self._memory.card_of_trade(event.trade.trade_id)
        if card is None:
            card = self._memory.add(Card(f"trade:{event.trade.trade_id}"))
        card.trade = event.trade
        if event.what == "opened":
            card.market_opened_ns = self._market_ns.get(event.trade.symbol, 0)
        elif event.what == "closed":
            card.market_closed_ns = self._market_ns.get(event.trade.symbol, 0)
        # The fills of the order that opened it are told as the order's; all that comes after it is told here.
        is_own = card.order is not None and (event.what == "opened" or card.order.state not in FINISHED)
        if not is_own or event.what not in {"opened", "filled"}:
            self._mail.reply(card, trade.told(event.what, event.text, event.trade))
        if event.what == "closed" and ":" not in event.trade.exit_reason:
            # By a stop or a target: what a person or a strategy closed has a message of its own.
            self._mail.post(notes.closed(event.trade), kind="orders")
        self._mail.show(card)
        if event.what == "closed":
            self._picture(card, "closed")

    def catch_up(self, held: tuple[TradeView, ...]) -> None:
        """Show what is held now, and as closed what is held no more."""
        known = {each.trade_id for each in held}
        for now in held:
            card = self._memory.card_of_trade(now.trade_id) or self._memory.add(Card(f"trade:{now.trade_id}"))
            if card.trade is not None and _terms(card.trade) != _terms(now):
                self._mail.reply(card, f"While I was away: {trade.summary(now)}")
            if card.trade != now:
                card.trade = now
                self._mail.show(card)
        for card in self._memory.cards:
            if card.trade is not None and card.trade.is_open and card.trade.trade_id not in known:
                card.trade = msgspec.structs.replace(card.trade, is_open=False, qty="0")
                self._mail.show(card)

    def unknown_ends(self, held: tuple[TradeView, ...]) -> set[str]:
        """Return the trades that are shown as open and are held no more."""
        known = {each.trade_id for each in held}
        shown = (card.trade for card in self._memory.cards if card.trade is not None and card.trade.is_open)
        return {each.trade_id for each in shown} - known

    def _card_for(self, order: OrderView) -> Card | None:
        card = self._memory.card_of_order(order.client_order_id)
        if card is None and order.cause_id.startswith(_CLICKED):
            card = self._memory.card_of_proposal(order.cause_id.removeprefix(_CLICKED))
        if card is None and not order.reduce_only:
            card = self._memory.card_of_trade(order.trade_id) if order.trade_id else None
            card = card if card is not None and card.order is None else None
        if card is None and order.origin.startswith(_DOORS):
            card = self._memory.add(Card(f"order:{order.client_order_id}"))
        return card


def _terms(view: TradeView) -> tuple[object, ...]:
    """Return what a thread is told of when it changes: how much is held, and where it is left."""
    return view.qty, view.stop_price, view.stop_kind, view.target_price, view.steps


def _newer(known: OrderView | None, order: OrderView) -> OrderView:
    """Choose the later of two views: a reply and an event about the same order may overtake each other."""
    return order if known is None or _progress(order) >= _progress(known) else known


def _progress(order: OrderView) -> tuple[bool, Decimal, int]:
    return order.state in FINISHED, Decimal(order.filled_qty or "0"), order.ts_changed_ns


def _is_news(before: OrderView | None, order: OrderView) -> bool:
    """Tell whether the thread should hear of it: something was filled, or it ended without."""
    if before is not None and before.filled_qty == order.filled_qty:
        return order.state in FINISHED and before.state not in FINISHED and order.state != "filled"
    return has_fill(order) or order.state in FINISHED
