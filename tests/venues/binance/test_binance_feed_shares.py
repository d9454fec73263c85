"""Which symbols share a connection: few connections, none with more than it can carry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.types import Symbol
from engine.venues.binance.shares import ADDRESS_MAX, STREAMS, STREAMS_MAX, address, split

URL = "wss://stream.binance.com:9443"


def named(count: int) -> list[Symbol]:
    return [Symbol(f"COIN{number:04d}USDT") for number in range(count)]


def test_an_address_names_every_stream_of_its_symbols() -> None:
    wanted = "wss://v/stream?streams=ethusdt@trade/ethusdt@bookTicker/ethusdt@depth@100ms"
    assert address("wss://v", [Symbol("ETHUSDT")]) == wanted
    assert address("wss://v", [Symbol("币安USDT")]).startswith("wss://v/stream?streams=%E5%B8%81%E5%AE%89usdt@trade/")


@pytest.mark.parametrize("count", [1, 100, 1_000, 2_000])
def test_a_thousand_symbols_need_a_handful_of_connections(count: int) -> None:
    shares = split(named(count), URL)
    assert len(shares) <= count / 100 + 1
    assert max(len(share) for share in shares) - min(len(share) for share in shares) <= 1
    assert all(len(share) * len(STREAMS) <= STREAMS_MAX for share in shares)
    assert all(len(address(URL, share)) <= ADDRESS_MAX for share in shares)


@given(count=st.integers(1, 60), streams_max=st.integers(3, 40), address_max=st.integers(120, 2_000))
def test_every_symbol_is_on_exactly_one_connection(count: int, streams_max: int, address_max: int) -> None:
    symbols = named(count)
    shares = split(symbols, URL, streams_max, address_max)
    assert sorted(symbol for share in shares for symbol in share) == symbols
    assert all(len(share) * len(STREAMS) <= streams_max for share in shares)
    assert all(len(address(URL, share)) <= address_max for share in shares)


@pytest.mark.parametrize(("count", "streams_max", "address_max"), [(0, 1024, 8_000), (2, 2, 8_000), (2, 1024, 50)])
def test_what_no_connection_can_carry_is_refused(count: int, streams_max: int, address_max: int) -> None:
    with pytest.raises(ValueError, match="can't be followed"):
        split(named(count), URL, streams_max, address_max)
