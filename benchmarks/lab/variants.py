"""What is measured against what: each variant's process, the price that its orders have, and how often it is asked."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple

from benchmarks.lab.market import collar_ticks
from engine.settings import Settings

PACES: Final[Mapping[str, int]] = {"gap_200us": 200_000, "gap_5ms": 5_000_000, "gap_20ms": 20_000_000}
"""The gap between an order and the next event, in ns."""
FLOOR: Final = "floor"

Line = Literal["echo", "ws", "rest"]


class Variant(NamedTuple):
    """One client, started anew in every round."""

    name: str
    line: Line
    """How its orders come."""
    module: str = ""
    """Of a client in ``clients``; empty for our engine, which is started as it always is."""
    args: tuple[str, ...] = ()
    environ: Mapping[str, str] = {}
    """More settings of our engine."""
    price_of: Callable[[int], int] = lambda ticks: ticks
    hears: Literal["market", "news"] = "market"
    """Whose frames are the events."""
    paces: tuple[str, ...] = tuple(PACES)
    share: float = 1.0
    """Of the events: what takes ten times as long gets a part of them."""

    @property
    def is_engine(self) -> bool:
        """True for ours."""
        return not self.module


def variants() -> tuple[Variant, ...]:
    """Return all that this machine and this version can run, the floor first."""
    still = {"ENGINE_REHEARSE_MS": "0"}  # it is on by default
    ours = [
        Variant("ws", "ws", environ=still, price_of=collar_ticks),
        Variant("rest", "rest", environ=still, price_of=collar_ticks),
        Variant("ws_spin", "ws", environ={"ENGINE_SPIN": "1", **still}, price_of=collar_ticks),
        Variant("ws_rehearsed", "ws", environ={"ENGINE_REHEARSE_MS": "1"}, price_of=collar_ticks),
        Variant(
            "ws_spin_rehearsed",
            "ws",
            environ={"ENGINE_SPIN": "1", "ENGINE_REHEARSE_MS": "1"},
            price_of=collar_ticks,
        ),
        Variant("news", "ws", environ=still, price_of=collar_ticks, hears="news", share=0.5),
        Variant(
            "news_rehearsed",
            "ws",
            environ={"ENGINE_REHEARSE_MS": "1"},
            price_of=collar_ticks,
            hears="news",
            share=0.5,
        ),
    ]
    module = "benchmarks.clients.least"
    least = [
        Variant("least", "ws", module, ("still", "hears"), share=0.2),
        Variant("least_spin", "ws", module, ("spin", "hears"), share=0.2),
        Variant("least_deaf", "ws", module, ("still", "deaf"), paces=("gap_200us",), share=0.2),
    ]
    others = [
        Variant("aiohttp_session", "rest", "benchmarks.clients.aiohttp_session", share=0.2),
        Variant("ccxt_ws", "ws", "benchmarks.clients.ccxt_client", ("ws",), paces=("gap_200us",), share=0.2),
        Variant("ccxt_rest", "rest", "benchmarks.clients.ccxt_client", ("rest",), share=0.2),
    ]
    floor = Variant(FLOOR, "echo", "benchmarks.clients.floor")
    return tuple(one for one in (floor, *least, *ours, *others) if _can_run(one))


def command(variant: Variant, port: int) -> list[str]:
    """Return what starts a variant's process."""
    if variant.is_engine:
        return [sys.executable, "-m", "engine"]
    return [sys.executable, "-m", variant.module, str(port), *variant.args]


def _can_run(variant: Variant) -> bool:
    """Leave out what isn't built into this engine, and a peer that isn't installed."""
    fields = {f"ENGINE_{name.upper()}" for name in Settings.__struct_fields__}
    if not set(variant.environ) <= fields:
        return False
    return "ccxt" not in variant.module or importlib.util.find_spec("ccxt") is not None
