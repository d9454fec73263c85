"""Market frames decode exactly, and a frame that makes no sense is refused whole."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.instrument import Instrument
from engine.core.types import BookUpdate, Quote, Symbol, Trade
from engine.venues.binance.codec import MarketCodec, Notice, decode_snapshot, snapshot_frame
from engine.venues.binance.errors import BadFrame

ETH = Instrument(
    symbol=Symbol("ETHUSDT"),
    base_asset="ETH",
    quote_asset="USDT",
    tick_e8=1_000_000,
    lot_e8=10_000,
    min_qty_lots=1,
    max_qty_lots=90_000_000,
    min_notional_e8=500_000_000,
    max_notional_e8=0,
    min_price_ticks=1,
    max_price_ticks=100_000_000,
    is_trading=True,
)
CODEC = MarketCodec([ETH])

# As Binance sent them on 8 August 2024; origin: nkaz001/hftbacktest, examples/spot (MIT).
TRADE = (
    b'{"stream":"ethusdt@trade","data":{"e":"trade","E":1723161255612,"s":"ETHUSDT","t":1520538925,'
    b'"p":"2683.80000000","q":"0.00200000","T":1723161255611,"m":true,"M":true}}'
)
QUOTE = (
    b'{"stream":"ethusdt@bookTicker","data":{"u":35346513501,"s":"ETHUSDT","b":"2683.80000000","B":"3.02920000",'
    b'"a":"2683.81000000","A":"31.43950000"}}'
)
DEPTH = (
    b'{"stream":"ethusdt@depth@100ms","data":{"e":"depthUpdate","E":1723161255308,"s":"ETHUSDT","U":35346513499,'
    b'"u":35346513505,"b":[["2683.80000000","3.02920000"],["2679.00000000","28.21530000"]],'
    b'"a":[["2733.70000000","0.00000000"]]}}'
)
FRAMES = (TRADE, QUOTE, DEPTH)


def raw(frame: bytes) -> bytes:
    """The same event as a raw stream sends it."""
    return frame[frame.index(b'"data":') + 7 : -1]


def test_a_trade_is_decoded_into_ticks_and_lots() -> None:
    expected = Trade(Symbol("ETHUSDT"), 1520538925, 268380, 20, True, 1723161255611_000_000, 7)
    assert CODEC.decode(TRADE, 7) == expected
    assert CODEC.decode(raw(TRADE), 7) == expected


def test_the_aggressor_is_read_both_ways() -> None:
    trade = CODEC.decode(TRADE.replace(b'"m":true', b'"m":false'), 7)
    assert isinstance(trade, Trade)
    assert trade.is_buyer_maker is False


def test_a_quote_is_decoded_into_ticks_and_lots() -> None:
    expected = Quote(Symbol("ETHUSDT"), 35346513501, 268380, 30292, 268381, 314395, 7)
    assert CODEC.decode(QUOTE, 7) == expected
    assert CODEC.decode(raw(QUOTE), 7) == expected


@pytest.mark.parametrize("frame", [DEPTH, raw(DEPTH)])
def test_a_depth_update_is_decoded_with_its_levels_and_removals(frame: bytes) -> None:
    update = CODEC.decode(frame, 7)
    assert isinstance(update, BookUpdate)
    assert (update.is_snapshot, update.first_update_id, update.final_update_id) == (False, 35346513499, 35346513505)
    assert update.bids.tolist() == [[268380, 30292], [267900, 282153]]
    assert update.asks.tolist() == [[273370, 0]]
    assert update.bids.dtype == np.int64
    assert (update.ts_exchange_ns, update.ts_recv_ns) == (1723161255308_000_000, 7)


def test_a_snapshot_is_decoded_bare_and_as_a_recorded_frame() -> None:
    data = b'{"lastUpdateId":35346513512,"bids":[["2683.80000000","3.02920000"]],"asks":[]}'
    for update in (
        decode_snapshot(data, Symbol("ETHUSDT"), ETH, 7),
        CODEC.decode(data, 7),
        CODEC.decode(snapshot_frame(data, Symbol("ETHUSDT")), 7),
    ):
        assert isinstance(update, BookUpdate)
        assert update.is_snapshot
        assert update.first_update_id == update.final_update_id == 35346513512
        assert update.bids.tolist() == [[268380, 30292]]
        assert update.asks.shape == (0, 2)


def test_fields_that_the_venue_adds_are_ignored() -> None:
    added = b'"x":{"deep":["]}",{"p":"1"}],"e":"trade"},"long name":"a\\"b","z":null,"b":12,"k":-1.5e-3,"l":[],'
    assert CODEC.decode(TRADE.replace(b'"p":', added + b'"p":'), 7) == CODEC.decode(TRADE, 7)


def test_a_size_between_two_lots_is_rounded_down() -> None:
    quote = CODEC.decode(QUOTE.replace(b"3.02920000", b"47.50196000"), 7)
    assert isinstance(quote, Quote)
    assert quote.bid_lots == 475019


@pytest.mark.parametrize(
    ("frame", "is_shutdown"),
    [
        (b'{"result":null,"id":1}', False),
        (b'{"id":1,"result":null}', False),
        (b'{"error":{"code":2,"msg":"Invalid request"},"id":1}', False),
        (b'{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}', True),
        (b'{"e":"serverShutdown","E":1770123456789}', True),
    ],
)
def test_what_is_no_market_data_is_a_notice(frame: bytes, is_shutdown: bool) -> None:
    notice = CODEC.decode(frame, 7)
    assert isinstance(notice, Notice)
    assert notice.is_shutdown is is_shutdown


BAD_NUMBERS = [
    b'"NaN"', b'"inf"', b'"-2683.8"', b'"0.00000000"', b'"1e308"', b'""', b'"."', b'"2683."', b'".5"', b"2683.8",
    b'"2683.800000001"', b'"92233720368.5"', b'"99999999999999999999"', b"null", b"[]", b"{}", b'"2 683"',
    b'"2683.80000000', b'"+1"', b'"1_0"', b'"\xd9\xa1"', b"true", b'["2683.8"]',
]  # fmt: skip


@pytest.mark.parametrize("number", BAD_NUMBERS)
@pytest.mark.parametrize("frame", FRAMES)
def test_a_price_that_no_money_can_have_refuses_the_frame(frame: bytes, number: bytes) -> None:
    assert b'"2683.80000000"' in frame
    with pytest.raises(BadFrame):
        CODEC.decode(frame.replace(b'"2683.80000000"', number, 1), 7)


@pytest.mark.parametrize(
    ("frame", "old", "new"),
    [
        (TRADE, b'"0.00200000"', b'"0.00000000"'),
        (TRADE, b'"2683.80000000"', b'"2683.80500000"'),
        (TRADE, b'"p":"2683.80000000",', b""),
        (TRADE, b'"t":1520538925', b'"t":-1'),
        (TRADE, b'"t":1520538925', b'"t":1520538925.5'),
        (TRADE, b'"t":1520538925', b'"t":99999999999999999999'),
        (TRADE, b'"T":1723161255611', b'"T":0'),
        (TRADE, b'"T":1723161255611', b'"T":1e308'),
        (TRADE, b'"T":1723161255611', b'"T":9723161255611000'),
        (TRADE, b'"m":true', b'"m":1'),
        (TRADE, b'"m":true', b'"m":treu'),
        (TRADE, b'"m":true', b'"m":null'),
        (TRADE, b'"e":"trade"', b'"e":"trades"'),
        (TRADE, b'"e":"trade"', b'"e":"aggTrade"'),
        (TRADE, b'"s":"ETHUSDT"', b'"s":"BTCUSDT"'),
        (TRADE, b'"s":"ETHUSDT"', b'"s":"ETHUSD"'),
        (TRADE, b'"M":true', b'"p":"1.00000000"'),
        (TRADE, b'"M":true', b'"M":truE'),
        (TRADE, b'"M":true', b'"M":nul'),
        (TRADE, b'"M":true', b'"M":NaN'),
        (TRADE, b'"M":true', b'"M":1-2'),
        (TRADE, b'"M":true', b'"M":"a"b'),
        (TRADE, b'"E":1723161255612', b'"E":17[]23'),
        (TRADE, b'"E":1723161255612', b'"E":1723.'),
        (TRADE, b'"E":1723161255612', b'"E":1e'),
        (TRADE, b"ethusdt@trade", b"ethusdt@aggTrade"),
        (TRADE, b"ethusdt@trade", b"btcusdt@trade"),
        (QUOTE, b'"u":35346513501,', b""),
        (QUOTE, b'"A":"31.43950000"', b'"A":"0.00000000"'),
        (DEPTH, b'"U":35346513499', b'"U":35346513506'),
        (DEPTH, b'"e":"depthUpdate"', b'"e":"depth"'),
        (DEPTH, b'"s":"ETHUSDT"', b'"s":"BTCUSDT"'),
        (DEPTH, b'"E":1723161255308', b'"E":0'),
        (DEPTH, b'["2679.00000000","28.21530000"]', b'["2679.00000000"]'),
        (DEPTH, b'["2679.00000000","28.21530000"]', b'["2679.00000000","28.21530000","1"]'),
        (DEPTH, b'["2679.00000000","28.21530000"]', b'["2679.00500000","28.21530000"]'),
        (DEPTH, b'["2679.00000000","28.21530000"]', b'["2679.00000000","-1"]'),
        (DEPTH, b'["2679.00000000","28.21530000"]', b'"2679.00000000"'),
        (DEPTH, b'["2679.00000000","28.21530000"]', b"[]"),
        (DEPTH, b'"a":[["2733.70000000","0.00000000"]]', b'"a":null'),
    ],
)
def test_a_field_that_makes_no_sense_refuses_the_frame(frame: bytes, old: bytes, new: bytes) -> None:
    assert old in frame
    with pytest.raises(BadFrame):
        CODEC.decode(frame.replace(old, new, 1), 7)


@pytest.mark.parametrize("frame", FRAMES)
def test_a_frame_cut_anywhere_is_refused(frame: bytes) -> None:
    for length in range(len(frame)):
        with pytest.raises(BadFrame):
            CODEC.decode(frame[:length], 7)


@pytest.mark.parametrize("frame", FRAMES)
def test_a_frame_with_something_after_it_is_refused(frame: bytes) -> None:
    for more in (b"}", b",", b"x", frame):
        with pytest.raises(BadFrame):
            CODEC.decode(frame + more, 7)


@pytest.mark.parametrize(
    "frame", [b"", b"{}", b"[]", b"null", b'"', b"\x00" * 40, b"\xff\xfe", b'{"stream":"', b"[" * 500, b'{"a":' * 5_000]
)
def test_what_is_no_frame_at_all_is_refused(frame: bytes) -> None:
    with pytest.raises(BadFrame):
        CODEC.decode(frame, 7)


@settings(max_examples=1500)
@given(data=st.data())
def test_a_damaged_frame_is_refused_or_still_a_sane_event(data: st.DataObject) -> None:
    frame = bytearray(data.draw(st.sampled_from([*FRAMES, *map(raw, FRAMES)])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(frame) - 1))
        match data.draw(st.sampled_from(["set", "delete", "insert", "swap"])):
            case "set":
                frame[at] = data.draw(st.integers(0, 255))
            case "delete":
                del frame[at : at + data.draw(st.integers(1, 20))]
            case "insert":
                frame[at:at] = data.draw(st.binary(max_size=8))
            case _:
                other = data.draw(st.integers(0, len(frame) - 1))
                frame[at], frame[other] = frame[other], frame[at]
        if not frame:
            return
    try:
        event = CODEC.decode(bytes(frame), 7)
    except BadFrame:
        return
    assert_sane(event)


@settings(max_examples=300)
@given(frame=st.binary(max_size=200))
def test_noise_is_refused(frame: bytes) -> None:
    with pytest.raises(BadFrame):
        CODEC.decode(frame, 7)


def assert_sane(event: Any) -> None:
    """Whatever was decoded, prices and sizes are such that money can have them."""
    if isinstance(event, Trade):
        assert event.price_ticks > 0
        assert event.qty_lots >= 0
        assert event.ts_exchange_ns > 0
    elif isinstance(event, Quote):
        assert min(event.bid_ticks, event.ask_ticks) > 0
        assert min(event.bid_lots, event.ask_lots) >= 0
    elif isinstance(event, BookUpdate):
        for side in (event.bids, event.asks):
            assert bool((side[:, 0] > 0).all())
            assert bool((side[:, 1] >= 0).all())


def slow_twin(frame: bytes) -> tuple[Any, ...]:
    """Decode with json and Decimal what the kernel decodes in one pass."""
    data = json.loads(frame)["data"]

    def ticks(text: str) -> int:
        return int(Decimal(text) * 100)

    def lots(text: str) -> int:
        return int(Decimal(text) * 10_000)

    def rows(levels: list[list[str]]) -> list[list[int]]:
        return [[ticks(price), lots(qty)] for price, qty in levels]

    if data.get("e") == "trade":
        return data["t"], ticks(data["p"]), lots(data["q"]), data["m"], data["T"] * 1_000_000
    if data.get("e") == "depthUpdate":
        return data["U"], data["u"], rows(data["b"]), rows(data["a"]), data["E"] * 1_000_000
    return data["u"], ticks(data["b"]), lots(data["B"]), ticks(data["a"]), lots(data["A"])


def values(event: Any) -> tuple[Any, ...]:
    """What the twin says of the same event."""
    if isinstance(event, Trade):
        return event.fill_id, event.price_ticks, event.qty_lots, event.is_buyer_maker, event.ts_exchange_ns
    if isinstance(event, BookUpdate):
        ids = (event.first_update_id, event.final_update_id)
        return *ids, event.bids.tolist(), event.asks.tolist(), event.ts_exchange_ns
    return event.update_id, event.bid_ticks, event.bid_lots, event.ask_ticks, event.ask_lots


def recorded(path: Path) -> Iterator[bytes]:
    """The frames of a recording, without their stamps."""
    with gzip.open(path) as lines:
        for line in lines:
            yield line.rstrip(b"\n").partition(b" ")[2]


def test_every_recorded_frame_decodes_as_the_slow_twin_says(eth_recording: Path) -> None:
    for number, frame in enumerate(recorded(eth_recording)):
        if frame.startswith(b'{"stream"') and number % 3 == 0:
            assert values(CODEC.decode(frame, 7)) == slow_twin(frame)
