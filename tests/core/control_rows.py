"""What brings each control about, just inside and just outside; each row wants 0.1 ETH at 2000.00, 204.00 at worst."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import msgspec
from core_builders import ALICE, ETH, T0, Desk, S, instrument, report, sent

from engine.core.account import AccountSnapshot, Balance
from engine.core.calibration import Calibration, fingerprint
from engine.core.calibration import Step as ScoreStep
from engine.core.config import Breakers, Headlines, Limits, OrderFlow, People, Person, SmaCross, Strategies
from engine.core.config import TradingConfig as Config
from engine.core.instrument import E8, Instrument
from engine.core.kernels import market as kernel
from engine.core.types import OrderState
from engine.wire.commands import Close, LockSymbol, SetLimit

Door = Literal["signal", "command", "button"]
DOORS: tuple[Door, ...] = ("signal", "command", "button")
Step = Callable[[Desk], object]
LIMITS = Limits(risk_per_trade_pct=0.0040003)
"""With the strategy's stop 2 % away that is 0.1 ETH and a little, rounded down."""
TWICE = msgspec.structs.replace(LIMITS, risk_per_trade_pct=0.0080003)
"""The same where the market has come to be 2 % higher, and the stop is as far again."""
UNITS = instrument(min_qty_lots=1000)


def config(limits: Limits, breakers: Breakers) -> Config:
    """Headlines speak, act from 0.9 on and ask from 0.5 on; no loss but the one that is tried bars anything."""
    silent = ("NONE",)
    strategies = Strategies(
        sma_cross=SmaCross(symbols=silent),
        order_flow=OrderFlow(symbols=silent),
        headlines=Headlines(story_h=1e-14, stop_pct=2.0, expires_s=3600.0),
    )
    people = People(who={"U01ALICE": Person(role="admin")})
    return Config(mode="auto", exits="engine", limits=limits, breakers=breakers, strategies=strategies, people=people)


def desk_of(row: Row) -> Desk:
    """Make a desk that trades, with room for everything."""
    trading = config(row.limits, row.breakers)
    settings = fingerprint("headlines", trading.strategies.headlines, trading.people.fee_pct, "1.0")
    worth = Calibration("headlines", settings, 100, T0 - S, T0, (ScoreStep(0.5, 100, 60, 0.6),))
    made = Desk(trading, account=row.account, measured=(worth,), min_qty_lots=1000)
    made.price(2000.0)
    made.account()
    core = made.engine.trading
    core.is_warm, core.clock_offset_ms, core.is_live_confirmed = True, 0, True
    core.arm("test")
    core.take()
    return made


class Row(NamedTuple):
    """A control: its code, the last that passes, the first that does not, and the numbers that a refusal shows."""

    code: str
    inside: Step
    outside: Step
    detail: str
    limits: Limits = LIMITS
    breakers: Breakers = Breakers(cooldown_s=0.0, daily_loss_pct=100.0, drawdown_pct=100.0, losses=100)
    account: Literal["paper", "live"] = "paper"
    doors: tuple[Door, ...] = DOORS
    asked: bool = False
    """Outside, a signal is a question to people, or is ignored, before it ever comes to the gate."""


# ------------------------------------------------------------------ how a row is brought about


def nothing(desk: Desk) -> None:
    """Change nothing."""


def limit(name: str, value: float) -> Step:
    """Have an admin set a limit."""

    def step(desk: Desk) -> None:
        change = SetLimit(id=desk.new_id(), who=ALICE, name=name, value=value, reason="a test", loosen=True)
        assert desk.ask(change)[0].ok

    return step


def rules(**changed: Any) -> Step:
    """Have the venue change the symbol's rules."""
    it: Instrument = msgspec.structs.replace(UNITS, **changed)
    return lambda desk: desk.keep(desk.engine.on_instrument(it))


def number(place: int, value: int) -> Step:
    """Put a number into the market's array, past the codec that lets no such thing in."""

    def step(desk: Desk) -> None:
        desk.engine.trading.markets[ETH].numbers[place] = value

    return step


def quote(bid: float, ask: float) -> Step:
    """Send a best bid and ask."""
    return lambda desk: desk.quote(bid, ask)


def wait(seconds: float) -> Step:
    """Let time pass without a word of the market."""
    return lambda desk: desk.wait(seconds)


def orders(count: int) -> Step:
    """Have so many orders leave right before."""

    def step(desk: Desk) -> None:
        for _ in range(count):
            assert desk.buy("205")[0].ok

    return step


def clock(offset_ms: int) -> Step:
    """Measure the venue's clock."""
    return lambda desk: desk.keep(desk.engine.on_clock(offset_ms))


def silence(more_ns: int) -> Step:
    """Have the venue want silence until so long after now."""
    return lambda desk: desk.keep(desk.engine.on_silenced(False, desk.now_ns + more_ns, desk.now_ns))


def lost_book(desk: Desk) -> None:
    """Lose a depth frame."""
    desk.keep(desk.engine.on_book_lost(ETH, "a gap", desk.now_ns))


def lost_and_found(desk: Desk) -> None:
    """Lose a depth frame and fetch the book anew."""
    lost_book(desk)
    desk.snapshot()


def unconfirmed(desk: Desk) -> None:
    """Take back that an admin has typed LIVE."""
    desk.engine.trading.is_live_confirmed = False


def halted(desk: Desk) -> None:
    """Halt."""
    desk.engine.trading.halt("test", "a drill")
    desk.keep(desk.engine.trading.take())


def proposals(desk: Desk) -> Iterator[Any]:
    """Return the open questions."""
    return iter(desk.engine.trading.proposals.open())


def ordered(desk: Desk) -> None:
    """Forget everything but that each door's cause was ordered for already."""
    causes = (
        "signal:headlines:ETHUSDT:test:door",
        "command:door",
        *(f"proposal:{p.proposal_id}" for p in proposals(desk)),
    )
    for cause in causes:
        desk.engine.trading.remember_cause(cause)


def other_causes(desk: Desk) -> None:
    """Have ordered for other causes."""
    desk.engine.trading.remember_cause("command:another")


def worth(*values: float) -> Step:
    """Have the account be worth one thing after the other."""

    def step(desk: Desk) -> None:
        for value in values:
            desk.engine.people.breakers.on_equity(round(value * E8))
        desk.keep(desk.engine.trading.take())

    return step


def losses(count: int) -> Step:
    """Lose a little, so many times."""

    def step(desk: Desk) -> None:
        for _ in range(count):
            desk.holding("300")
            desk.price(1990.0)
            for sale in sent(desk.ask(Close(id=desk.new_id(), who=ALICE, symbol="eth"))[1]):
                desk.fill(sale)
            desk.wait(1.5)
            desk.price(2000.0)

    return step


def after(step: Step, seconds: float) -> Step:
    """Do something, let time pass, and have the market speak again."""

    def both(desk: Desk) -> None:
        step(desk)
        desk.wait(seconds)
        desk.price(2000.0)

    return both


def locked(desk: Desk) -> None:
    """Have a person lock the symbol for a minute."""
    assert desk.ask(LockSymbol(id=desk.new_id(), who=ALICE, symbol="eth", seconds=60.0, reason="the unlock"))[0].ok


def lost_stream(desk: Desk) -> None:
    """Lose the user stream."""
    desk.keep(desk.engine.on_user_stream(False, desk.now_ns))


def gap(is_over: bool) -> Step:
    """Stand still for five seconds, and have caught up or not."""

    def step(desk: Desk) -> None:
        desk.keep(desk.engine.on_gap(False, 5 * S, desk.now_ns))
        if is_over:
            desk.keep(desk.engine.on_gap(True, 5 * S, desk.now_ns))

    return step


def account(*foreign: Any, times: int = 1, **balances: int) -> Step:
    """Compare the account, which holds what is named here besides."""

    def step(desk: Desk) -> None:
        for _ in range(times):
            desk.wait(3.0)
            rows = tuple(Balance(asset, value, 0) for asset, value in (desk.balances | balances).items())
            desk.keep(desk.engine.on_account(AccountSnapshot(rows, foreign, desk.now_ns)))
        desk.price(2000.0)

    return step


STRANGER = report("web-1", OrderState.WORKING, qty_lots=1000, price_ticks=190_000)
LOSING = Breakers(cooldown_s=60.0, daily_loss_pct=100.0, drawdown_pct=100.0, losses=100)
ROWS = [
    Row("C1_LIVE_NOT_CONFIRMED", nothing, unconfirmed, "account=live confirmed=no", account="live"),
    Row("HALTED", nothing, halted, "reason=a drill", asked=True),
    Row(
        "C2_ORDER_SIZE",
        limit("max_order_pct", 0.20401),
        limit("max_order_pct", 0.20399),
        "limit=203.99 value=204.00 USDT",
    ),
    Row(
        "C3_POSITION",
        limit("max_position_pct", 0.20401),
        limit("max_position_pct", 0.20399),
        "limit=203.99 value=204.00 USDT",
    ),
    Row("C3_GROSS", limit("max_gross_pct", 0.20401), limit("max_gross_pct", 0.20399), "limit=203.99 value=204.00 USDT"),
    Row(
        "C4_PRICE_COLLAR",
        quote(2039.99, 2040.0),
        quote(2040.0, 2040.01),
        "limit=2.00% move=+2.00% ref=2000.00 age=0.0s",
        TWICE,
    ),
    Row("C5_BOOK_OUT_OF_SYNC", lost_and_found, lost_book, "symbol=ETHUSDT book=dirty age=0.0s"),
    Row("C5_STALE_DATA", wait(2.0), wait(2.1), "limit=2s age=2.1s"),
    Row("C5_BAD_QUOTE", number(kernel.BID, 1), number(kernel.BID, 0), "bid=0.00 ask=2000.00 last=2000.00"),
    Row("C5_BAD_QUOTE", number(kernel.ASK, 200_000), number(kernel.ASK, -1), "bid=1999.99 ask=-0.01 last=2000.00"),
    Row("C5_CROSSED_BOOK", quote(1999.99, 2000.0), quote(2000.0, 2000.0), "bid=2000.00 ask=2000.00"),
    Row("C5_AFTER_GAP", gap(is_over=True), gap(is_over=False), "the engine stood still for 5.0 s", asked=True),
    Row("C6_REPEAT", other_causes, ordered, "cause="),
    Row("C7_SILENCE", silence(0), silence(S), "left=1s"),
    Row("C7_ORDER_RATE", orders(4), orders(5), "limit=5/s value=5"),
    Row("C8_NOT_TRADING", rules(), rules(is_trading=False), "symbol=ETHUSDT"),
    Row("C8_QUANTITY", rules(min_qty_lots=1000), rules(min_qty_lots=1001), "qty=0.1000 least=0.1001 most=9000.0000"),
    Row(
        "C8_NOTIONAL",
        rules(min_notional_e8=204 * E8),
        rules(min_notional_e8=204 * E8 + 1),
        "notional=204.00 least=204.00 USDT",
    ),
    Row(
        "C9_DAILY_LOSS",
        worth(100_000, 98_000.01),
        worth(100_000, 98_000),
        "limit=2.00% loss=2.00% from=100000.00 USDT",
        breakers=Breakers(daily_loss_pct=2.0),
    ),
    Row(
        "C9_DRAWDOWN",
        worth(100_000, 90_000.01),
        worth(100_000, 90_000),
        "limit=10.00% loss=10.00% from=100000.00 USDT",
        breakers=Breakers(daily_loss_pct=100.0),
    ),
    Row("C9_LOSS_STREAK", losses(3), losses(4), "limit=4 losses=4 in a row", breakers=Breakers(cooldown_s=0.0)),
    Row(
        "C9_COOL_DOWN",
        after(losses(1), 58.5),
        after(losses(1), 57.5),
        "left=1s after a loss in ETHUSDT",
        breakers=LOSING,
    ),
    Row(
        "C9_LOCKED",
        after(locked, 60.0),
        after(locked, 59.0),
        "symbol=ETHUSDT by=slack:U01ALICE left=1s reason=the unlock",
    ),
    Row(
        "C10_STOP",
        limit("min_stop_pct", 2.0),
        limit("min_stop_pct", 2.01),
        "limit=2.01% distance=2.000% entry=2000.00 stop=1960.00",
    ),
    Row("C13_USER_STREAM", after(lost_stream, 9.9), after(lost_stream, 10.0), "limit=10s lost=10.0s"),
    Row("C14_FOREIGN_ORDER", account(), account(STRANGER), ""),
    Row("C14_BALANCE", account(ETH=1, times=2), account(ETH=E8, times=2), ""),
    Row("C17_CLOCK", clock(500), clock(501), "limit=500ms offset=+501ms"),
    Row("C17_CLOCK", clock(-500), clock(-501), "limit=500ms offset=-501ms"),
]
