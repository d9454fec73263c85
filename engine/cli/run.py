"""``trader run``: everything in one command, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import webbrowser
from collections.abc import AsyncIterator
from typing import Final

from engine import __version__
from engine.cli import traded, wiring
from engine.cli.desk import is_terminal, show, sit
from engine.cli.desk_text import event_text, prices_text
from engine.cli.lock import only_run
from engine.cli.panel import panel
from engine.cli.ports import EVERYWHERE, choose
from engine.cli.refused import Refused
from engine.cli.running import Running, noted
from engine.cli.stdin_lines import stdin_lines
from engine.cli.supervisor import Child, Supervisor, tail
from engine.settings import Settings, has_desktop, read_settings
from engine.wire.events import Notice, PricesMoved, TradingArmed, TradingHalted
from engine.wire.line import EngineLine, Followed, socket_path
from engine.wire.replies import Snapshot
from engine.wire.vitals import answering

_PAGE_PORT: Final = 3018
_EXCHANGE_PORT: Final = 8790
_SECOND_PORT: Final = 8800
_POLL_S: Final = 0.05
_PATIENCE_S: Final = 2.0
_LISTED_S: Final = 5.0
"""How long the panel waits to learn what the tape trades; a long recording is read through first."""


def main(args: argparse.Namespace) -> int:
    """Run until stopped; return 0, or raise Refused when a child says that its settings are wrong."""
    settings = read_settings()
    with only_run(settings.home):
        ports = wiring.Ports(
            exchange=choose(args.exchange_port, _EXCHANGE_PORT, "--exchange-port"),
            page=choose(args.port, _PAGE_PORT, "--port", EVERYWHERE),
            second=choose(None, _SECOND_PORT, "") if wiring.wants_second(settings) else 0,
        )
        exchange_url = ports.exchange_url if settings.venue == "paper" else ""
        with noted(settings.home, Running(os.getpid(), exchange_url)):
            return asyncio.run(_Run(settings, args, ports).run())


class _Run:
    """One run: its children, and what it shows in this terminal."""

    def __init__(self, settings: Settings, args: argparse.Namespace, ports: wiring.Ports) -> None:
        """Prepare; nothing is started yet."""
        self._settings = settings
        self._args = args
        self._ports = ports
        self._supervisor = Supervisor(self._tell)
        self._children: dict[asyncio.Task[int], Child] = {}
        self._has_ledger = True
        self._over = asyncio.Event()
        self._is_at_desk = False

    async def run(self) -> int:
        """Start everything, show it, and stop everything when told to, when the desk is left or a child can't run."""
        async with answering(self._settings.home, "run", self._supervisor.health):
            return await self._run()

    async def _run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._over.set)
        if self._settings.venue == "paper":
            self._start(wiring.exchange_child(self._settings, self._args, self._ports))
        if self._ports.second:
            self._start(wiring.second_child(self._settings, self._args, self._ports))
        self._start(wiring.engine_child(self._settings, self._args, self._ports))
        if self._settings.watchdog_s:
            self._start(wiring.watchdog_child(self._settings, self._ports))
        self._start_ledger()
        if self._settings.notify_urls:
            self._start_notify()
        front = asyncio.create_task(self._front(), name="front")
        front.add_done_callback(lambda _task: self._over.set())
        try:
            await self._over.wait()
            self._raise_if_one_refused()
            if front.done():
                front.result()
            return 0
        finally:
            front.cancel()
            await asyncio.gather(front, return_exceptions=True)
            await self._supervisor.stop()
            _print("Everything has stopped.")

    def _tell(self, text: str) -> None:
        (show if self._is_at_desk else _print)(text)

    def _start(self, child: Child) -> None:
        keeper = self._supervisor.start(child)
        keeper.add_done_callback(lambda _task: self._over.set())
        self._children[keeper] = child

    def _start_ledger(self) -> None:
        """Start what only looks on: when it can't run, everything else does."""
        child = wiring.ledger_child(self._settings)
        self._supervisor.start(child).add_done_callback(lambda keeper: self._on_ledger_over(child, keeper))

    def _on_ledger_over(self, child: Child, keeper: asyncio.Task[int]) -> None:
        if not keeper.cancelled() and keeper.result() == wiring.BAD_INPUT:
            self._has_ledger = False
            self._tell(f"There is no ledger; trading goes on without it. {_said(child)}")

    def _start_notify(self) -> None:
        child = wiring.notify_child(self._settings)
        self._supervisor.start(child).add_done_callback(lambda keeper: self._on_notify_over(child, keeper))

    def _on_notify_over(self, child: Child, keeper: asyncio.Task[int]) -> None:
        if not keeper.cancelled() and keeper.result() == wiring.BAD_INPUT:
            self._tell(f"Nobody is reached outside Slack; trading goes on without it. {_said(child)}")

    def _raise_if_one_refused(self) -> None:
        for keeper, child in self._children.items():
            if keeper.done():
                words = _said(child) or f"it ended with exit code {keeper.result()}, see {child.log}."
                raise Refused("NOT_STARTED", f"The {child.name} can't run: {words}")

    async def _front(self) -> None:
        """Start the people's side, show the panel, and stay until the desk is left."""
        place, page = wiring.people_at(self._settings, self._args), ""
        if place == "local slack":
            page = await self._start_local_slack()
        has_bot = bool(page) or place == "slack"
        if has_bot:
            self._start(wiring.bot_child(self._settings, page))
        example = await traded.in_run(self._settings, self._settings.home / "logs" / "exchange.log", _LISTED_S)
        self._tell(self._panel(page, has_bot, example))
        if page and not self._args.no_browser and has_desktop():
            await asyncio.to_thread(webbrowser.open, page)
        async with EngineLine(socket_path(self._settings.home), watch=True) as line:
            if has_bot:
                await _tell_important(line)
            else:
                self._is_at_desk = True
                await sit(line, _never_ending(stdin_lines()), show, example, is_asked=is_terminal())

    async def _start_local_slack(self) -> str:
        """Wait until the local Slack's page answers and return its address; empty where there can't be one."""
        child, loop = wiring.local_slack_child(self._settings, self._ports), asyncio.get_running_loop()
        keeper = self._supervisor.start(child)
        patient_until, told = loop.time() + _PATIENCE_S, False
        while not await _is_listening(self._ports.page):
            if keeper.done():
                self._tell("\n".join(["No local Slack, so the desk is in this terminal.", *tail(child.log, 1)]))
                return ""
            if not told and loop.time() > patient_until:
                self._tell("Fetching the local Slack with npm, once. The engine is starting meanwhile.")
                told = True
            await asyncio.sleep(_POLL_S)
        return self._ports.page_url

    def _panel(self, page: str, has_bot: bool, example: str) -> str:
        settings, is_paper = self._settings, self._settings.venue == "paper"
        return panel(
            version=__version__,
            money="REAL MONEY" if settings.is_live else "paper money",
            runs=[
                *(["paper exchange"] if is_paper else []),
                *(["second exchange"] if self._ports.second else []),
                "engine",
                *(["watchdog"] if settings.watchdog_s else []),
                *(["ledger"] if self._has_ledger else []),
                *(["notify"] if settings.notify_urls else []),
                *(["bot"] if has_bot else []),
                *(["local Slack"] if page else []),
            ],
            tape=self._args.tape if is_paper else "",
            look=f"{page}   channel #trading" if page else "your Slack workspace" if has_bot else "",
            example=example,
            logs=settings.home / "logs",
            notes=[f"the local Slack listens on every interface of this machine, port {self._ports.page}"]
            if page
            else [],
        )


def _said(child: Child) -> str:
    """Return what a child said to people before it ended; logs are JSON, a refusal is not."""
    return " ".join(line for line in tail(child.log) if not line.startswith("{"))


def _print(text: str) -> None:
    print(text, flush=True)


async def _tell_important(line: EngineLine) -> None:
    """Show the first prices as soon as there are some, and afterwards only what a person must know."""
    first = True
    async for item in line.events():
        prices = item.prices if isinstance(item, Snapshot | PricesMoved) else ()
        if first and prices:
            first = False
            _print(f"first prices: {prices_text(prices)}")
        elif not isinstance(item, Snapshot) and _is_important(item):
            _print(event_text(item))


def _is_important(item: Followed) -> bool:
    if isinstance(item, Notice):
        return item.severity != "info"
    return isinstance(item, TradingArmed | TradingHalted)


async def _never_ending(typed: AsyncIterator[str]) -> AsyncIterator[str]:
    """Yield what is typed, and after its end (a run without a terminal) nothing more, but no end."""
    async for line in typed:
        yield line
    await asyncio.Event().wait()


async def _is_listening(port: int) -> bool:
    try:
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
