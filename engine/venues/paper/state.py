"""Keeps what the paper accounts hold in a file, so that the money is still there after a restart.

The file is one JSON object::

    {"version":1,"accounts":{"paper":{"IOTA":"241.26","USDT":"99750.00"}},"orders":3,"trades":4,"executions":9}

Balances are plain decimals, free and locked together: open orders end with the exchange, and with them what they had
put aside. Nor are finished orders and trades kept, only how far their numbers have come, so that none comes twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from engine.venues.paper.matching import Matching
from engine.venues.paper.orders import Numbers
from engine.venues.paper.units import text8, to_e8
from engine.whole_file import replace_file

EVERY_S: Final = 1.0
"""At most so often it is written."""
LEAP: Final = 10_000
"""So far numbers leap when they are read: more than an exchange can have given between its last save and a crash."""

_Count = Annotated[int, msgspec.Meta(ge=0)]
_log = logging.getLogger(__name__)


class StateError(Exception):
    """The file can't be used; the text says what to do."""


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file holds."""

    version: Literal[1] = 1
    accounts: dict[str, dict[str, str]] = {}
    """Of each account, how much of each asset."""
    orders: _Count = 0
    trades: _Count = 0
    executions: _Count = 0

    def balances(self, account: str) -> dict[str, int] | None:
        """Return an account's balances in 1e-8 of each asset; None where it was never kept."""
        texts = self.accounts.get(account)
        return None if texts is None else {asset: to_e8(text) for asset, text in texts.items()}

    @property
    def numbers(self) -> Numbers:
        """Return the numbers to go on from."""
        return Numbers(*(number + LEAP if number else 0 for number in (self.orders, self.trades, self.executions)))


def load_state(path: Path) -> Kept:
    """Read the file, or begin with nothing where there is none; raises StateError."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
        for account in kept.accounts:
            kept.balances(account)
    except FileNotFoundError:
        return Kept()
    except OSError as error:
        raise StateError(f"The paper account {path} can't be read ({error.strerror}): correct that first.") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise StateError(
            f"The paper account {path} is damaged ({error}): correct it, or move it away to begin with fresh money."
        ) from None
    return kept


@asynccontextmanager
async def kept_state(path: Path, before: Kept, matching: Matching, changed: asyncio.Event) -> AsyncIterator[None]:
    """Write what the accounts hold at once, after each change, and at the end; raises StateError if it can't be begun.

    The writing is done by one thread, so that a slow disk delays no order, and what was seen last is written last.
    """
    with ThreadPoolExecutor(1, "paper-account") as writer:
        keeper = _Keeper(path, before, matching, writer)
        try:
            await keeper.save()
        except OSError as error:
            raise StateError(f"The paper account {path} can't be written ({error.strerror}): name another.") from None
        task = asyncio.create_task(keeper.keep(changed))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await keeper.try_save()


class _Keeper:
    """Writes one matching's accounts to one file."""

    def __init__(self, path: Path, before: Kept, matching: Matching, writer: ThreadPoolExecutor) -> None:
        self._path = path
        self._others = before.accounts
        """What was read: accounts that are not open this time keep what they had."""
        self._matching = matching
        self._writer = writer

    async def keep(self, changed: asyncio.Event) -> None:
        """Save after each change, at most once a second, for ever."""
        while True:
            await changed.wait()
            changed.clear()
            await self.try_save()
            await asyncio.sleep(EVERY_S)

    async def try_save(self) -> None:
        """Save, or say in the log why not: the exchange goes on, and the next change tries again."""
        try:
            await self.save()
        except OSError as error:
            _log.error("the paper account %s can't be written: %s", self._path, error)

    async def save(self) -> None:
        """Write what the accounts hold now; raises OSError."""
        data = msgspec.json.encode(self._now(), order="sorted") + b"\n"
        await asyncio.get_running_loop().run_in_executor(self._writer, replace_file, self._path, (data,))

    def _now(self) -> Kept:
        numbers = self._matching.numbers
        held = {
            name: {asset: text8(free + account.locked.get(asset, 0)) for asset, free in account.free.items()}
            for name, account in self._matching.accounts.items()
        }
        return Kept(
            accounts={**self._others, **held},
            orders=numbers.orders,
            trades=numbers.trades,
            executions=numbers.executions,
        )
