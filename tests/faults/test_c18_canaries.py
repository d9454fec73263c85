"""C18: a canary in every secret setting, real processes that trade, are refused and crash, and none of them sings.

Everything that is written or told is looked through: logs, standard error, journal, ledger, health, replies, crash
reports. That a secret was there to be hidden is looked for as well, so that the test can fail.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from fault_bench import ANN, new_id

from engine.store.journal import Journal
from engine.venues.paper.main import Urls, running_exchange
from engine.venues.paper.options import AccountOption, ExchangeOptions
from engine.wire import commands
from engine.wire.codec import encode
from engine.wire.commands import AnyCommand
from engine.wire.line import EngineLine, LineDown, socket_path
from engine.wire.logs import HIDDEN
from engine.wire.replies import Reply
from engine.wire.words import read_amount

DRIVER = Path(__file__).with_name("secret_driver.py")
WITHIN_S = 60.0
"""Half a dozen processes start at the same time."""
CORES = {name: f"Cn4ry{number}{name.replace('_', '')}Qx7" for number, name in enumerate((
    "key", "secret", "wrong_secret", "watchdog_key", "watchdog_secret", "bot_token", "app_token", "signing", "dsn",
    "ledger", "pem_path", "second_key", "second_secret", "wrong_second", "news", "notify_password", "notify_token",
))}  # fmt: skip
"""What to look for: letters and digits, which quoting leaves as they are."""
_ODD = "+/=&%\"'é"
"""Behind them, in what may hold it: what quoting changes, so that it can't be hidden in one form only."""


class Leak(NamedTuple):
    """Where a canary was found, and in which form."""

    name: str
    form: str
    place: str


def forms(core: str) -> Iterator[tuple[str, bytes]]:
    """Yield each way in which a secret may be written, as bytes to look for."""
    raw = core.encode()
    yield "as it is", raw
    yield "backwards", raw[::-1]
    yield "hex", raw.hex().encode()
    yield "in UTF-16", core.encode("utf-16-le")
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + raw)
        yield f"base64, {shift} behind", whole[4 if shift else 0 : len(whole) - 4]


def leaks(cores: dict[str, str], texts: dict[str, bytes]) -> list[Leak]:
    """Return every canary that can be found."""
    return [
        Leak(name, form, place)
        for name, core in cores.items()
        for form, wanted in forms(core)
        for place, text in texts.items()
        if wanted in text
    ]


@pytest.mark.parametrize(
    "text",
    [b"x Cn4ryKey9Qx7 y", b"7xQ9yeKyr4nC", b"Cn4ryKey9Qx7".hex().encode(), "aCn4ryKey9Qx7".encode("utf-16-le")]
    + [base64.b64encode(b"user:"[:n] + b"Cn4ryKey9Qx7:more") for n in range(4)],
)
def test_c18_a_canary_is_found_in_whichever_form(text: bytes) -> None:
    """Else the silence of the next test would mean nothing."""
    assert leaks({"key": "Cn4ryKey9Qx7"}, {"here": text})
    assert not leaks({"key": "Cn4ryKey9Qx7"}, {"here": b"nothing of it, and Cn4ryKey8Qx7"})


@pytest.mark.timeout(300)
async def test_c18_no_secret_is_written_or_told_anywhere(tmp_path: Path) -> None:
    """Start, trade, a crash inside, a crash at the end, refused keys, refused tokens, a ledger that is not there."""
    home = tmp_path / CORES["pem_path"]
    home.mkdir()
    pem, public, body = ed25519(home / "key.pem")
    cores = CORES | {"pem": body}
    secrets = {
        name: core + _ODD
        for name, core in CORES.items()
        if name in ("secret", "wrong_secret", "watchdog_secret", "second_secret", "wrong_second")
    }
    accounts = (
        AccountOption("spot", CORES["key"], secrets["secret"]),
        AccountOption("spot", CORES["watchdog_key"], public),
        AccountOption("other", CORES["second_key"], secrets["second_secret"]),
    )
    told = {
        "key": CORES["key"],
        "secret": secrets["secret"],
        "watchdog_key": CORES["watchdog_key"],
        "watchdog_secret": secrets["watchdog_secret"],
        "second_key": CORES["second_key"],
        "second_secret": secrets["second_secret"],
    }
    async with running_exchange(ExchangeOptions(port=0, accounts=accounts)) as urls, sentry() as (dsn, reports):
        env = environment(urls, dsn)
        env |= sources_of_news(tmp_path, dsn)
        by_key = told | {"key": CORES["watchdog_key"], "secret": "", "pem": str(pem)}
        by_key |= {"second_secret": secrets["wrong_second"]}
        wrong = told | {"secret": secrets["wrong_secret"]}
        told_to_people = await asyncio.gather(
            trade_and_crash(tmp_path / "a", env, told, b"answered 403"),
            trade_and_crash(tmp_path / "b", env, by_key, b"Signature for this request is not valid"),
        )
        async with asyncio.TaskGroup() as group:
            for name, what, mode, words in (
                ("c", "engine", "", wrong),
                ("d", "watchdog", "", told),
                ("e", "bot", "socket", told),
                ("f", "bot", "http", told),
                ("g", "ledger", "", told),
                ("h", "notify", "", told),
            ):
                group.create_task(refused(tmp_path / name, what, env | {"SLACK_MODE": mode}, words))
    texts = written(tmp_path) | {f"report {n}": text for n, text in enumerate(reports)}
    texts["answers"] = b"\n".join(answer for answers in told_to_people for answer in answers)
    assert leaks(cores, texts) == []
    hiding = ("a/engine", "b/engine", "c/engine", "d/watchdog", "e/bot", "f/bot", "h/notify")
    for place in (f"{process}.log" for process in hiding):
        assert HIDDEN.encode() in texts[place], f"{place} had nothing to hide: {texts[place][-2000:]!r}"
    assert sum(HIDDEN.encode() in text for place, text in texts.items() if place.startswith("report")) >= 2
    assert b"deciding broke" in texts["a/engine.log"]
    assert b"Signature for this request is not valid" in texts["c/engine.log"]
    assert texts["a/journal.bin"]
    assert texts["a/second/journal.bin"]


def ed25519(path: Path) -> tuple[Path, str, str]:
    """Write a private key; return its file, its public half as PEM, and the part of its body that is its own."""
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    path.write_text(text)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return path, public, text.splitlines()[1][-40:]


def environment(urls: Urls, dsn: str) -> dict[str, str]:
    """Return what every process is told."""
    trading = ("ENGINE_", "BINANCE_", "SECOND_", "NEWS_", "LEDGER_", "TRADER_", "WATCHDOG_")
    ours = (*trading, "SLACK_", "NOTIFY_", "SENTRY_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {
        "BINANCE_REST_URL": urls.rest,
        "BINANCE_STREAM_URL": urls.stream,
        "BINANCE_WS_API_URL": urls.ws_api,
        "SECOND_REST_URL": urls.rest,
        "SECOND_STREAM_URL": urls.stream,
        "SECOND_WS_API_URL": urls.ws_api,
        "NOTIFY_URLS": f"json://desk:{CORES['notify_password']}@{address_of(dsn)}/{CORES['notify_token']}",
        "ENGINE_REHEARSE_MS": "0",
        "SENTRY_DSN": dsn,
        "LEDGER_URL": f"postgresql://trader:{CORES['ledger']}@127.0.0.1:1/trader",
        "SLACK_BOT_TOKEN": f"xoxb-{CORES['bot_token']}",
        "SLACK_APP_TOKEN": f"xapp-{CORES['app_token']}",
        "SLACK_SIGNING_SECRET": CORES["signing"],
        "SLACK_CHANNEL": "#trading",
        "SLACK_ADMINS": "U01ALICE",
        "SLACK_API_URL": address_of(dsn),
        "LOG_LEVEL": "DEBUG",
    }


def address_of(dsn: str) -> str:
    """Return host and port of the one server that all of this test's outside world is."""
    return dsn.partition("@")[2].partition("/")[0]


def sources_of_news(folder: Path, dsn: str) -> dict[str, str]:
    """Write settings with sources that need a token, a visited one and a stream; neither is let in with it."""
    rows = (("wire", "rss", "http"), ("live", "stream", "ws"))
    sources = [
        f'[[news.sources]]\nname = "{name}"\nkind = "{kind}"\nurl = "{scheme}://{address_of(dsn)}/{name}"\n'
        'secret = "NEWS_SECRET_WIRE"\n'
        for name, kind, scheme in rows
    ]
    (folder / "trader.toml").write_text("\n".join(sources))
    return {"CONFIG": str(folder / "trader.toml"), "NEWS_SECRET_WIRE": CORES["news"]}


@contextlib.asynccontextmanager
async def sentry() -> AsyncIterator[tuple[str, list[bytes]]]:
    """Take crash reports as Sentry does, and refuse all else: tokens as Slack does, the rest with what was sent.

    The header that names the DSN is left out of the reports.
    """
    reports: list[bytes] = []

    async def take(request: web.Request) -> web.Response:
        reports.append((await request.read()).partition(b"\n")[2])
        return web.json_response({"id": "1"})

    async def refuse(request: web.Request) -> web.Response:
        return web.json_response({"ok": False, "error": "invalid_auth"})

    async def deny(request: web.Request) -> web.Response:
        return web.Response(status=403, text=f"{request.path} is not for {request.headers.get('Authorization')}")

    app = web.Application()
    app.router.add_post("/api/1/envelope/", take)
    app.router.add_route("*", "/slack/{method}", refuse)
    app.router.add_route("*", "/{path:.*}", deny)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://{CORES['dsn']}@127.0.0.1:{runner.addresses[0][1]}/1", reports
    finally:
        await runner.cleanup()


def held(what: str, env: dict[str, str], told: dict[str, Any]) -> list[str]:
    """Return the secrets that a process is told of, which are those that its errors may have in their words."""
    if what == "bot":
        of_mode = env["SLACK_APP_TOKEN"] if env["SLACK_MODE"] == "socket" else CORES["signing"]
        return [env["SLACK_BOT_TOKEN"], of_mode, CORES["dsn"], env["SENTRY_DSN"]]
    of_notify = [CORES["notify_password"], CORES["notify_token"], env["NOTIFY_URLS"]]
    if what == "notify":
        return of_notify
    pem = [Path(told["pem"]).read_text()] if "pem" in told else []
    keys = [text for name, text in told.items() if name != "pem" and text]
    return [*keys, *pem, CORES["dsn"], env["SENTRY_DSN"], CORES["ledger"], env["LEDGER_URL"], CORES["news"], *of_notify]


def log_of(home: Path, what: str) -> Path:
    """Return where a process in this home says what it says."""
    home.mkdir(exist_ok=True)
    return home / f"{what}.log"


@contextlib.asynccontextmanager
async def process(
    home: Path, what: str, env: dict[str, str], told: dict[str, Any]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run one with all that it says in a file of its home."""
    words = ["-m", "engine.cli.main", "ledger", "follow"] if what == "ledger" else [str(DRIVER), what]
    config = env["CONFIG"] if what in ("engine", "watchdog") else ""
    extra = {"TRADER_HOME": str(home), "TRADER_CONFIG": config, "ENGINE_HTTP_PORT": "0", "DRIVER": json.dumps(told)}
    extra["SLACK_API_URL"] = f"http://{env['SLACK_API_URL']}/slack/"
    extra["HELD"] = json.dumps(held(what, env, told))
    with log_of(home, what).open("wb") as log:
        child = await asyncio.create_subprocess_exec(
            sys.executable, *words, env=env | extra, cwd=home, stdout=log, stderr=log
        )
        try:
            yield child
        finally:
            if child.returncode is None:
                child.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(WITHIN_S):
                    await child.wait()
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()


async def trade_and_crash(home: Path, env: dict[str, str], told: dict[str, Any], said: bytes) -> list[bytes]:
    """Trade with the keys, ask everything, let deciding break, and end; return every answer.

    ``said``: what its log says of a source or of the second venue before deciding breaks.
    """
    async with process(home, "engine", env, told) as child:
        async with EngineLine(socket_path(home), watch=True) as line:
            answers = [await until_ok(line, lambda: commands.Resume(id=new_id(), who=ANN))]
            answers.append(
                await until_ok(
                    line, lambda: commands.Buy(id=new_id(), who=ANN, symbol="iota", amount=read_amount("100", "iota"))
                )
            )
            await until_said(home, said)
            (home / "fail").touch()
            answers.append(await until_ok(line, status, "RuntimeError on a timer"))
            questions = (commands.GetSnapshot, commands.GetOrders, commands.GetRisk, commands.GetPositions)
            answers += [await line.ask(question(id=new_id(), who=ANN)) for question in questions]
        assert child.returncode is None
        answers_of = [encode(answer) for answer in answers]
        answers_of.append(await health(home))
    with Journal.open(home / "journal.bin") as journal:
        assert len(list(journal.records())) > 5
    return answers_of


def status() -> AnyCommand:
    """Ask how it is."""
    return commands.GetStatus(id=new_id(), who=ANN)


async def until_ok(line: EngineLine, make: Any, wanted: str = "") -> Reply:
    """Ask until it is done, and the answer has the words."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            with contextlib.suppress(LineDown):
                reply = await line.ask(make())
                if reply.ok and wanted in str(reply):
                    return reply
            await asyncio.sleep(0.1)


async def until_said(home: Path, said: bytes) -> None:
    """Wait until the engine has said something, and its second core listens."""
    async with asyncio.timeout(WITHIN_S):
        while said not in log_of(home, "engine").read_bytes() or not socket_path(home / "second").exists():
            await asyncio.sleep(0.05)


async def health(home: Path) -> bytes:
    """Ask the health page, whose address the log names."""
    lines = [line for line in (home / "engine.log").read_text().splitlines() if "/health" in line]
    address = lines[0].partition("http://")[2].partition("/")[0]
    async with aiohttp.ClientSession() as session, session.get(f"http://{address}/health") as answer:
        return await answer.read()


async def refused(home: Path, what: str, env: dict[str, str], told: dict[str, Any]) -> None:
    """Run one whose keys, tokens or address are not taken, until it has said so or ended."""
    said = {
        "engine": b"Signature",
        "watchdog": b"watching",
        "bot": b"SLACK_BOT_TOKEN",
        "ledger": b"ledger",
        "notify": b"NOT SENT",
    }[what]
    async with process(home, what, env, told) as child, asyncio.timeout(WITHIN_S):
        while said not in log_of(home, what).read_bytes() and child.returncode is None:
            await asyncio.sleep(0.05)


def written(folder: Path) -> dict[str, bytes]:
    """Read every file that a process wrote."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "key.pem"
    }
