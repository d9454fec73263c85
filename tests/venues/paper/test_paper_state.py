"""What is kept of the paper accounts: all of their money, no open order, and no number comes twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from paper_bench import RestClient, rest_client

from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET
from engine.venues.paper.main import ExchangeError, running_exchange
from engine.venues.paper.options import AccountOption, ExchangeOptions
from engine.venues.paper.state import LEAP, Kept, StateError, load_state


@asynccontextmanager
async def exchange(state: Path, name: str = "paper") -> AsyncIterator[RestClient]:
    """Run an exchange that keeps one account in a file, and stand at its door."""
    account = AccountOption(name, PAPER_API_KEY, PAPER_API_SECRET)
    options = ExchangeOptions(port=0, state=state, accounts=(account,), wait_for_client=True)
    async with running_exchange(options) as urls, rest_client(urls) as client:
        yield client


async def buy(client: RestClient, **params: Any) -> dict[str, Any]:
    """Buy 100 IOTA: at the market, or as the parameters say."""
    words = {"symbol": "IOTAUSDT", "side": "BUY", "type": "MARKET", "quantity": "100", **params}
    status, answer = await client.signed("POST", "order", **words)
    assert status == 200, answer
    return dict(answer)


async def balances(client: RestClient) -> dict[str, tuple[str, str]]:
    """Return free and locked of each asset."""
    _, account = await client.signed("GET", "account")
    return {row["asset"]: (row["free"], row["locked"]) for row in account["balances"]}


async def test_money_and_numbers_go_on_where_they_were(tmp_path: Path) -> None:
    """After a restart the account holds what it held, and the next order and fill have higher numbers."""
    path = tmp_path / "account.json"
    async with exchange(path) as client:
        first, held = await buy(client), await balances(client)
    assert held["IOTA"][0] == "99.90000000"
    async with exchange(path) as client:
        assert await balances(client) == held
        second = await buy(client)
    assert second["orderId"] > first["orderId"]
    assert second["fills"][0]["tradeId"] > first["fills"][0]["tradeId"]


async def test_what_an_open_order_had_put_aside_is_free_again(tmp_path: Path) -> None:
    """Open orders end with the exchange; their money doesn't."""
    path = tmp_path / "account.json"
    async with exchange(path) as client:
        await buy(client, type="LIMIT", timeInForce="GTC", price="0.9000")
        assert (await balances(client))["USDT"] == ("99910.00000000", "90.00000000")
    async with exchange(path) as client:
        assert (await balances(client))["USDT"] == ("100000.00000000", "0.00000000")
        assert await client.signed("GET", "openOrders") == (200, [])


async def test_an_account_that_is_not_open_keeps_what_it_had(tmp_path: Path) -> None:
    """The file is everybody's, also of those who don't come today; who is new begins with the usual balances."""
    path = tmp_path / "account.json"
    for name in ("ann", "bob"):
        async with exchange(path, name) as client:
            await buy(client)
    kept = load_state(path)
    assert kept.balances("ann") == kept.balances("bob")
    assert kept.balances("eve") is None


async def test_it_is_written_while_the_exchange_runs(tmp_path: Path) -> None:
    """So that a crash loses a second at most."""
    path = tmp_path / "account.json"
    async with exchange(path) as client:
        await buy(client)
        async with asyncio.timeout(30.0):
            while "IOTA" not in json.loads(path.read_text("utf-8"))["accounts"]["paper"]:
                await asyncio.sleep(0.01)


def test_numbers_leap_over_what_a_crash_may_have_lost() -> None:
    """They go on far above the last ones written; a new exchange begins at 1."""
    kept = Kept(orders=7, trades=9, executions=20)
    assert msgspec.structs.astuple(kept.numbers) == (7 + LEAP, 9 + LEAP, 20 + LEAP)
    assert msgspec.structs.astuple(Kept().numbers) == (0, 0, 0)


BAD = ["", "{", "[]", '{"version":2}', '{"orders":-1}', '{"accounts":{"paper":{"USDT":"-5"}}}', '{"money":1}']


@pytest.mark.parametrize("text", BAD)
async def test_a_damaged_file_is_refused_with_what_to_do(tmp_path: Path, text: str) -> None:
    """Money is never made up: somebody has to correct the file, or to move it away."""
    path = tmp_path / "account.json"
    path.write_text(text, "utf-8")
    with pytest.raises(StateError, match="damaged"):
        load_state(path)
    with pytest.raises(ExchangeError, match=r"account.json is damaged .* move it away"):
        async with exchange(path):
            pass
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize(("path", "text"), [("no/such/folder/account.json", "can't be written"), ("", "can't be read")])
async def test_a_file_that_can_not_be_used_is_refused(tmp_path: Path, path: str, text: str) -> None:
    """It is tried at the start, not when the first money moves."""
    with pytest.raises(ExchangeError, match=text):
        async with exchange(tmp_path / path):
            pass
