"""Which symbols a title names: exactly those, and none out of a sentence or a look-alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from news_samples import INDEX, instrument

from engine.news.symbols import SymbolIndex


def bases(title: str) -> list[str]:
    """The base assets of what is found."""
    return [symbol.removesuffix("USDT") for symbol in INDEX.find(title)]


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("IOTA launches data marketplace with Microsoft, Fujitsu and other participants", ["IOTA"]),
        ("Binance Will List Celestia (TIA) with Seed Tag Applied", ["TIA"]),
        ("Binance Futures Will Launch USDⓈ-M POWR Perpetual Contract With Up to 50x Leverage", ["POWR"]),
        ("Binance Adds ARK, OMG & More Pairs on Cross Margin & Isolated Margin", ["ARK", "OMG"]),
        ("Binance Adds ADA/FDUSD, FIL/FDUSD, FRONT/TUSD & LEVER/TRY Trading Pairs", ["ADA", "FIL", "FRONT", "LEVER"]),
        ("Harmony [ONE] mainnet goes live", ["ONE"]),
        ("$GAS and $ONE are up", ["GAS", "ONE"]),
        ("ONE/USDT suspended", ["ONE"]),
        ("Maintenance of ETHUSDT done", ["ETH"]),
        ("Ethereum and Bitcoin fall; ETH falls more", ["ETH", "BTC"]),
        ("BITCOIN WALLET LAUNCHES IN PERU", ["BTC"]),
        ("Bitcoin Cash forks", ["BCH"]),
        ("Ethereum Classic and Ethereum", ["ETC", "ETH"]),
        ("Shiba-Inu partners with Visa", ["SHIB"]),
        ("Polygon (MATIC) renamed", ["POL"]),
        ("Will MIOTA be listed", ["IOTA"]),
        ("Bitcoin&nbsp;is&nbsp;legal tender", ["BTC"]),
        ("«Solana» — «Cardano»", ["SOL", "ADA"]),
        ("ETH", ["ETH"]),
        ("Solana-", ["SOL"]),
    ],
)
def test_exact_names_are_found(title: str, found: list[str]) -> None:
    """Tickers, whole symbols, pairs and project names, in the order of the title."""
    assert bases(title) == found


@pytest.mark.parametrize(
    "title",
    [
        "ONE of the best GAS deals",
        "One gas to rule them all, near the waves",
        "GAS prices rise in Europe",
        "ALL ABOUT SOL AND ADA AND UNI IN CAPITALS",
        "Artificial intelligence (AI) and cash machines (ATM)",
        "Near-term outlook for sand and uni",
        "eth and iota in lower case",
        "Solana-based wallet and Bitcoin-friendly bank and ETH-backed loan",
        "Multichain hacker returns 322 ETH and 120,000 Bitcoin",
        "Stable coins USDC and FDUSD",
        "MONERO (XMR) trades against another quote only",
        "XETHX IOTAS BTC2",
        "AC/DC and ETH2/",
        "",
        "   ",
        "!!! ??? ((( $ $$ / //",
    ],
)
def test_nothing_is_found_out_of_a_sentence(title: str) -> None:
    """Ordinary words, acronyms, adjectives, amounts and money are no subject."""
    assert bases(title) == []


@pytest.mark.parametrize(
    "ticker",
    [
        "ІOTA",  # Cyrillic I
        "IΟTA",  # Greek O
        "IOТА",  # Cyrillic T and A
        "ＩＯＴＡ",  # full width
        "IO\u200bTA",  # zero-width space
        "IO\u00adTA",  # soft hyphen
        "\u202eATOI",  # right to left
        "I\u0301OTA",  # combining accent
        "𝐈𝐎𝐓𝐀",  # mathematical bold
        "I0TA",
        "IOTÄ",
    ],
)
@pytest.mark.parametrize(
    "form", ["{} partners with Microsoft", "Tangle ({}) rises", "${} rises", "{}/USDT", "{}USDT up"]
)
def test_look_alikes_are_other_words(ticker: str, form: str) -> None:
    """No look-alike of IOTA is IOTA, in whatever way it is marked as a ticker."""
    assert bases(form.format(ticker)) == []


def test_a_marked_ticker_is_the_subject() -> None:
    """Where one ticker is in brackets, what else is named is only context."""
    assert bases("Ethereum rival Solana (SOL) hit, BTC calm") == ["SOL"]


def test_another_quote_asset_has_other_symbols() -> None:
    """The symbol is that of the quote asset that we trade in."""
    assert SymbolIndex([instrument("IOTA", "BTC"), instrument("IOTA")], "BTC").find("IOTA rises") == ("IOTABTC",)
    assert SymbolIndex([instrument("IOT", "USD")], "USD").find("IOTA rises") == ("IOTUSD",)
    assert SymbolIndex([], "USDT").find("IOTA rises") == ()


def test_real_announcements_name_what_binance_meant(shared_data: Path) -> None:
    """Over 20 real announcements every found base asset stands in the title as a word, and mojibake breaks nothing."""
    announcements = json.loads((shared_data / "news" / "binance_announcements_2023-10.json").read_text("utf-8"))
    assert len(announcements) == 20
    found = {each["title"]: bases(each["title"]) for each in announcements}
    assert sum(map(len, found.values())) == 12
    for title, symbols in found.items():
        assert all(base in title for base in symbols)
        assert bases(title.encode().decode("cp1252", errors="replace")) == symbols
