"""The second opinion: asked after the engine decided, holds nothing up, and is absent where nobody put it."""

from __future__ import annotations

import asyncio
import math
import multiprocessing
import os
import signal
import threading
from pathlib import Path

import msgspec
import pytest

from engine.core.tidings import Headline, NewsItem, Opinion
from engine.core.types import Symbol
from engine.news.opinion import OpinionModel, OpinionUnreadable, SecondOpinion, build, read_opinion

MODEL = OpinionModel(
    version="1.0", horizon_min=15, cost=0.002, titles=300, usual=0.3, intercept=-1.0, words={"joins the quorum": 2.0}
).sealed()


def headline(title: str, score: float = 0.6) -> Headline:
    item = NewsItem("wire", title, title, "", 1, 1)
    return Headline(item, "listing", score, (Symbol("ETHUSDT"),), ())


async def test_another_process_answers_and_the_loop_goes_on() -> None:
    """What is heard returns at once; the answer comes in the loop, by words and weights; without a score none."""
    told: list[Opinion] = []
    came = asyncio.Event()

    def on_opinion(opinion: Opinion) -> None:
        assert threading.current_thread() is threading.main_thread()
        told.append(opinion)
        if len(told) == 2:
            came.set()

    second = SecondOpinion(MODEL, on_opinion, lambda: 7)
    task = asyncio.create_task(second.run())
    for one in (headline("Prices today", 0.0), headline("Ethereum joins the quorum"), headline("Ethereum rests")):
        second.hear(one)
    assert not told
    async with asyncio.timeout(60):
        await came.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    shares = [1.0 / (1.0 + math.exp(-weight)) for weight in (1.0, -1.0)]
    assert [one.title for one in told] == ["Ethereum joins the quorum", "Ethereum rests"]
    assert [one.share for one in told] == pytest.approx(shares)
    assert {(one.usual, one.model, one.ts_recv_ns) for one in told} == {(0.3, MODEL.hash[:12], 7)}


async def _answered(second: SecondOpinion, told: asyncio.Queue[Opinion], title: str) -> Opinion:
    """Let one headline be answered, which starts the model's process."""
    second.hear(headline(title))
    async with asyncio.timeout(60):
        return await told.get()


def _its_process(before: set[int]) -> int:
    """The process that was started since."""
    (pid,) = {child.pid for child in multiprocessing.active_children() if child.pid is not None} - before
    return pid


async def test_a_process_that_dies_ends_the_opinions_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    """It is told once; headlines are heard as before, and nobody answers any more."""
    told: asyncio.Queue[Opinion] = asyncio.Queue()
    second = SecondOpinion(MODEL, told.put_nowait, lambda: 7)
    before = {child.pid for child in multiprocessing.active_children() if child.pid is not None}
    task = asyncio.create_task(second.run())
    await _answered(second, told, "Ethereum joins the quorum")
    os.kill(_its_process(before), signal.SIGKILL)
    second.hear(headline("Ethereum rests"))
    async with asyncio.timeout(60):
        await task
    assert "the process of the second opinion died" in caplog.text
    second.hear(headline("Ethereum wakes"))
    assert told.empty()


async def test_a_process_that_hangs_holds_nothing_up() -> None:
    """While it stands still the loop goes on and takes headlines; what it says comes when it says it."""
    told: asyncio.Queue[Opinion] = asyncio.Queue()
    second = SecondOpinion(MODEL, told.put_nowait, lambda: 7)
    before = {child.pid for child in multiprocessing.active_children() if child.pid is not None}
    task = asyncio.create_task(second.run())
    await _answered(second, told, "Ethereum joins the quorum")
    pid = _its_process(before)
    os.kill(pid, signal.SIGSTOP)
    try:
        for number in range(100):
            second.hear(headline(f"Ethereum {number}"))
            await asyncio.sleep(0)
        assert told.empty()
        assert not task.done()
    finally:
        os.kill(pid, signal.SIGCONT)
    async with asyncio.timeout(60):
        assert (await told.get()).title == "Ethereum 0"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_comes_too_fast_is_left_out() -> None:
    """A flood of headlines grows no queue without end, and waits for nobody."""
    second = SecondOpinion(MODEL, lambda opinion: None, lambda: 0)
    for number in range(1_000):
        second.hear(headline(f"Ethereum {number}"))
    assert second._waiting.qsize() == 16


def test_a_model_is_what_it_was_when_it_was_trained(tmp_path: Path) -> None:
    """None where there is no file; one that somebody changed is refused with a sentence."""
    path = tmp_path / "opinion.json"
    assert read_opinion(tmp_path) is None
    path.write_bytes(msgspec.json.encode(MODEL))
    assert read_opinion(tmp_path) == MODEL
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(MODEL, usual=0.9)))
    with pytest.raises(OpinionUnreadable, match="was changed"):
        read_opinion(tmp_path)
    for damaged in (b"[]", b'{"hash":"\xff\xfe"}', b'{"x":' + b"[" * 100_000):
        path.write_bytes(damaged)
        with pytest.raises(OpinionUnreadable, match="makes no sense"):
            read_opinion(tmp_path)


def test_words_and_weights_are_all_there_is_to_a_model() -> None:
    """Several words count together, and in the order of no dictionary."""
    made = msgspec.structs.replace(MODEL, words={"zebra": 1.0, "ant": -2.0})
    columns, model = build(made)
    (share,) = model.predict_proba(columns.transform(["ant and zebra"]))[:, 1]
    assert share == pytest.approx(1.0 / (1.0 + math.exp(2.0)))
