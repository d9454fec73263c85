"""Finds what is traded, as people call it, so that the examples they are shown can be typed as they stand."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import msgspec

from engine.settings import Settings
from engine.wire.views import StatusView

ANY: Final = "SYMBOL"
"""Stands in an example while nothing is known."""
_POLL_S: Final = 0.05


class _Ready(msgspec.Struct):
    """The line by which the paper exchange says that it is there: ``{"rest":"http://…","symbols":["ETHUSDT"], …}``."""

    rest: str
    symbols: tuple[str, ...]


def in_status(status: StatusView) -> str:
    """Return the first symbol that a running engine follows."""
    symbols = [symbol for strategy in status.strategies for symbol in strategy.symbols]
    return _called(symbols[0], status.quote_asset) if symbols else ANY


async def in_run(settings: Settings, exchange_log: Path, within_s: float) -> str:
    """Return the first symbol of the settings, or else of the paper exchange that a run has started."""
    symbols = settings.symbols or await _listed(exchange_log, within_s)
    return _called(symbols[0], settings.trading.quote_asset) if symbols else ANY


async def _listed(exchange_log: Path, within_s: float) -> tuple[str, ...]:
    """Wait for the exchange's word; nothing where it doesn't come in time."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                if symbols := _said(exchange_log):
                    return symbols
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        return ()


def _said(exchange_log: Path) -> tuple[str, ...]:
    try:
        lines = exchange_log.read_bytes().splitlines()
    except FileNotFoundError:
        return ()
    for line in lines:
        try:
            return msgspec.json.decode(line, type=_Ready).symbols
        except msgspec.MsgspecError:
            continue  # a line of its log
    return ()


def _called(symbol: str, quote_asset: str) -> str:
    """Name a symbol as people do, who leave out what everything is counted in."""
    return symbol.removesuffix(quote_asset) or symbol
