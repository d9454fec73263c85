"""Messages leave by real sockets: an SMTP server takes the mail, an HTTP server the JSON; what fails is tried again."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session
from needs import ROOT

from engine.notify.addresses import secrets, split
from engine.notify.channel import AppriseChannel, BadAddress, open_channels
from engine.notify.courier import Courier, Pace

WITHIN_S = 30.0
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""One of the library's services imports it where it is there."""


class Mailbox:
    """Takes every mail."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], str]] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append((list(envelope.rcpt_tos), content.decode()))
        return "250 OK"


class Inbox:
    """An HTTP server that takes JSON, or fails as often as it is told to."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, str]] = []
        self.failures = 0

    async def take(self, request: web.Request) -> web.Response:
        if self.failures:
            self.failures -= 1
            return web.Response(status=503)
        self.bodies.append(await request.json())
        return web.Response()


@contextlib.asynccontextmanager
async def mail_server() -> AsyncIterator[tuple[Mailbox, int]]:
    mailbox = Mailbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(mailbox), "127.0.0.1", 0)
    try:
        yield mailbox, server.sockets[0].getsockname()[1]
    finally:
        server.close()


@contextlib.asynccontextmanager
async def json_server() -> AsyncIterator[tuple[Inbox, int]]:
    inbox, app = Inbox(), web.Application()
    app.router.add_post("/{name}", inbox.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield inbox, runner.addresses[0][1]
    finally:
        await runner.cleanup()


def mail_address(port: int) -> str:
    return f"mailto://127.0.0.1:{port}?from=trader@example.com&to=desk@example.com,boss@example.com&mode=insecure"


async def test_a_mail_goes_to_everybody_who_is_named() -> None:
    async with mail_server() as (mailbox, port):
        (channel,) = open_channels((mail_address(port),))
        assert channel.name == "mailto 1"
        assert await channel.send("trader", "NAKED_POSITION: look")
    assert sorted(name for names, _ in mailbox.mails for name in names) == ["boss@example.com", "desk@example.com"]
    assert all("Subject: trader" in text for _, text in mailbox.mails)


async def test_json_goes_to_a_web_hook() -> None:
    async with json_server() as (inbox, port):
        assert await AppriseChannel(1, f"json://127.0.0.1:{port}/hook").send("trader", "look")
    assert [(body["title"], body["message"]) for body in inbox.bodies] == [("trader", "look")]


async def test_a_service_that_does_not_answer_is_a_no_and_no_error() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert not await AppriseChannel(1, f"json://127.0.0.1:{port}/hook").send("trader", "look")


async def test_what_fails_is_tried_again_and_lines_that_wait_go_together() -> None:
    async with json_server() as (inbox, port):
        inbox.failures = 2
        kept: list[int] = []
        courier = Courier(AppriseChannel(1, f"json://127.0.0.1:{port}/x"), [], lambda: kept.append(1), Pace(0.0, 0.01))
        running = asyncio.create_task(courier.run())
        courier.put(["one"])
        courier.put(["two"])
        async with asyncio.timeout(WITHIN_S):
            while not kept:
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [body["message"] for body in inbox.bodies] == ["one\ntwo"]
    assert courier.lines == []


async def test_lines_of_before_a_restart_go_out_and_the_rate_is_bounded() -> None:
    sent: list[str] = []

    class Taking:
        name = "taking"

        async def send(self, _title: str, body: str) -> bool:
            sent.append(body)
            return True

    courier = Courier(Taking(), ["from before"], lambda: None, Pace(gap_s=60.0))
    running = asyncio.create_task(courier.run())
    async with asyncio.timeout(WITHIN_S):
        while not sent:
            await asyncio.sleep(0)
        courier.put(["next"])
        await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (sent, courier.lines) == (["from before"], ["next"])


def test_addresses_are_split_where_one_begins() -> None:
    text = "mailto://a@b.c?to=x@y.z,v@w.z, json://127.0.0.1/x"
    assert split(text) == ("mailto://a@b.c?to=x@y.z,v@w.z", "json://127.0.0.1/x")
    assert split("") == ()


def test_a_wrong_address_is_named_without_its_secrets() -> None:
    with pytest.raises(BadAddress) as error:
        open_channels(("nonsense://user:hush@host",))
    assert "address 1 (nonsense://…)" in str(error.value)
    assert "hush" not in str(error.value)


def test_what_is_secret_in_an_address_is_known_to_the_log() -> None:
    assert {"p@ss", "a-long-token"} <= set(secrets(("mailto://u:p%40ss@h", "slack://T/a-long-token")))
    assert {"AbCdEfGhIjKl", "MnOpQrStUv"} <= set(secrets(("tgram://12:AbCdEfGhIjKl/7", "pover://user@MnOpQrStUv")))
    assert "key-in-query" in secrets(("json://desk.example.com/?token=key-in-query",))
    assert "desk.example.com" not in secrets(("json://desk.example.com/?token=key-in-query",))
    assert secrets(("json://[broken",)) == ("json://[broken",)


async def test_trader_notify_test_sends_to_each_and_says_which_failed(tmp_path: Path) -> None:
    async with mail_server() as (mailbox, mail_port), json_server() as (inbox, json_port):
        inbox.failures = 1
        addresses = f"{mail_address(mail_port)},json://127.0.0.1:{json_port}/hush-hush-token"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "engine.cli.main", "notify", "test"),
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "NOTIFY_URLS": addresses, "HOME": str(tmp_path)},
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await asyncio.wait_for(process.communicate(), 30.0)
    assert process.returncode == 1
    assert out.decode().splitlines() == [
        "mailto 1: sent",
        "json 2: NOT SENT: check the address and the service",
    ]
    assert len(mailbox.mails) == 2
    assert b"hush-hush-token" not in errors
