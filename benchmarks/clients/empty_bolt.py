"""The least that a Slack app can do: a Bolt listener that acknowledges and answers, at the Slack that is named."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Final

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.local_slack import workspace

_PROXIES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")


async def main(page: str) -> None:
    """Answer every ``/status`` until killed."""
    for name in _PROXIES:  # slack_sdk asks them for an address of this machine too
        os.environ.pop(name, None)
    client = AsyncWebClient(workspace.BOT_TOKEN, base_url=f"{page}/api/")
    app = AsyncApp(client=client, signing_secret=workspace.SIGNING_SECRET)

    @app.command("/status")
    async def status(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(text="well", response_type="ephemeral")

    await AsyncSocketModeHandler(app, workspace.APP_TOKEN).start_async()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
