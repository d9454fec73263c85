"""``trader notify``: the process that reaches people outside Slack, and a message to try it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal

from engine.cli.refused import Refused
from engine.notify.addresses import secrets, split
from engine.notify.channel import BadAddress, Channel, open_channels
from engine.notify.courier import TITLE
from engine.notify.watch import Watch
from engine.settings import Settings, read_notify_settings
from engine.wire.logs import set_up

_TEST = "This is a test: whoever reads it is reached when an alarm is not acknowledged or Slack can't be reached."


def main(args: argparse.Namespace) -> int:
    """Follow or test; return the exit code. Raises Refused where no address can be used."""
    settings = read_notify_settings()
    addresses = split(settings.notify_urls.reveal())
    if not addresses:
        raise Refused("OFF", "NOTIFY_URLS is empty: name where to reach people, for example mailtos://… (see --help).")
    set_up("notify", settings.log_level, secrets(addresses))
    try:
        channels = open_channels(addresses)
    except BadAddress as error:
        raise Refused("BAD_SETTING", str(error)) from None
    return asyncio.run(_test(channels) if args.what == "test" else _follow(settings, channels))


async def _follow(settings: Settings, channels: tuple[Channel, ...]) -> int:
    watch = Watch(settings.home, channels, level=settings.notify_level, after_s=settings.notify_after_s)
    work = asyncio.create_task(watch.run(), name="notify")
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work
    return 0


async def _test(channels: tuple[Channel, ...]) -> int:
    results = await asyncio.gather(*(channel.send(TITLE, _TEST) for channel in channels))
    for channel, is_sent in zip(channels, results, strict=True):
        print(f"{channel.name}: {'sent' if is_sent else 'NOT SENT: check the address and the service'}")
    return 0 if all(results) else 1
