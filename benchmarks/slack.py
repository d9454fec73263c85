"""What Slack costs trading, and how quickly a command is answered, each against its floor in the same run.

``python -m benchmarks.slack [--json] [--quick] [--rounds N] [--events N]``; what is measured and how is told in
``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import aiohttp
import uvloop

from benchmarks.lab import figures, machine, options, slack
from benchmarks.lab.figures import Round
from benchmarks.lab.machine import Cores
from benchmarks.lab.server import LoadServer, load_server
from benchmarks.lab.slack import Slack
from benchmarks.lab.subject import Subject, running
from benchmarks.lab.variants import PACES, variants
from benchmarks.latency import Plan, one_run

_PACES: Final = ("gap_5ms", "gap_20ms")
"""Nobody could follow five thousand orders a second in a channel."""
HERE, GONE = "slack_here", "slack_gone"
_FRAMES_A_TICK: Final = 10
_TICK_S: Final = 0.01
_STATUS: Final = "/status"
_CALM_S: Final = 1.0
"""Between Slack's coming or going and the first event: what has just started is busy with itself for a while."""
_REHEARSAL: Final = 0.25
"""Of a round's events: the pass that isn't counted, after which the bot keeps as much as it ever will."""


class Desk(NamedTuple):
    """Everything that runs while it is measured."""

    server: LoadServer
    subject: Subject
    bot: Slack
    """The bot's Slack."""
    empty: Slack
    """The empty listener's."""


def main() -> int:
    """Measure and print; return 1 where something failed."""
    args = arguments()
    plan = Plan(args.rounds or (2 if args.quick else 8), args.events or (4_000 if args.quick else 40_000))
    try:
        result = measure(plan)
    except (RuntimeError, TimeoutError, aiohttp.ClientError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(result) if args.json else table(result))
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    return options.parser(
        __doc__, rounds="default: 8, quick 2", events="as of `latency`; of it a fiftieth: 40000, quick 4000"
    ).parse_args()


def measure(plan: Plan) -> dict[str, Any]:
    """Let Slack come and go, and compare; then type commands."""
    described, cores = machine.describe(), machine.two_cores()
    slack.keep_free(cores)
    with machine.on_core(cores.server):
        rounds, messages, answers = uvloop.run(_run(plan, cores))
    result: dict[str, Any] = {"benchmark": "slack", "rounds": plan.rounds, "machine": described}
    result["messages"] = messages
    for pace in _PACES:
        result[pace] = {where: figures.against(rounds[where, pace], rounds[HERE, pace]) for where in (HERE, GONE)}
    result["command_ms"] = {name: _summary(found) for name, found in answers.items()}
    result["command_ms"]["more_than_empty"] = round(
        statistics.median(answers["bot"]) - statistics.median(answers["empty"]), 2
    )
    return result


async def _run(plan: Plan, cores: Cores) -> tuple[dict[tuple[str, str], list[Round]], int, dict[str, list[float]]]:
    async with _desk(cores) as desk:
        rounds, messages = await _latencies(desk, plan)
        await _turn(desk, HERE)
        return rounds, messages, await _answers(desk, plan)


@contextlib.asynccontextmanager
async def _desk(cores: Cores) -> AsyncIterator[Desk]:
    engine = next(one for one in variants() if one.name == "ws")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with (
            aiohttp.ClientSession() as session,
            load_server() as (server, port),
            running(engine, server, port, cores) as subject,
        ):
            bot, empty = Slack(Path(folder), session), Slack(Path(folder), session)
            for one in (bot, empty):
                await one.come(with_app=False)
            try:
                async with (
                    slack.app("bot", TRADER_HOME=str(subject.home), **bot.env),
                    slack.app("benchmarks.clients.empty_bolt", empty.page),
                ):
                    yield Desk(server, subject, bot, empty)
            finally:
                await bot.leave()
                await empty.leave()


async def _latencies(desk: Desk, plan: Plan) -> tuple[dict[tuple[str, str], list[Round]], int]:
    """Measure with Slack here and gone, in turns; return the rounds, and how many messages Slack had when it was here.

    Every other round begins with the other, so that a drift of the machine favours neither. The first pass, which
    fills the bot's queue, is not counted; it begins with Slack here, which the bot needs once to find its channel.
    """
    rounds: dict[tuple[str, str], list[Round]] = {(where, pace): [] for where in (HERE, GONE) for pace in _PACES}
    messages = 0
    short = plan._replace(events=round(plan.events * _REHEARSAL))
    for number in range(plan.rounds + 1):
        for where in (HERE, GONE)[:: -1 if number % 2 else 1]:
            await _turn(desk, where)
            for pace in _PACES:
                found = await one_run(desk.subject, desk.server, pace, plan if number else short)
                if number:
                    rounds[where, pace].append(found)
            messages += await desk.bot.messages() if where == HERE and number else 0
    return rounds, messages


async def _turn(desk: Desk, where: str) -> None:
    """Let Slack end, start it anew where it is to be here, and wait until the bot knows and all is calm."""
    await desk.bot.leave()
    if where == HERE:
        await desk.bot.come()
    await slack.settled(desk.subject.home, hears_slack=where == HERE)
    await asyncio.sleep(_CALM_S)


async def _answers(desk: Desk, plan: Plan) -> dict[str, list[float]]:
    """Type a command to both in turns, while the market sends a thousand frames a second."""
    market = asyncio.create_task(_frames(desk.server), name="market")
    found: dict[str, list[float]] = {"bot": [], "empty": []}
    try:
        for number in range(max(plan.events // 400, 5)):
            both = (("bot", desk.bot), ("empty", desk.empty))
            for name, one in both[:: -1 if number % 2 else 1]:
                found[name].append(await one.answer_ms(_STATUS))
    finally:
        market.cancel()
        await asyncio.gather(market, return_exceptions=True)
    return found


async def _frames(server: LoadServer) -> None:
    loop, market = asyncio.get_running_loop(), server.market
    due = loop.time()
    while True:
        for number in range(_FRAMES_A_TICK):
            server.tell_market(market.depth() if number == 0 else market.quote())
        due += _TICK_S
        await asyncio.sleep(max(0.0, due - loop.time()))


def _summary(found: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(found), 2),
        "most": round(max(found), 2),
        "commands": len(found),
    }


def table(result: dict[str, Any]) -> str:
    """Write it for people."""
    answers = result["command_ms"]
    rows = [
        f"{name:<20}{it['median']:>12.2f}{it['most']:>12.2f}{it['commands']:>10}"
        for name, it in answers.items()
        if isinstance(it, dict)
    ]
    return "\n".join(
        [
            figures.table(result, tuple(PACES)),
            f"while it was here, Slack was brought {result['messages']:,} messages",
            "",
            f"{'command to answer':<20}{'median ms':>12}{'most ms':>12}{'commands':>10}",
            *rows,
            f"the bot takes {answers['more_than_empty']:.2f} ms more than an empty listener, at the median",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
