"""Uploads a picture to Slack, into a channel or thread, or for the bot's own pages alone."""

from __future__ import annotations

from typing import Any

from slack_sdk.errors import SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from bot.drawing import NotDrawn


async def upload(client: AsyncWebClient, png: bytes, name: str, title: str, words: str, **where: Any) -> dict[str, Any]:
    """Return the file as Slack describes it; raises NotDrawn, SlackApiError, and what the HTTP client raises.

    ``words`` say what it shows, for those who can't see it; ``where`` is what ``files_upload_v2`` takes for a place.
    """
    try:
        taken = await client.files_upload_v2(content=png, filename=f"{name}.png", title=title, alt_txt=words, **where)
    except SlackRequestError as error:
        # The one error of the client that isn't Slack's answer: the address for the bytes would not have them.
        raise NotDrawn(f"No chart: Slack did not take the picture ({error}).") from None
    return dict(taken["files"][0])
