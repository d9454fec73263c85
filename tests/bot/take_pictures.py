"""Takes the pictures of ``docs/pictures``: plays a day on a real desk, and photographs the Slack's page in Chromium.

``PYTHONPATH=.:tests .venv/bin/python tests/bot/take_pictures.py [FOLDER]``, some three minutes. It needs Chromium on
the path. Nothing is arranged: it shows what the desk says to Alice, who trades the story of 28 November 2017.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import aiohttp
import numpy as np
from local_desk import ALICE, CHANNEL, LocalSlack
from matplotlib.image import imread, imsave
from needs import ROOT
from whole_desk import Desk, running_desk

from bot import memory
from bot.charts import ThemeName
from bot.drawing import Drawing
from bot.outbox import Outbox
from bot.pictures import Pictures
from bot.render import kill, preview
from engine.wire.commands import AnyCommand
from engine.wire.line import EngineLine, socket_path
from engine.wire.replies import Reply

_WIDE: Final = 1_300
_HIGH: Final = 860
_READ: Final = 820
"""So wide is what is written in a message."""
_SETTLED_S: Final = 2.0
"""The exchange tells of balances a moment after a fill."""
_STORY_S: Final = 180.0
"""The headline comes after 45 s; what was bought before it reaches its target about a minute later."""
_EXIT: Final = "Closed IOTA by"
_THEMES: Final[tuple[ThemeName, ...]] = ("light", "dark")


class Box(NamedTuple):
    """A part of the page, in pixels."""

    x: float
    y: float
    width: float
    height: float


class Page:
    """One page of a Chromium without a window."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, folder: Path) -> None:
        self._socket = socket
        self._folder = folder
        self._calls = 0

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask the browser for something; its errors are raised."""
        self._calls += 1
        await self._socket.send_json({"id": self._calls, "method": method, "params": params})
        while (answer := await self._socket.receive_json()).get("id") != self._calls:
            pass
        return dict(answer["result"])

    async def js(self, code: str) -> Any:
        """Return what an expression is worth on the page."""
        answer = await self.call("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        return answer["result"].get("value")

    async def until(self, code: str, within_s: float = 40.0) -> None:
        """Wait until an expression is true, and the page has drawn what made it so."""
        async with asyncio.timeout(within_s):
            while not await self.js(code):
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)

    async def size(self, high: int) -> None:
        """Make the window so high."""
        size = {"width": _WIDE, "height": high, "deviceScaleFactor": 1, "mobile": False}
        await self.call("Emulation.setDeviceMetricsOverride", **size)

    async def take(self, name: str, box: Box | None = None) -> None:
        """Take a picture of all that is seen, or of a part."""
        clip = {"clip": {**box._asdict(), "scale": 1}} if box else {}
        shot = await self.call("Page.captureScreenshot", format="png", **clip)
        (self._folder / name).write_bytes(base64.b64decode(shot["data"]))

    async def box_of(self, *selectors: str) -> Box:
        """Return the smallest part of the page that holds the first element of each selector."""
        boxes = f"{list(selectors)}.map(s => document.querySelector(s).getBoundingClientRect())"
        edges = await self.js(f"{boxes}.map(r => [r.left, r.top, r.right, r.bottom])")
        left, top = (min(edge[at] for edge in edges) for at in (0, 1))
        right, bottom = (max(edge[at] for edge in edges) for at in (2, 3))
        return Box(left, top, right - left, bottom - top)


@contextlib.asynccontextmanager
async def chromium(url: str, folder: Path) -> AsyncIterator[Page]:
    """Open a page; raises FileNotFoundError where there is no Chromium."""
    profile = tempfile.mkdtemp(prefix="pictures-")
    words = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-port=0")
    process = await asyncio.create_subprocess_exec(
        *("chromium", *words, f"--user-data-dir={profile}", "about:blank"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        while not (found := re.search(rb"ws://([^/]+)/", await process.stderr.readline())):
            pass
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://{found[1].decode()}/json") as answer:
                target = next(one for one in await answer.json() if one["type"] == "page")
            async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket, folder)
                await page.size(_HIGH)
                await page.call("Page.navigate", url=url)
                await page.until("document.querySelector('.msg') !== null")
                yield page
    finally:
        process.kill()
        await process.wait()
        shutil.rmtree(profile, ignore_errors=True)


def named(message: dict[str, Any]) -> str:
    """Select a message on the page."""
    return f'.messages .msg[data-ts="{message["ts"]}"]'


async def photograph(page: Page, name: str, *messages: dict[str, Any]) -> None:
    """Take a picture of messages that stand one below the other."""
    first, last = named(messages[0]), named(messages[-1])
    await page.until(f"document.querySelector('{last}') !== null")
    await page.js(f"document.querySelector('{first}').scrollIntoView({{block: 'start'}})")
    await page.until("true")
    box = await page.box_of(first, last)
    await page.take(name, box._replace(width=min(box.width, _READ)))


async def open_thread(page: Page, message: dict[str, Any]) -> None:
    """Open a message's thread beside the channel, and wait until its chart is there."""
    await page.until(f"document.querySelector('{named(message)} .thread-summary') !== null")
    await page.js(f"document.querySelector('{named(message)} .thread-summary').click()")
    await page.until("[...document.querySelectorAll('.thread-pane img')].some(i => i.complete && i.naturalWidth > 0)")
    await page.js(f"document.querySelector('{named(message)}').scrollIntoView({{block: 'start'}})")
    await page.until("true")


async def play(desk: Desk, page: Page, folder: Path) -> None:
    """Trade, and take each picture when its moment has come."""
    slack = desk.slack
    await desk.armed()
    await slack.command(ALICE, "/buy", "IOTA 300 be=1%")
    asked = await slack.sees_text("Preview: buy")
    await photograph(page, "preview.png", asked)
    await slack.click(ALICE, asked, preview.CONFIRM)
    root = await slack.sees_text("buys IOTA for 300 USDT", "Holding")
    await asyncio.sleep(_SETTLED_S)
    await slack.command(ALICE, "/positions")
    await photograph(page, "positions.png", await slack.sees_text("1 open position"))
    await slack.command(ALICE, "/sell", "IOTA 50% limit=1.25")
    await photograph(page, "sell.png", await slack.sees_text("Preview: sell"))
    alert = await slack.see(
        lambda message: any("launches" in str(block) for block in message.get("blocks") or ()), _STORY_S
    )
    await open_thread(page, alert)
    await page.js("(e => e.scrollTop = e.scrollHeight)(document.querySelector('.thread-body'))")
    await page.until("true")
    await page.take("alert.png")
    await slack.see(lambda message: message["ts"] == root["ts"] and _EXIT in message["text"], _STORY_S)
    await slack.see(lambda message: message.get("thread_ts") == root["ts"] and bool(message.get("files")), _STORY_S)
    await open_thread(page, root)
    await page.js("(e => e.scrollTop = e.scrollHeight)(document.querySelector('.thread-body'))")
    await page.until("true")
    await page.take("thread.png")
    await charts(desk, root, folder)
    await page.js("document.querySelector('.thread-pane button').click()")
    await slack.command(ALICE, "/buy", "IOTA 200 3% 6%")
    await slack.click(ALICE, await slack.sees_text("Preview: buy"), preview.CONFIRM)
    held = await slack.sees_text("buys IOTA for 200 USDT", "Holding")
    await home(page)
    await slack.command(ALICE, "/digest")
    await photograph(page, "digest.png", await slack.sees_text("Daily digest"))
    await mutes_and_health(slack, page)
    await slack.command(ALICE, "/kill", "flatten")
    question = await slack.sees_text("Kill trading?")
    await slack.click(ALICE, question, kill.KILL)
    report = await slack.sees_text("Kill by", "confirmed by the exchange")
    assert report["ts"] > held["ts"]
    await photograph(page, "kill.png", question, report)


async def mutes_and_health(slack: LocalSlack, page: Page) -> None:
    """Mute two things and list them; ask whether all is well."""
    await slack.command(ALICE, "/mute", "news 2h")
    await slack.sees_text("muted news here")
    await slack.command(ALICE, "/mute", "sma_cross on iota 1d")
    muted = await slack.sees_text("muted sma_cross on IOTAUSDT here")
    await slack.command(ALICE, "/mute", "list")
    await photograph(page, "mute.png", muted, await slack.sees_text("Muted here: 2"))
    await slack.command(ALICE, "/health")
    shown = await slack.see(lambda message: any(word in message["text"] for word in (" well", "NOT WELL")))
    await photograph(page, "health.png", shown)


async def home(page: Page) -> None:
    """Look at App Home, as high as it is."""
    await page.js("[...document.querySelectorAll('.sidebar-item')].at(-1).click()")
    picture = "[...document.querySelectorAll('.home .bk-image img')].some(i => i.complete && i.naturalWidth > 0)"
    await page.until(picture)
    await page.size(int(await page.js("document.querySelector('.home-inner').scrollHeight")) + 120)
    await page.until(picture)
    box = await page.box_of(".home-inner")
    await page.take("home.png", Box(box.x - 24, box.y - 12, box.width + 48, box.height + 24))
    await page.size(_HIGH)
    await page.js("document.querySelector('.sidebar-item').click()")
    await page.until("document.querySelector('.messages .msg') !== null")


class Album:
    """Stands where Slack does for the one who uploads, and keeps the picture."""

    def __init__(self) -> None:
        self.png = b""

    async def files_upload_v2(self, *, content: bytes, **_place: Any) -> dict[str, Any]:
        """Keep what is uploaded."""
        self.png = content
        return {"files": [{}]}


async def charts(desk: Desk, root: dict[str, Any], folder: Path) -> None:
    """Draw the chart of the trade in this thread once more, in light and in dark, one above the other."""
    card = next(card for card in memory.load(desk.home / "bot-state.json", CHANNEL).cards if card.ts == root["ts"])
    drawn = []
    known: dict[type, Reply] = {}

    async def ask(question: AnyCommand) -> Reply:
        """Answer both with what the first was told: the market goes on between them."""
        if type(question) not in known:
            known[type(question)] = await line.ask(question)
        return known[type(question)]

    async with EngineLine(socket_path(desk.home)) as line, Drawing() as drawing:
        for theme in _THEMES:
            album, outbox = Album(), Outbox(gap_s=0.0)
            card.charted.clear()
            sending = asyncio.create_task(outbox.run())
            Pictures(album, outbox, ask, drawing, theme).want(CHANNEL, card, "closed", lambda: None)  # type: ignore[arg-type]
            await outbox.drained()
            sending.cancel()
            file = folder / f".{theme}.png"
            file.write_bytes(album.png)
            drawn.append(imread(file))
            file.unlink()
    imsave(folder / "charts.png", np.vstack(drawn))


async def main(folder: Path) -> None:
    """Start a desk and a browser, and play; the folder is there."""
    async with running_desk(is_one_step=False) as desk, chromium(desk.slack.page, folder) as page:
        await play(desk, page, folder)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/pictures"))
