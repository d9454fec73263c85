"""What people see of the controls that have no limit which could be changed: each with how it stands now."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.dead_man import DeadMan
from engine.core.facts import CLOCK_LIMIT_MS, clock_words
from engine.core.queries import Identity
from engine.core.trading import Trading
from engine.wire.safeguard_views import ControlView
from engine.wire.views import HealthView


def controls(
    trading: Trading, identity: Identity, dead_man: DeadMan, outside: Sequence[HealthView]
) -> tuple[ControlView, ...]:
    """Show one line for each control that has no line among the limits."""
    return (
        ControlView("C1", "real money", _money(trading)),
        ControlView("C8", "venue's filters", _filters(trading)),
        ControlView("C11", "kill switch", trading.latch.words or "not thrown"),
        ControlView("C12", "dead man", dead_man.words()),
        ControlView("C13", "user stream", _stream(trading)),
        ControlView("C14", "account", _account(trading)),
        ControlView("C15", "last hop", _last_hop(trading)),
        ControlView("C16", "self-trade", "every order says that our resting one expires first"),
        ControlView("C17", "clock", _clock(trading)),
        ControlView("C18", "keys", _keys(trading)),
        ControlView("C19", "people", _people(trading)),
        ControlView("C20", "alarms", _alarms(trading)),
        ControlView("C21", "version", f"{identity.version}, configuration {identity.config_hash}"),
        ControlView("C22", "decisions", f"each in the journal with its inputs; {trading.refusals} refused so far"),
        ControlView("C23", "news", _news(outside)),
    )


def _money(trading: Trading) -> str:
    if trading.account != "live":
        return "paper: no real money"
    return "live, confirmed" if trading.is_live_confirmed else "live, not confirmed: no entries until /resume LIVE"


def _filters(trading: Trading) -> str:
    suspended = [symbol for symbol, market in trading.markets.items() if not market.instrument.is_trading]
    return f"suspended: {', '.join(suspended)}" if suspended else f"known for {_count(len(trading.markets), 'symbol')}"


def _stream(trading: Trading) -> str:
    limits, lost_ns = trading.config.limits, trading.bars.stream_lost_ns
    now = f"lost for {(trading.now_ns - lost_ns) / 1e9:.0f} s" if lost_ns else "heard"
    return f"{now}; no entries after {limits.user_stream_s:g} s, cancel after {limits.user_stream_cancel_s:g} s"


def _account(trading: Trading) -> str:
    held_back = [f"{symbol} {', '.join(codes)}" for symbol, codes in trading.bars.held_back.items()]
    if held_back:
        return f"no entries of {'; '.join(held_back)}"
    return "reconciled" if trading.is_reconciled else "not reconciled yet: no entries"


def _last_hop(trading: Trading) -> str:
    out, causes = trading.last_hop.orders_out, trading.last_hop.causes_in
    return f"{_count(out, 'order')} out, {_count(causes, 'cause')} in"


def _clock(trading: Trading) -> str:
    offset_ms = trading.clock_offset_ms
    now = "not known: no entries" if offset_ms is None else clock_words(offset_ms)
    return f"{now}; at most {CLOCK_LIMIT_MS} ms"


def _keys(trading: Trading) -> str:
    """A live engine does not come this far with a key that may do more, or of which that is not known."""
    is_known = trading.account == "live"
    return "may trade and not withdraw" if is_known else "of no real money; one that may withdraw is refused"


def _people(trading: Trading) -> str:
    people = trading.config.people
    two = f"two people above {people.two_person_quote:g}" if people.two_person_quote else "one person is enough"
    return f"{len(people.who)} in trader.toml; {two}"


def _alarms(trading: Trading) -> str:
    waiting = [alarm.code for alarm in trading.alarms.views() if not alarm.acknowledged_by]
    return f"not acknowledged: {', '.join(waiting)}" if waiting else "none waits for somebody"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _news(outside: Sequence[HealthView]) -> str:
    sources = [part for part in outside if part.name.startswith("news")]
    well = sum(part.is_ok for part in sources)
    return f"{well} of {_count(len(sources), 'source')} heard" if sources else "no source"
