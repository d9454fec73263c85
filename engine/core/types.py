"""The nouns of trading: what comes in, what is proposed, what may leave.

Prices are counted in ticks and quantities in lots (integers, see ``instrument``). Time arrives inside
events, in nanoseconds since the Unix epoch, in two stamps: ``ts_exchange_ns`` is the venue's own,
``ts_recv_ns`` is this machine's at receipt. Nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, StrEnum
from hashlib import blake2b
from typing import Final, NewType, TypeAlias, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.core.plan import ExitPlan

Symbol = NewType("Symbol", str)
"""The venue's own name of an instrument, upper case: ``ETHUSDT``."""
ClientOrderId = NewType("ClientOrderId", str)
"""Our name of an order, derived from the signal or command that caused it, so that a restart knows its own."""
VenueOrderId = NewType("VenueOrderId", int)
OrderListId = NewType("OrderListId", str)
"""Our name of an order list; the venue keeps these names apart from those of orders."""
SignalId = NewType("SignalId", str)
TradeId = NewType("TradeId", str)
"""Our name of a round trip: from flat to a position and back. A venue's id of one fill is ``fill_id``."""
as_signal_id: Final = cast(Callable[[str], SignalId], str)
as_client_order_id: Final = cast(Callable[[str], ClientOrderId], str)
as_trade_id: Final = cast(Callable[[str], TradeId], str)
"""The same where an order waits: to call the type itself is a way through Python, which does nothing."""

Levels: TypeAlias = NDArray[np.int64]
"""Book levels, shape (n, 2), int64: column 0 price in ticks, column 1 quantity in lots (0 removes)."""


class Side(IntEnum):
    """Which way an order goes; the value is the sign that it gives a position."""

    BUY = 1
    SELL = -1
    __hash__ = int.__hash__  # an enumeration's own is a Python function, which every look-up would call

    @property
    def other(self) -> Side:
        """Return the opposite side."""
        return Side.SELL if self is Side.BUY else Side.BUY


BUY, SELL = Side.BUY, Side.SELL
"""The same by a shorter way: a member of an enumeration takes 80 ns to look up, wherever an order waits for it."""


class OrderType(StrEnum):
    """How an order names its price. Source: Binance's ENUMs page, ``orderTypes``."""

    __hash__ = str.__hash__

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    LIMIT_MAKER = "LIMIT_MAKER"
    STOP_LOSS = "STOP_LOSS"
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"


class TimeInForce(StrEnum):
    """How long an order lives: until cancelled, at once or not, whole or not at all."""

    __hash__ = str.__hash__

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class OrderState(StrEnum):
    """Where an order is in its life; the transitions are the table in ``orders.py``."""

    __hash__ = str.__hash__

    IN_FLIGHT = "in_flight"
    WORKING = "working"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Mode(StrEnum):
    """What the engine does with a signal over its thresholds: nothing, ask a person, or act."""

    OFF = "off"
    ASK = "ask"
    AUTO = "auto"


class Trade(msgspec.Struct, frozen=True, gc=False):
    """One public trade of the market."""

    symbol: Symbol
    fill_id: int
    price_ticks: int
    qty_lots: int
    is_buyer_maker: bool
    """True when the aggressor sold."""
    ts_exchange_ns: int
    ts_recv_ns: int


class Quote(msgspec.Struct, frozen=True, gc=False):
    """The best bid and ask."""

    symbol: Symbol
    update_id: int
    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int
    ts_recv_ns: int


class BookUpdate(msgspec.Struct, frozen=True):
    """A snapshot of a book, or what changed in it between two of its update ids (both included)."""

    symbol: Symbol
    is_snapshot: bool
    first_update_id: int
    """A snapshot's is equal to its final id."""
    final_update_id: int
    bids: Levels
    asks: Levels
    ts_exchange_ns: int
    """0 where the venue sends none (a REST snapshot)."""
    ts_recv_ns: int


class Candle(msgspec.Struct, frozen=True, gc=False):
    """One finished candle from the venue's history; warms the strategies up before the first live trade."""

    symbol: Symbol
    open_ns: int
    interval_ns: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    volume_lots: int


class Signal(msgspec.Struct, frozen=True, gc=False):
    """A strategy's proposal. It may be ignored, asked about or acted on; it can't send anything."""

    signal_id: SignalId
    strategy: str
    symbol: Symbol
    side: Side
    confidence: float
    """Between 0 and 1."""
    price_ticks: int
    """The market when the signal arose."""
    stop_ticks: int
    target_ticks: int
    """0 for none."""
    horizon_ns: int
    reasons: tuple[str, ...]
    ts_ns: int
    is_question: bool = False
    """True where no confidence is enough to act on it: people are asked at most (C23)."""
    story_id: str = ""
    """The story that it belongs to; empty for what is no news."""


ORDER_PREFIX: Final = "tr-"
"""Every client order id of ours begins so: a restart and the venue's order list know them by it."""
_NAMED: Final = blake2b(digest_size=12)
"""To be copied: a third less than to make one with its size named."""


def order_name(cause_id: str) -> ClientOrderId:
    """Return our name of the order of a cause."""
    digest = _NAMED.copy()
    digest.update(cause_id.encode())
    return as_client_order_id(ORDER_PREFIX + digest.hexdigest())


class OrderRequest(msgspec.Struct, frozen=True, gc=False):
    """What somebody wants: a strategy, a person's command or an exit. Only the gate turns it into an order."""

    client_order_id: ClientOrderId
    symbol: Symbol
    side: Side
    order_type: OrderType
    qty_lots: int
    """0 asks the gate to size it by risk and stop distance."""
    limit_ticks: int
    """0 for a market order."""
    reduce_only: bool
    """True for closes and exits: passes a reduce-only check, and also while trading is halted."""
    stop_ticks: int
    """Where the position would be given up; 0 for none."""
    target_ticks: int
    cause_id: str
    """The signal's, the command's or the exit's id: one order for each (C6)."""
    origin: str
    """Who asks, for people to read: ``strategy:sma_cross``, ``slack:U01ALICE``, ``exit:stop_loss``."""
    trade_id: TradeId
    ts_ns: int
    plan: ExitPlan | None = None
    """How an entry is to be left besides its stop and target; None for by nothing else."""


class ApprovedOrder(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An order that passed the gate. Only ``risk.py`` makes one, and the encoder accepts nothing else."""

    client_order_id: ClientOrderId
    symbol: Symbol
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    qty_lots: int
    price_ticks: int
    reduce_only: bool
    stop_ticks: int
    target_ticks: int
    cause_id: str
    origin: str
    trade_id: TradeId
    ref_ticks: int
    """The reference price of the collar (C4)."""
    ts_ns: int
    """The moment of the decision; the signature's timestamp is made from it, so that a replay gives the same bytes."""
    plan: ExitPlan | None = None


class Refusal(msgspec.Struct, frozen=True):
    """What the gate answers instead of an order: a stable code, and the numbers that decided."""

    code: str
    """For example ``C4_PRICE_COLLAR``."""
    detail: str
    """For example ``limit=2.00% move=3.41% ref=2682.51``."""
    advice: str
    """What the person can do about it, one sentence."""

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class ExecutionReport(msgspec.Struct, frozen=True):
    """What the venue says of one of our orders, whichever way it said it (reply, user stream, query)."""

    symbol: Symbol
    client_order_id: ClientOrderId
    venue_order_id: VenueOrderId
    side: Side
    state: OrderState
    """``UNKNOWN`` when the venue used a status that we don't know: ask, never assume."""
    qty_lots: int
    cum_qty_lots: int
    cum_quote_e8: int
    """What was paid or received so far, in 1e-8 of the quote asset."""
    fill_id: int
    """The venue's id of this fill; 0 when the report carries none. A fill counts once by this id (F1)."""
    last_qty_lots: int
    last_price_ticks: int
    fee_e8: int
    fee_asset: str
    is_maker: bool
    reason: str
    """The venue's words for a rejection or an expiry."""
    ts_exchange_ns: int
    ts_recv_ns: int
    price_ticks: int = 0
    """The order's own limit, where the venue was asked for its open orders; else 0."""


class SendFailed(msgspec.Struct, frozen=True):
    """An order's bytes got no answer that settles it, or an answer that refuses it."""

    client_order_id: ClientOrderId
    is_ambiguous: bool
    """True: its outcome is unknown and the exposure stays reserved. False: the venue certainly has no such order."""
    code: int
    """The venue's error code; 0 for a transport's own failure."""
    reason: str
    ts_recv_ns: int
    ts_asked_ns: int = 0
    """When the venue was asked, where this answers a question about the order; 0 where it answers the order itself."""


class ReplaceMode(StrEnum):
    """Whether a new order is placed although the old one could not be cancelled. Source: Binance, cancelReplaceMode."""

    STOP_ON_FAILURE = "STOP_ON_FAILURE"
    ALLOW_FAILURE = "ALLOW_FAILURE"


class ApprovedProtection(msgspec.Struct, frozen=True):
    """A stop and a target that rest at the venue as one list (OCO): as soon as one of them begins to live, the other
    expires. Both are orders of their own, with their own names and reports, and share what they sell.

    Only ``risk.py`` makes one, and the encoder accepts nothing else.
    """

    list_id: OrderListId
    target: ApprovedOrder
    """LIMIT_MAKER at ``price_ticks``; or TAKE_PROFIT_LIMIT, which waits for ``target_ticks`` and then sells at
    ``price_ticks`` or better."""
    stop: ApprovedOrder
    """STOP_LOSS_LIMIT, which waits for ``stop_ticks`` and then sells at ``price_ticks`` or better; or STOP_LOSS, which
    then sells at any price."""
    ts_ns: int
    """The moment of the decision; the signature's timestamp is made from it."""

    @property
    def symbol(self) -> Symbol:
        """What is protected."""
        return self.stop.symbol

    @property
    def orders(self) -> tuple[ApprovedOrder, ApprovedOrder]:
        """Return the two orders, the target first."""
        return self.target, self.stop

    @property
    def legs(self) -> tuple[ClientOrderId, ClientOrderId]:
        """Return our names of the two orders, the target's first."""
        return self.target.client_order_id, self.stop.client_order_id
