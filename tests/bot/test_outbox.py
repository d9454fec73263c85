"""The outbox: at once after quiet, then at Slack's pace, in order, the latest state only, and nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import ClientConnectionError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.outbox import Outbox, reason_of

WITHIN_S = 30.0


@asynccontextmanager
async def running(outbox: Outbox) -> AsyncIterator[Outbox]:
    task = asyncio.create_task(outbox.run())
    try:
        yield outbox
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def refused(status: int, error: str, **headers: str) -> SlackApiError:
    response = AsyncSlackResponse(
        client=None,  # type: ignore[arg-type]
        http_verb="POST",
        api_url="chat.postMessage",
        req_args={},
        data=error if error.startswith("<") else {"ok": False, "error": error},
        headers=headers,
        status_code=status,
    )
    return SlackApiError(error, response)


class Slack:
    """Takes messages, or fails as it is told to."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.at: list[float] = []
        self.failures: list[Exception] = []
        self.tried = asyncio.Event()

    def sends(self, text: str) -> Callable[[], Awaitable[None]]:
        async def send() -> None:
            self.at.append(asyncio.get_running_loop().time())
            self.tried.set()
            if self.failures:
                raise self.failures.pop(0)
            self.sent.append(text)

        return send


async def drained(outbox: Outbox) -> None:
    async with asyncio.timeout(WITHIN_S):
        await outbox.drained()


async def test_the_first_after_quiet_goes_at_once_and_then_one_each_gap() -> None:
    slack = Slack()
    async with running(Outbox(gap_s=0.5, burst=2)) as outbox:
        began = asyncio.get_running_loop().time()
        for number in range(4):
            outbox.put(str(number), slack.sends(str(number)))
        await drained(outbox)
    assert slack.sent == ["0", "1", "2", "3"]
    assert slack.at[1] - began < 0.45
    assert slack.at[3] - began >= 0.95


async def test_edits_of_the_same_message_coalesce_and_keep_their_place() -> None:
    slack = Slack()
    outbox = Outbox(gap_s=0.01)
    for key, text in [("a", "a1"), ("b", "b1"), ("a", "a2"), ("a", "a3")]:
        outbox.put(key, slack.sends(text))
    assert outbox.backlog == 2
    async with running(outbox):
        await drained(outbox)
    assert slack.sent == ["a3", "b1"]


async def test_what_is_urgent_goes_first_and_in_order() -> None:
    """Who halts and resumes reads it in that order, however many edits wait."""
    slack, outbox = Slack(), Outbox(gap_s=0.0)
    for key, is_urgent in [("a", False), ("halted", True), ("b", False), ("armed", True)]:
        outbox.put(key, slack.sends(key), is_urgent=is_urgent)
    async with running(outbox):
        await drained(outbox)
    assert slack.sent == ["halted", "armed", "a", "b"]


async def test_a_proxys_own_page_is_no_answer_of_slacks() -> None:
    """The client hands it on as text: it is waited out like any other failure of the way there."""
    slack = Slack()
    slack.failures = [refused(502, "<html>bad gateway</html>")]
    async with running(Outbox(gap_s=0.0, backoff_s=0.01)) as outbox:
        outbox.put("a", slack.sends("a"))
        await drained(outbox)
    assert slack.sent == ["a"]
    assert reason_of(refused(502, "<html>bad gateway</html>")) == "<html>bad gateway</html>"


async def test_slacks_retry_after_is_waited_for_and_nothing_is_lost() -> None:
    slack = Slack()
    slack.failures = [refused(429, "ratelimited", **{"Retry-After": "0.1"})]
    async with running(Outbox(gap_s=0.01)) as outbox:
        outbox.put("a", slack.sends("a"))
        outbox.put("b", slack.sends("b"))
        await drained(outbox)
    assert slack.sent == ["a", "b"]
    assert slack.at[1] - slack.at[0] >= 0.1


async def test_a_newer_state_replaces_the_one_that_waits_for_a_retry() -> None:
    slack = Slack()
    slack.failures = [refused(429, "ratelimited", **{"Retry-After": "0.1"})]
    async with running(Outbox(gap_s=0.0)) as outbox:
        outbox.put("a", slack.sends("old"))
        await slack.tried.wait()
        outbox.put("a", slack.sends("new"))
        await drained(outbox)
    assert slack.sent == ["new"]


async def test_while_slack_is_away_messages_wait() -> None:
    slack = Slack()
    slack.failures = [ClientConnectionError("gone"), TimeoutError(), refused(503, "")]
    async with running(Outbox(gap_s=0.0, backoff_s=0.01)) as outbox:
        outbox.put("a", slack.sends("a"))
        await drained(outbox)
    assert slack.sent == ["a"]
    assert len(slack.at) == 4


async def test_a_message_that_slack_refuses_is_dropped_and_the_next_goes_out() -> None:
    slack = Slack()
    slack.failures = [refused(200, "invalid_blocks")]
    async with running(Outbox(gap_s=0.0)) as outbox:
        outbox.put("a", slack.sends("a"))
        outbox.put("b", slack.sends("b"))
        await drained(outbox)
    assert slack.sent == ["b"]


async def test_when_it_is_stopped_what_is_being_sent_is_still_sent() -> None:
    """Slack has it already: without its answer the same message would be posted again after the restart."""
    began, answer, sent = asyncio.Event(), asyncio.Event(), []

    async def send() -> None:
        began.set()
        await answer.wait()
        sent.append("a")

    outbox = Outbox()
    task = asyncio.create_task(outbox.run())
    outbox.put("a", send)
    await began.wait()
    task.cancel()
    answer.set()
    await asyncio.gather(task, return_exceptions=True)
    assert sent == ["a"]
    assert task.cancelled()
