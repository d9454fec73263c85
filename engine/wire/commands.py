"""What a person may ask of the engine, and how it answers: one typed message for each.

Every command carries an ``id`` that is unique for what the person did (Slack's own id of the interaction, so
that a redelivered envelope carries it again) and ``who`` did it. The engine answers an id that it has seen with
the same reply and does nothing a second time.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.wire.drill import StartDrill
from engine.wire.mutes import EndMute, GetMutes, SetMute
from engine.wire.pairs import ClosePair
from engine.wire.person import Command as Command
from engine.wire.person import Who as Who
from engine.wire.questions import AnyQuestion, SetParameter, Unwatch, Watch

ModeName = Literal["off", "ask", "auto"]


class Amount(msgspec.Struct, frozen=True):
    """How much: of the quote asset, of the base asset, a percentage, or everything there is."""

    unit: Literal["quote", "base", "percent", "all"]
    value: str
    """A plain decimal; empty for ``all``. A percentage is of the free quote balance for a buy, of the position
    for a sell or close."""


class BuyExits(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a buy is to be left besides its stop and last target; None takes the setting (``[by_hand]``), 0 is off."""

    target: bool | None = None
    """False: no last target."""
    steps: tuple[tuple[float, float], ...] | None = None
    """Before it, upwards: at so many percent of profit so many percent of the position."""
    trail_pct: float | None = None
    trail_atr: float | None = None
    trail_after_pct: float | None = None
    break_even_pct: float | None = None
    break_even_r: float | None = None
    time_s: float | None = None
    time_below_pct: float | None = None


class Buy(Command, frozen=True, tag="buy"):
    """Buy a symbol.

    Raw::

        {"type":"buy","symbol":"ETHUSDT","amount":{"unit":"quote","value":"250"},"stop_pct":2.0,"target_pct":null,
         "exits":null,"limit_price":"","good_s":null,"id":"slack:1","who":{"user_id":"U01ALICE","name":"alice","door":"slack"}}
    """

    symbol: str
    """As the person typed it: ``eth``, ``ETH/USDT`` and ``ETHUSDT`` are one."""
    amount: Amount
    stop_pct: float | None = None
    """Distance of the stop-loss from the entry in percent; None takes the setting's default."""
    target_pct: float | None = None
    exits: BuyExits | None = None
    limit_price: str = ""
    """A plain decimal: it rests there until it fills; empty to buy at the market."""
    good_s: float | None = None
    """How long it may rest there; None for a day."""


class Sell(Command, frozen=True, tag="sell"):
    """Sell from a position (spot: never more than is held)."""

    symbol: str
    amount: Amount
    limit_price: str = ""
    """A plain decimal: it rests there until it fills or is cancelled; empty to sell at the market."""


class Close(Command, frozen=True, tag="close"):
    """Close the position of a symbol, or of all (``symbol="all"``); works while halted."""

    symbol: str
    percent: float = 100.0


class CancelOrder(Command, frozen=True, tag="cancel"):
    """Cancel one open order by its client order id, or all (``all``); works while halted."""

    client_order_id: str


class SetMode(Command, frozen=True, tag="set_mode"):
    """Set the auto-trade mode, of everything or of one strategy."""

    mode: ModeName
    strategy: str | None = None
    """None sets the global mode, which caps every strategy's own."""


class Halt(Command, frozen=True, tag="halt"):
    """Stop all new entries at once. The market is still followed, closes and exits still work."""

    reason: str = ""


class Resume(Command, frozen=True, tag="resume"):
    """Arm trading; refused until kernels are warm, books in sync and the account reconciled."""

    confirm: str = ""
    """On a live account it must be ``LIVE`` (C1)."""


class Kill(Command, frozen=True, tag="kill"):
    """Halt at once, cancel the open entries and, if asked, sell what is held; holds until a ``ResetKill`` (C11)."""

    flatten: bool = False
    """Sell what is held too, and with it cancel what protects it."""
    symbol: str = ""
    """Cancel and sell only of this; empty for all. The halt is for everything."""
    reason: str = ""


class ResetBreakers(Command, frozen=True, tag="reset_breakers"):
    """Let the breakers go that have tripped; losses count from here on. Refused without a reason."""

    reason: str = ""


class LockSymbol(Command, frozen=True, tag="lock"):
    """Bar entries of a symbol for a while; 0 s takes the lock away. Closes and exits go on."""

    symbol: str
    seconds: float
    reason: str = ""


class SetLimit(Command, frozen=True, tag="set_limit"):
    """Set a limit while it runs: the account's, or that of the symbol or strategy that is named.

    Refused without a reason, and outside of what the limit may be.
    """

    name: str
    """As in ``trader.toml``: ``max_order_pct``."""
    value: float | None
    """None lets the value in ``trader.toml`` count again."""
    symbol: str = ""
    strategy: str = ""
    reason: str = ""
    loosen: bool = False
    """Without it a value that is looser than in ``trader.toml`` is refused."""


class Acknowledge(Command, frozen=True, tag="acknowledge"):
    """Say that somebody has seen an alarm and takes care of it: it is repeated no more (C20)."""

    alarm: str
    """Its id, its code, or ``all``."""


class Reach(Command, frozen=True, tag="reach"):
    """Say whether people can be reached: sent by the bot every few seconds, and nothing of it is written down (C12)."""

    is_reachable: bool
    detail: str = ""
    """Why not."""


class GetRisk(Command, frozen=True, tag="risk"):
    """Ask for the limits, how much of each is used, what has tripped and what is locked."""


class Reconcile(Command, frozen=True, tag="reconcile"):
    """Compare the account with the venue's now; what was found is told as ``Reconciled``."""


class DecideForeign(Command, frozen=True, tag="decide_foreign"):
    """Adopt an open order that somebody else placed on the account, or ignore it from now on."""

    client_order_id: str
    choice: Literal["adopt", "ignore"]


class AcceptBalance(Command, frozen=True, tag="accept_balance"):
    """Take what the venue holds of a symbol's asset as right, though it is not what was counted."""

    symbol: str


class ResetKill(Command, frozen=True, tag="reset_kill"):
    """Let the kill switch go; trading stays halted until a ``Resume``. Refused without a reason."""

    reason: str = ""


class Decide(Command, frozen=True, tag="decide"):
    """A click on a proposal's button. Its price, size and limits are checked again at this moment."""

    proposal_id: str
    choice: Literal["buy", "sell", "dismiss"]
    fingerprint: str
    """The proposal's fingerprint as the button carried it: what the person saw."""
    amount: Amount | None = None
    """How much, where the person wants another size; None takes what the strategy's sizing says now."""


ByHand = Buy | Sell | Decide
"""An order that a person wants."""


class Shown(msgspec.Struct, frozen=True):
    """What a preview showed: no more than this is bought or sold when it is confirmed."""

    qty: str
    price: str
    """The market at that moment: the ask for a buy, the bid for a sale."""
    ts_ns: int


class Preview(Command, frozen=True, tag="preview"):
    """Ask what an order would be and what the gate would say to it; changes nothing."""

    order: ByHand


class Confirm(Command, frozen=True, tag="confirm"):
    """Give the order that was previewed; it is priced, sized and checked again, and goes once."""

    order: ByHand
    shown: Shown
    fingerprint: str
    """Over the order and what was shown of it; another one is refused."""


class Approve(Command, frozen=True, tag="approve"):
    """Say yes or no, as the second person, to an order that waits for one."""

    approval_id: str
    fingerprint: str
    is_yes: bool


class TurnAway(Command, frozen=True, tag="turn_away"):
    """Have it written down that a door refused somebody, and what; changes nothing else."""

    asked: str
    why: str


class SetQuiet(Command, frozen=True, tag="set_quiet"):
    """Have it written down that somebody wants to be named in a kind of message no more; changes nothing here."""

    what: str
    seconds: float | None
    """For so long, 0 to be named again; None for until that is said."""


class GetStatus(Command, frozen=True, tag="status"):
    """Ask for mode, health, prices and counts."""


class GetPositions(Command, frozen=True, tag="positions"):
    """Ask for positions, balances and equity."""


class GetOrders(Command, frozen=True, tag="orders"):
    """Ask for open orders and the last finished ones."""


class GetLatency(Command, frozen=True, tag="latency"):
    """Ask how long the stages of our orders take."""


class GetSnapshot(Command, frozen=True, tag="snapshot"):
    """Ask for everything a watcher needs to go on from: sent after connecting and after a gap in the sequence."""


AnyCommand = (
    Buy
    | Sell
    | Close
    | CancelOrder
    | SetMode
    | Halt
    | Resume
    | Kill
    | ResetKill
    | ResetBreakers
    | LockSymbol
    | SetLimit
    | Reach
    | Acknowledge
    | Reconcile
    | DecideForeign
    | AcceptBalance
    | Decide
    | Preview
    | Confirm
    | Approve
    | TurnAway
    | SetQuiet
    | GetStatus
    | GetPositions
    | GetOrders
    | GetLatency
    | GetRisk
    | GetSnapshot
    | AnyQuestion
    | SetParameter
    | StartDrill
    | ClosePair
    | Watch
    | Unwatch
    | SetMute
    | EndMute
    | GetMutes
)
