"""What an order is inside the paper exchange, and what happens to one.

The life of an order::

    PENDING_NEW ─► NEW ─► PARTIALLY_FILLED ─► FILLED
         │          ├──────────┴─► CANCELED | EXPIRED | EXPIRED_IN_MATCH
         └──────────┴─► (a pending order of a list that never began is CANCELED or EXPIRED)

Source: Binance spot, "ENUM definitions", Order status.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from engine.core.types import OrderType, Side, TimeInForce


class Status(StrEnum):
    """Where an order is in its life."""

    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"


class Execution(StrEnum):
    """What an execution report tells of. Source: Binance, "User Data Streams", Execution types."""

    NEW = "NEW"
    CANCELED = "CANCELED"
    REPLACED = "REPLACED"
    REJECTED = "REJECTED"
    TRADE = "TRADE"
    EXPIRED = "EXPIRED"
    TRADE_PREVENTION = "TRADE_PREVENTION"


class StpMode(StrEnum):
    """What to do when an account would trade with itself."""

    NONE = "NONE"
    EXPIRE_TAKER = "EXPIRE_TAKER"
    EXPIRE_MAKER = "EXPIRE_MAKER"
    EXPIRE_BOTH = "EXPIRE_BOTH"
    DECREMENT = "DECREMENT"


class Expiry(StrEnum):
    """Why an order expired. Source: Binance spot, SBE schema 3:4, ``expiryReason``."""

    REJECTED = "REJECTED"
    OCO_TRIGGER = "OCO_TRIGGER"
    OTO_PHASE_ONE_EXPIRED = "OTO_PHASE_ONE_EXPIRED"
    UNFILLED_IOC = "UNFILLED_IOC_QUANTITY_EXPIRED"
    UNFILLED_FOK = "UNFILLED_FOK_ORDER_EXPIRED"
    INSUFFICIENT_LIQUIDITY = "INSUFFICIENT_LIQUIDITY"


OPEN: Final = frozenset({Status.NEW, Status.PARTIALLY_FILLED, Status.PENDING_NEW})
STOPS: Final = frozenset({OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT})
PROFITS: Final = frozenset({OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT})
CONDITIONAL: Final = STOPS | PROFITS
AT_MARKET: Final = frozenset({OrderType.MARKET, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT})
"""Orders without a limit price; once they work, what is not filled at once expires."""


class NewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A request for an order; prices and quantities in 1e-8, 0 where not given."""

    symbol: str
    side: Side
    type: OrderType
    client_order_id: str
    time_in_force: TimeInForce = TimeInForce.GTC
    qty: int = 0
    quote_qty: int = 0
    """MARKET only: spend or earn this much of the quote asset instead of naming a quantity."""
    price: int = 0
    stop_price: int = 0
    iceberg_qty: int = 0
    stp_mode: StpMode = StpMode.EXPIRE_MAKER


class Numbers(msgspec.Struct, frozen=True):
    """The last numbers that were given to orders, trades and executions; 0 where none was."""

    orders: int = 0
    trades: int = 0
    executions: int = 0


class Hold(msgspec.Struct):
    """Money put aside for an order, or for the two legs of an OCO together: the asset and 1e-8 of it."""

    asset: str
    amount: int


class Fill(msgspec.Struct, frozen=True):
    """One execution of one order; all amounts in 1e-8."""

    trade_id: int
    price: int
    qty: int
    quote: int
    fee: int
    fee_asset: str
    is_maker: bool
    time_ms: int


class Order(msgspec.Struct, kw_only=True, eq=False):
    """One order as the exchange keeps it."""

    order_id: int
    account: str
    request: NewOrder
    hold: Hold
    time_ms: int
    update_ms: int
    list_id: int = -1
    qty: int
    """What was asked for. An order by quote amount gets it as it fills."""
    status: Status = Status.NEW
    executed: int = 0
    cum_quote: int = 0
    prevented: int = 0
    """Quantity that self-trade prevention took away."""
    ahead: int = 0
    """Quantity of others at our price that trades before we do."""
    is_working: bool = False
    """In the book, or trying to get there; a stop that has not triggered is not."""
    working_ms: int = -1
    expiry_reason: Expiry | None = None
    fills: list[Fill] = []

    @property
    def leaves(self) -> int:
        """What is still to be filled."""
        return self.qty - self.executed - self.prevented

    @property
    def is_open(self) -> bool:
        """True until the order is done for good."""
        return self.status in OPEN

    @property
    def side(self) -> Side:
        """Which way it goes."""
        return self.request.side

    @property
    def price(self) -> int:
        """Its limit; 0 for none."""
        return self.request.price

    @property
    def client_order_id(self) -> str:
        """The client's own name for it."""
        return self.request.client_order_id

    @property
    def symbol(self) -> str:
        """What it trades."""
        return self.request.symbol


class OrderEvent(msgspec.Struct, frozen=True):
    """One thing that happened to one order, with the order as it was right then."""

    what: Execution
    order: Order
    fill: Fill | None
    time_ms: int
    execution_id: int
    """Counts everything that ever happened to any order."""
    cancel_client_id: str = ""
    """The id that the cancel request itself went under."""


class ListEvent(msgspec.Struct, frozen=True):
    """An order list began, or all of it is done."""

    account: str
    list_id: int
    time_ms: int


class DepositEvent(msgspec.Struct, frozen=True):
    """Money came from, or went, outside."""

    account: str
    asset: str
    amount: int
    time_ms: int


class BalanceEvent(msgspec.Struct, frozen=True):
    """Some balances of an account are not what they were."""

    account: str
    assets: tuple[str, ...]
    time_ms: int


Happening = OrderEvent | ListEvent | DepositEvent | BalanceEvent
