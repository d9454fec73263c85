"""C18: what the account's key may do is asked before anything is traded, and too much or too little is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fault_bench import trading

from engine.settings import Settings
from engine.venues.binance.errors import KeyRefused
from engine.venues.paper.main import running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.watchdog import Leash

LIVE = {"is_live": True}
PAPER = {"is_live": False}
ASKING = "apiRestrictions"


def error(status: int, times: int = 1) -> dict[str, Any]:
    """A fault that befalls the question."""
    return {"kind": "error", "operation": ASKING, "status": status, "code": -2015, "msg": "no", "times": times}


@pytest.mark.parametrize("told", [LIVE, PAPER], ids=["live", "paper"])
@pytest.mark.parametrize(
    ("kind", "words"),
    [("may_withdraw", "may withdraw, so it is not used: switch withdrawals off"), ("may_not_trade", "may not trade")],
)
async def test_c18_key_that_may_do_too_much_or_too_little(
    tmp_path: Path, kind: str, words: str, told: dict[str, Any]
) -> None:
    """Whatever the account: nothing is ever connected to trade."""
    with pytest.raises(KeyRefused, match=words):
        async with trading(tmp_path, is_armed=False, told=told, faults=[{"kind": kind}]):
            pass


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_c18_key_of_which_nobody_says_what_it_may(tmp_path: Path, status: int) -> None:
    """With real money that is a refusal; the testnet does not have the question, so there it is none."""
    with pytest.raises(KeyRefused, match="does not say what the account's API key may do"):
        async with trading(tmp_path / "live", is_armed=False, told=LIVE, faults=[error(status)]):
            pass
    async with trading(tmp_path / "paper", faults=[error(status)]) as it:
        await it.bought()


async def test_c18_key_of_a_venue_that_is_in_trouble_is_asked_again(tmp_path: Path) -> None:
    """A 5xx is no answer: it starts when there is one, and not before."""
    async with trading(tmp_path, is_armed=False, told=LIVE, faults=[error(503, times=2)]) as it:
        assert it.trading.account == "live"


async def test_c18_watchdogs_key_is_asked_as_well(tmp_path: Path) -> None:
    """Its own may be another one."""
    async with running_exchange(ExchangeOptions(port=0)) as urls:
        for is_live in (True, False):
            await _check(urls.rest, tmp_path, is_live=is_live)
        for kind in ("may_withdraw", "may_not_trade"):
            await _fault(urls.rest, {"kind": kind})
            with pytest.raises(KeyRefused, match="The watchdog's API key may"):
                await _check(urls.rest, tmp_path, is_live=True)
            await _fault(urls.rest, {"kind": "none"})
        await _fault(urls.rest, error(404))
        with pytest.raises(KeyRefused, match="does not say what the watchdog's API key may do"):
            await _check(urls.rest, tmp_path, is_live=True)


async def _check(rest_url: str, home: Path, *, is_live: bool) -> None:
    leash = Leash(Settings(rest_url=rest_url, home=home, is_live=is_live))
    try:
        async with asyncio.timeout(30.0):
            await leash.check_key(is_live=is_live)
    finally:
        await leash.close()


async def _fault(rest_url: str, order: dict[str, Any]) -> None:
    async with aiohttp.ClientSession() as session, session.post(f"{rest_url}/_fault", json=order) as answer:
        assert answer.status == 200
