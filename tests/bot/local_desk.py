"""What the bot's tests stand on: the real local Slack, and an engine that speaks the real wire and follows a script."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import msgspec
from aiohttp import web
from needs import ROOT, skip_or_fail
from sample_views import PRICE, positions, preview, status

from bot import app as bot_app
from bot import settings as bot_settings
from bot.local_slack import workspace
from bot.local_slack.install import NotInstallable, install
from bot.local_slack.launch import command
from bot.render.size import BLOCK, INPUT
from engine.wire.codec import decode_command, encode
from engine.wire.commands import AnyCommand, GetSnapshot, Preview
from engine.wire.events import AnyEvent
from engine.wire.line import socket_path
from engine.wire.replies import OrdersView, Reply, Result, Snapshot
from engine.wire.views import ProposalView

WITHIN_S = 40.0
DRAWN_WITHIN_S = 40.0
"""The first chart starts the process that draws, which loads its library."""
ALICE, BOB, CAROL = workspace.ADMIN, workspace.VIEWER, "U03CAROL"
CHANNEL = workspace.CHANNEL
CommandT = TypeVar("CommandT", bound=AnyCommand)
Messages = list[dict[str, Any]]


class ScriptedEngine:
    """Speaks the wire on a Unix socket, answers as scripted, an id that it has seen with the same reply."""

    def __init__(self) -> None:
        self.heard: list[AnyCommand] = []
        self.executed: list[AnyCommand] = []
        self.seq = 0
        self.status = status()
        self.positions = positions()
        self.orders = OrdersView((), ())
        self.proposals: tuple[ProposalView, ...] = ()
        self._script: dict[type, Callable[[Any], Reply]] = {}
        self.answer(Preview, preview(is_one_step=True))
        self._replies: dict[str, Reply] = {}
        self._watchers: set[web.WebSocketResponse] = set()
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    def answer(self, kind: type[CommandT], result: Result | None = None, text: str = "done", code: str = "OK") -> None:
        """From now on answer this kind of command so."""
        self._script[kind] = lambda command: Reply(command.id, code == "OK", code, text, result)

    async def tell(self, event: AnyEvent) -> None:
        """Number an event and send it to whoever watches."""
        self.seq += 1
        await self.tell_raw(encode(_numbered(event, self.seq)))

    async def tell_raw(self, data: bytes) -> None:
        """Send bytes to whoever watches."""
        for watcher in list(self._watchers):
            await watcher.send_str(data.decode())

    async def hang_up(self) -> None:
        """Cut every line."""
        for watcher in list(self._watchers):
            await watcher.close()

    async def has(self, kind: type[CommandT], count: int = 1) -> CommandT:
        """Wait until that many of this kind were heard, and return the last."""

        def of_kind() -> list[CommandT]:
            return [command for command in self.heard if isinstance(command, kind)]

        async with asyncio.timeout(WITHIN_S), self._changed:
            await self._changed.wait_for(lambda: len(of_kind()) >= count)
        return of_kind()[-1]

    async def watched(self) -> None:
        """Wait until somebody has asked for a snapshot."""
        await self.has(GetSnapshot)

    @contextlib.asynccontextmanager
    async def serving(self, path: Path) -> AsyncIterator[ScriptedEngine]:
        """Listen on the socket at ``path``."""
        application = web.Application()
        application.router.add_get("/line", self._line)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.UnixSite(runner, str(path)).start()
        self._runner = runner
        try:
            yield self
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Go away."""
        await self.hang_up()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _line(self, request: web.Request) -> web.WebSocketResponse:
        socket_ = web.WebSocketResponse()
        await socket_.prepare(request)
        if request.query.get("watch") == "1":
            self._watchers.add(socket_)
        try:
            async for frame in socket_:
                await socket_.send_str(encode(await self._take(decode_command(frame.data))).decode())
        finally:
            self._watchers.discard(socket_)
        return socket_

    async def _take(self, command: AnyCommand) -> Reply:
        async with self._changed:
            self.heard.append(command)
            self._changed.notify_all()
        if command.id not in self._replies:
            self.executed.append(command)
            self._replies[command.id] = self._reply(command)
        return self._replies[command.id]

    def _reply(self, command: AnyCommand) -> Reply:
        if isinstance(command, GetSnapshot):
            now = Snapshot(self.seq, self.status, self.positions, self.orders, self.proposals, (PRICE,))
            return Reply(command.id, True, "OK", "", now)
        script = self._script.get(type(command))
        return script(command) if script else Reply(command.id, False, "BAD_REQUEST", "not in the script")


def _numbered(event: AnyEvent, seq: int) -> AnyEvent:
    return msgspec.structs.replace(event, seq=seq)


class LocalSlack:
    """The real local Slack, and what a person in it does and sees."""

    def __init__(self, page: str, session: aiohttp.ClientSession) -> None:
        self.page = page
        self._session = session

    async def command(self, user: str, command: str, text: str = "", channel: str = CHANNEL) -> None:
        """Type a slash command."""
        await self._act("command", channel=channel, user=user, command=command, text=text)

    async def click(self, user: str, message: dict[str, Any], action_id: str) -> None:
        """Click a button of a message."""
        block, element = next(
            (block, element)
            for block in message["blocks"]
            for element in block.get("elements", [])
            if element.get("action_id") == action_id
        )
        action = {"type": "button", "action_id": action_id, "block_id": block["block_id"], "value": element["value"]}
        await self.act_on(user, message, action)

    async def home(self, user: str, part: str, *, opens: bool = True, within_s: float = WITHIN_S) -> dict[str, Any]:
        """Look at the app's home as somebody, until this is on it."""
        if opens:
            await self._act("open-home", user=user)

        async def look() -> dict[str, Any] | None:
            async with self._session.ws_connect(f"{self.page}/ui") as page:
                state = (await page.receive_json())["state"]
            views = state["homeViews"].get(user, {}).values()
            return next((view for view in views if part in json.dumps(view, ensure_ascii=False)), None)

        seen: dict[str, Any] = await self.until(look, f"{part!r} was never on the home of {user}", within_s)
        return seen

    async def use(self, user: str, action_id: str, **said: Any) -> None:
        """Use a control of the app's home, which stands in no channel."""
        kind = "static_select" if "selected_option" in said else "button"
        action = {"type": kind, "action_id": action_id, "block_id": "home", **said}
        async with self._session.ws_connect(f"{self.page}/ui") as page:
            await page.send_json({"t": "block_action", "user": user, "action": action})

    async def submit(self, user: str, value: str = "", block: str = BLOCK, field: str = INPUT) -> None:
        """Submit the modal that is open for somebody, with this in its one field."""
        values = {block: {field: {"type": "plain_text_input", "value": value}}} if value else {}
        async with self._session.ws_connect(f"{self.page}/ui") as page:
            await page.send_json({"t": "view_submit", "user": user, "values": values})

    async def has_modal(self, user: str, callback_id: str) -> None:
        """Wait until somebody looks at this modal; this Slack's page has one stack of them, whoever acts."""

        async def look() -> bool | None:
            async with self._session.ws_connect(f"{self.page}/ui") as page:
                stack = (await page.receive_json())["state"]["modalStack"]
            return bool(stack and stack[-1]["callback_id"] == callback_id) or None

        await self.until(look, f"{user} never saw {callback_id}")

    async def act_on(self, user: str, message: dict[str, Any], action: dict[str, Any]) -> None:
        """Send an action on a message as it is."""
        await self._act("interact", channel=CHANNEL, messageTs=message["ts"], user=user, action=action)

    async def messages(self, channel: str = CHANNEL) -> Messages:
        """Read the channel, threads and private answers included."""
        async with self._session.get(f"{self.page}/_control/messages/{channel}") as response:
            return list((await response.json())["messages"])

    async def log(self) -> list[dict[str, Any]]:
        """Read what went between this Slack and the bot."""
        async with self._session.get(f"{self.page}/_control/log") as response:
            return list((await response.json())["log"])

    async def see(self, found: Callable[[dict[str, Any]], bool], within_s: float = WITHIN_S) -> dict[str, Any]:
        """Wait until a message is as wanted, and return it."""

        async def look() -> dict[str, Any] | None:
            return next((message for message in await self.messages() if found(message)), None)

        return await self.until(look, "no message was as wanted", within_s)

    async def sees_text(self, *parts: str, within_s: float = WITHIN_S) -> dict[str, Any]:
        """Wait until a message's text holds all of these."""
        return await self.see(lambda message: all(part in message["text"] for part in parts), within_s)

    async def bot_is_there(self, times: int = 1) -> None:
        """Wait until the bot's socket is open, for the so-many-th time."""

        async def look() -> bool | None:
            opened = [entry for entry in await self.log() if entry["summary"].startswith("socket connected")]
            return len(opened) >= times or None

        await self.until(look, "the bot did not connect")

    async def until(self, look: Callable[[], Any], otherwise: str, within_s: float = WITHIN_S) -> Any:
        """Wait until a look at this Slack gives something."""
        async with self._session.ws_connect(f"{self.page}/ui") as changes:
            try:
                async with asyncio.timeout(within_s):
                    while (seen := await look()) is None:
                        await changes.receive()
                    return seen
            except TimeoutError:
                texts = [message["text"] for message in await self.messages()]
                raise AssertionError(f"{otherwise}; the channel has {json.dumps(texts, indent=1)}") from None

    async def _act(self, what: str, **body: Any) -> None:
        async with self._session.post(f"{self.page}/_control/{what}", json=body) as response:
            assert response.status == 200, await response.text()


@contextlib.asynccontextmanager
async def local_slack(home: Path, request_url: str | None = None) -> AsyncIterator[LocalSlack]:
    """Run the real local Slack; the test is skipped where it can't be installed."""
    try:
        binary = await asyncio.to_thread(install, ROOT / "var")
    except NotInstallable as error:
        skip_or_fail(str(error))
    port = free_port()
    words = command(binary, home / "slack", port, request_url)
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(WITHIN_S):
            while b"is running" not in await process.stdout.readline():
                pass
        async with aiohttp.ClientSession() as session:
            yield LocalSlack(f"http://127.0.0.1:{port}", session)
    finally:
        process.kill()
        await process.communicate()


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def short_home() -> Any:
    """A home whose sockets' paths are short enough for the system's 108 bytes."""
    home = Path(tempfile.mkdtemp(prefix="trader-", dir="/tmp"))
    try:
        yield home
    finally:
        shutil.rmtree(home)


def embedded(page: str, home: Path) -> bot_settings.Settings:
    """The settings with which `trader run` starts a bot on the local Slack."""
    values = {"TRADER_LOCAL_SLACK": page, "TRADER_HOME": str(home), "LOG_LEVEL": "WARNING"}
    return bot_settings.load(values, env_file=home / "no.env")


@contextlib.asynccontextmanager
async def running_bot(settings: bot_settings.Settings) -> AsyncIterator[asyncio.Task[None]]:
    """Run the bot as its process does."""
    bot_settings.forget_proxies(settings)
    task = asyncio.create_task(bot_app.run(settings))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    if not task.cancelled() and (error := task.exception()):
        raise error


@contextlib.asynccontextmanager
async def desk(engine: ScriptedEngine | None = None) -> AsyncIterator[tuple[LocalSlack, ScriptedEngine]]:
    """Run all three: the real Slack, the real bot, and a scripted engine."""
    engine = engine or ScriptedEngine()
    with short_home() as home:
        async with (
            local_slack(home) as slack,
            engine.serving(socket_path(home)),
            running_bot(embedded(slack.page, home)),
        ):
            await slack.bot_is_there()
            await slack.sees_text("The engine is up")
            yield slack, engine
