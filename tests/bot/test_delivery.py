"""A message goes into the channel once: what may have been taken is looked for before it is posted again."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import ServerDisconnectedError
from local_desk import CHANNEL
from slack_sdk.errors import SlackApiError
from test_outbox import refused

from bot.delivery import Delivery, Letter
from bot.render.blocks import Message, message, section

SHOWN = message("hello", [section("hello")])


class Slack:
    """Takes messages into a channel, and loses answers or refuses as it is told to."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.loses_answer = False
        self.refuses: dict[str, SlackApiError] = {}
        self.looked_after: list[str] = []

    async def chat_postMessage(self, **content: Any) -> dict[str, Any]:
        if error := self.refuses.get("chat.postMessage"):
            raise error
        self.messages.append({"ts": f"17{len(self.messages):08d}.000100", **content})
        if self.loses_answer:
            raise ServerDisconnectedError
        return {"ok": True, "ts": self.messages[-1]["ts"]}

    async def conversations_history(self, *, oldest: str, **_where: Any) -> dict[str, Any]:
        if error := self.refuses.get("conversations.history"):
            raise error
        self.looked_after.append(oldest)
        return {"ok": True, "messages": [m for m in self.messages if "thread_ts" not in m]}

    async def conversations_replies(self, *, ts: str, **_where: Any) -> dict[str, Any]:
        return {"ok": True, "messages": [m for m in self.messages if m.get("thread_ts") == ts]}


def delivery(slack: Slack, kept: list[str] | None = None, latest: str = "") -> Delivery:
    notes = kept if kept is not None else []
    return Delivery(slack, CHANNEL, lambda: notes.append("kept"), latest)  # type: ignore[arg-type]


async def posted_twice(slack: Slack, letter: Letter, thread: str = "") -> str:
    """Post a letter whose answer is lost, and then again."""
    slack.loses_answer = True
    with pytest.raises(ServerDisconnectedError):
        await delivery(slack).post(letter, SHOWN, thread)
    slack.loses_answer = False
    return await delivery(slack).post(letter, SHOWN, thread)


async def test_it_is_on_disk_that_it_may_be_taken_before_it_leaves() -> None:
    slack, kept = Slack(), list[str]()
    slack.refuses["chat.postMessage"] = refused(500, "")
    letter = Letter("note:1")
    with pytest.raises(SlackApiError):
        await delivery(slack, kept, latest="1700000000.000100").post(letter, SHOWN)
    assert kept == ["kept"]
    assert letter.tried_after == "1700000000.000100"


@pytest.mark.parametrize("thread", ["", "1700000000.000001"])
async def test_a_letter_whose_answer_was_lost_is_found_by_its_name(thread: str) -> None:
    slack = Slack()
    ts = await posted_twice(slack, Letter("note:1"), thread)
    assert [m["ts"] for m in slack.messages] == [ts]


async def test_another_letter_that_says_the_same_is_posted() -> None:
    slack = Slack()
    await posted_twice(slack, Letter("note:1"))
    await delivery(slack).post(Letter("note:2", tried_after="1"), SHOWN)
    assert len(slack.messages) == 2


async def test_where_it_may_not_look_it_posts_again_because_twice_is_better_than_never() -> None:
    slack = Slack()
    slack.refuses["conversations.history"] = refused(200, "missing_scope")
    await posted_twice(slack, Letter("note:1"))
    assert len(slack.messages) == 2


async def test_what_slack_refused_it_has_not_and_nobody_looks() -> None:
    slack, letter = Slack(), Letter("note:1")
    slack.refuses["chat.postMessage"] = refused(429, "ratelimited")
    with pytest.raises(SlackApiError):
        await delivery(slack).post(letter, SHOWN)
    del slack.refuses["chat.postMessage"]
    await delivery(slack).post(letter, SHOWN)
    assert (len(slack.messages), slack.looked_after, letter.tried_after) == (1, [], "")


async def test_blocks_that_have_names_keep_them() -> None:
    slack = Slack()
    row = {"type": "actions", "block_id": "decide:p-1", "elements": []}
    await delivery(slack).post(Letter("proposal:p-1"), Message("x", [row, section("x")]))
    assert [block["block_id"] for block in slack.messages[0]["blocks"]] == ["decide:p-1", "proposal:p-1"]
