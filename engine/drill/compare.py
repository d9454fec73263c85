"""Compares an engine with the exchange after a crash, and counts: orders, fills, positions, and what protects them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from engine.core.instrument import E8, parse_e8
from engine.core.types import ORDER_PREFIX
from engine.drill.exchange import Asker, Rules
from engine.wire.replies import Snapshot

_SETTLED_S: Final = 20.0
_PAUSE_S: Final = 0.05


class Counts(msgspec.Struct):
    """What the drill counted; the last four must stay 0."""

    rounds: int = 0
    orders: int = 0
    fills: int = 0
    duplicates: int = 0
    orphans: int = 0
    naked_positions: int = 0
    position_mismatches: int = 0
    too_small: int = 0
    """Looks at a position that is worth less at its stop than the exchange takes an order for."""
    points: dict[str, int] = {}
    """How often each named point was really reached."""
    problems: list[str] = []
    """What was found, in words, with its round."""


class Comparison:
    """One engine, which dies and comes back, and one exchange; what was seen of them is remembered over the rounds."""

    def __init__(self, asker: Asker, rules: dict[str, Rules], symbols: tuple[str, ...]) -> None:
        """Begin with nothing counted; ``rules`` are what the exchange takes, by base asset."""
        self.counts = Counts()
        self._asker = asker
        self._rules = rules
        self._symbols = symbols
        self._dust_e8: dict[str, int] = {}
        """What was held beside the position when it was last compared."""
        self._last: dict[str, int] = {}
        """The newest order and fill that was counted, by what and symbol."""
        self._names: set[str] = set()
        """Of every order of ours that was counted."""

    async def compare(self, snapshot: Callable[[], Awaitable[Snapshot | None]], number: int) -> None:
        """Compare until both agree or the time for it is over; count what then differs, in the words of this round."""
        found: list[tuple[str, str]] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLED_S):
                while found := await self._differences(await snapshot()):  # noqa: ASYNC110  the exchange tells nobody
                    await asyncio.sleep(_PAUSE_S)
        await self._count()
        for kind, words in found:
            setattr(self.counts, kind, getattr(self.counts, kind) + 1)
            self.counts.problems.append(f"round {number}: {words}")

    async def _count(self) -> None:
        """Count the orders and fills that are new."""
        for symbol in self._symbols:
            orders = await self._new("allOrders", symbol, "orderId", mark=True)
            self.counts.orders += len(orders)
            self._names |= {row["clientOrderId"] for row in orders}
            self.counts.fills += len(await self._new("myTrades", symbol, "id", mark=True))

    async def _new(self, what: str, symbol: str, key: str, *, mark: bool) -> list[dict[str, Any]]:
        """Return what came since it was last marked; a round has far fewer than the exchange lists at once."""
        rows = await self._asker.ask(what, symbol=symbol, limit=1000)
        new = [row for row in rows if row[key] > self._last.get(f"{what} {symbol}", -1)]
        if mark and new:
            self._last[f"{what} {symbol}"] = max(row[key] for row in new)
        return new

    async def _differences(self, seen: Snapshot | None) -> list[tuple[str, str]]:
        if seen is None:
            return [("position_mismatches", "the engine does not answer")]
        account = await self._asker.ask("account")
        open_there = await self._asker.ask("openOrders")
        orders = [
            row for symbol in self._symbols for row in await self._new("allOrders", symbol, "orderId", mark=False)
        ]
        held = {row["asset"]: parse_e8(row["free"]) + parse_e8(row["locked"]) for row in account["balances"]}
        return [
            *(("duplicates", f"{name} is there twice") for name in _twice(orders, self._names)),
            *(("orphans", f"{name} is unknown to the engine") for name in _unknown(open_there, seen)),
            *self._positions(seen, held, open_there, _sales(orders)),
        ]

    def _positions(
        self, seen: Snapshot, held: dict[str, int], open_there: list[dict[str, Any]], sales: int
    ) -> list[tuple[str, str]]:
        """Compare what is held, and look for an order that protects it.

        A fee in the base asset leaves less than a lot behind at each sale: dust, which no position counts any more. So
        much may be there beside it, and far less than the smallest fill. What is worth less than the exchange takes an
        order for can't be protected there: it is counted apart, and the engine alone watches it.
        """
        ours = {trade.base_asset: trade for trade in seen.positions.positions}
        found = []
        for base, (lot_e8, min_notional_e8) in self._rules.items():
            qty_e8 = parse_e8(ours[base].qty) if base in ours else 0
            beside_e8, before_e8 = held.get(base, 0) - qty_e8, self._dust_e8.get(base, 0)
            if before_e8 - lot_e8 < beside_e8 < before_e8 + lot_e8 * (sales + 1):
                self._dust_e8[base] = beside_e8
            else:
                found.append(("position_mismatches", f"{base}: {held.get(base, 0)} there, {qty_e8} here, in 1e-8"))
            is_protected = base in ours and any(
                row["side"] == "SELL" and row["symbol"] == ours[base].symbol for row in open_there
            )
            if base not in ours or is_protected:
                continue
            if qty_e8 * parse_e8(ours[base].stop_price or ours[base].entry_price) < min_notional_e8 * E8:
                self.counts.too_small += 1
            else:
                found.append(("naked_positions", f"{ours[base].symbol}: nothing rests there for {ours[base].qty}"))
        return found


def _sales(orders: list[dict[str, Any]]) -> int:
    return sum(row["side"] == "SELL" and parse_e8(row["executedQty"]) > 0 for row in orders)


def _twice(orders: list[dict[str, Any]], before: set[str]) -> list[str]:
    names = Counter(row["clientOrderId"] for row in orders if row["clientOrderId"].startswith(ORDER_PREFIX))
    return [name for name, times in names.items() if times > 1 or name in before]


def _unknown(open_there: list[dict[str, Any]], seen: Snapshot) -> list[str]:
    known = {order.client_order_id for order in seen.orders.open}
    names = (row["clientOrderId"] for row in open_there)
    return [name for name in names if name.startswith(ORDER_PREFIX) and name not in known]
