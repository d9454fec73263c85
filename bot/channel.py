"""Finds the channel that the settings name, by id or by name, before anything is posted."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.outbox import reason_of, wait_asked_for
from bot.settings import BadSettings

_log = logging.getLogger(__name__)
_RETRY_S: Final = 2.0
_PAGE: Final = 1_000
"""The most that Slack lists at once; asking is limited to some 20 times a minute."""
_ID: Final = re.compile(r"[CG][A-Z0-9]{6,}")
_TOKEN_IS_BAD: Final = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
_NOT_THERE: Final = frozenset({"channel_not_found", "missing_scope"})


async def find_channel(client: AsyncWebClient, wanted: str) -> str:
    """Return the channel's id, waiting until Slack answers; raises BadSettings where Slack shows no such channel."""
    while True:
        try:
            found = await (_by_id if _ID.fullmatch(wanted) else _by_name)(client, wanted)
            if found:
                return found
            raise _no_such(wanted)
        except SlackApiError as error:
            reason = reason_of(error)
            if reason in _TOKEN_IS_BAD:
                raise BadSettings(f"Slack refuses SLACK_BOT_TOKEN ({reason}): copy it anew from your app.") from None
            if reason in _NOT_THERE:
                raise _no_such(wanted) from None
            wait_s = wait_asked_for(error, _RETRY_S) or _RETRY_S
            _log.warning("Slack doesn't show its channels yet", extra={"why": reason, "retry_s": wait_s})
        except (aiohttp.ClientError, OSError) as error:
            wait_s = _RETRY_S
            _log.warning("Slack can't be reached yet", extra={"why": repr(error), "retry_s": wait_s})
        await asyncio.sleep(wait_s)


async def _by_id(client: AsyncWebClient, channel_id: str) -> str:
    answer = await client.conversations_info(channel=channel_id)
    return str(answer["channel"]["id"])


async def _by_name(client: AsyncWebClient, wanted: str) -> str:
    name = wanted.removeprefix("#")
    kinds = "public_channel,private_channel"
    async for page in await client.conversations_list(types=kinds, exclude_archived=True, limit=_PAGE):
        for channel in page["channels"]:
            if name == channel["name"]:
                return str(channel["id"])
    return ""


def _no_such(wanted: str) -> BadSettings:
    return BadSettings(
        f"SLACK_CHANNEL is {wanted!r}, and Slack shows me no such channel: invite the app into it, or write another."
    )
