"""C1: of every combination of setting, flag, host, dead man and word, one alone arms trading with real money."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fault_bench import ANN, new_id, trading

from engine.settings import Settings, SettingsError, read_settings
from engine.wire.commands import Buy, Resume
from engine.wire.words import read_amount

REAL = ("https://api.binance.com", "wss://stream.binance.com:9443", "wss://ws-api.binance.com:443/ws-api/v3")
TEST = (
    "https://testnet.binance.vision",
    "wss://stream.testnet.binance.vision",
    "wss://ws-api.testnet.binance.vision/ws-api/v3",
)
HERE = ("http://127.0.0.1:8790", "ws://127.0.0.1:8790", "ws://127.0.0.1:8790/ws-api/v3")
HOSTS: dict[str, tuple[str, str, str]] = {
    "default": ("", "", ""),
    "real": REAL,
    "real, another port": ("https://api.binance.com:8443", *REAL[1:]),
    "test": TEST,
    "paper": HERE,
    "real and test": (REAL[0], *TEST[1:]),
    "test and real": (TEST[0], *REAL[1:]),
    "here and real": (HERE[0], *REAL[1:]),
    "not secure": ("http://api.binance.com", "ws://stream.binance.com:9443", "ws://ws-api.binance.com/ws-api/v3"),
    "below it": ("https://api.binance.com.example.org", *REAL[1:]),
    "before it": ("https://xapi.binance.com", *REAL[1:]),
    "behind an @": ("https://api.binance.com@example.org", *REAL[1:]),
    "a dot after it": ("https://api.binance.com.", *REAL[1:]),
    "another letter": ("https://api.b\u0456nance.com", *REAL[1:]),
    "the other country's": ("https://api.binance.us", *REAL[1:]),
    "an address": ("https://52.84.150.39", *REAL[1:]),
    "an address, mapped": (
        "http://[::ffff:52.84.150.39]:80",
        "ws://[::ffff:52.84.150.39]",
        "ws://[::ffff:52.84.150.39]",
    ),
    "an address as a number": ("http://877958695", "ws://877958695", "ws://877958695"),
}
FULL = {"default", "real", "real, another port"}
"""With ENGINE_VENUE=binance these mean real money: the addresses left empty, or Binance's own."""
WORDS = ("", "LIVE", "live", "Live", "yes", "LIVE please", " LIVE")


class Combination(NamedTuple):
    """What somebody has set."""

    venue: str
    flag: str
    hosts: str
    has_key: bool
    has_dead_man: bool

    def settings(self, folder: Path) -> Settings:
        """Read them as the engine does."""
        environ = {"ENGINE_VENUE": self.venue, "ENGINE_ALLOW_LIVE": self.flag}
        names = ("BINANCE_REST_URL", "BINANCE_STREAM_URL", "BINANCE_WS_API_URL")
        environ |= dict(zip(names, HOSTS[self.hosts], strict=True))
        if self.has_key:
            environ |= {"BINANCE_API_KEY": "the-key", "BINANCE_API_SECRET": "the-secret"}
        (folder / "trader.toml").write_text(f"[operator]\naway_min = {30 if self.has_dead_man else 0}\n")
        return read_settings(environ, folder)

    @property
    def is_full(self) -> bool:
        """Whether everything was said that real money needs before the word."""
        is_real = self.venue == "binance" and self.flag == "1" and self.hosts in FULL
        return is_real and self.has_key and self.has_dead_man


def combinations() -> Iterator[Combination]:
    """Every one of them."""
    venues, flags, both = ("", "paper", "binance", "BINANCE", "live"), ("", "0", "1", "true"), (False, True)
    yield from itertools.starmap(Combination, itertools.product(venues, flags, HOSTS, both, both))


def test_c01_settings_say_real_money_only_when_all_of_them_do(tmp_path: Path) -> None:
    """Everything else is refused, or is no real money."""
    live = set()
    for combination in combinations():
        try:
            settings = combination.settings(tmp_path)
        except SettingsError:
            continue
        if settings.is_live:
            live.add(combination)
        else:
            assert settings.venue == "paper" or combination.hosts == "test"
    assert live == {it for it in combinations() if it._replace(venue=it.venue.lower()).is_full}


@pytest.mark.parametrize("hosts", [name for name in HOSTS if name not in {"default", "paper"}])
def test_c01_paper_never_leaves_this_machine(tmp_path: Path, hosts: str) -> None:
    """Whichever way an address is written."""
    with pytest.raises(SettingsError, match="BINANCE_"):
        Combination("paper", "1", hosts, True, True).settings(tmp_path)


def test_c01_paper_is_never_given_the_real_keys(tmp_path: Path) -> None:
    """So that an address which slipped through all of this could do nothing."""
    settings = Combination("paper", "1", "paper", True, True).settings(tmp_path)
    assert "the-key" not in settings.api_key.reveal()
    assert "the-secret" not in settings.api_secret.reveal()


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("account", [{"is_live": True}, {"is_live": False}], ids=["live", "paper"])
async def test_c01_a_live_account_is_armed_by_one_word_alone(
    tmp_path: Path, account: dict[str, Any], word: str
) -> None:
    """On a server that stands for the venue: the real process, the real line, and an order that leaves or doesn't."""
    async with trading(tmp_path, is_armed=False, told=account) as it:
        await it.until(lambda: it.trading.is_reconciled and it.trading.is_warm and it.market.book.is_in_sync)
        await it.until(lambda: it.market.last_ticks)
        may = word == "LIVE" or not account["is_live"]
        reply = await it.ask(Resume(id=new_id(), who=ANN, confirm=word))
        assert (reply.ok, it.trading.is_armed) == (may, may)
        bought = await it.ask(Buy(id=new_id(), who=ANN, symbol="iota", amount=read_amount("100", "iota")))
        assert bought.ok is may
        if not may:
            assert (reply.code, bought.code) == ("C1_LIVE_NOT_CONFIRMED", "C1_LIVE_NOT_CONFIRMED")
            assert await it.asked("allOrders", symbol="IOTAUSDT") == []
