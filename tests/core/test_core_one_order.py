"""One order, however often and in whatever order it is asked for: over real sockets, in 200 random interleavings.

Redelivered (the same id again, on any line), clicked twice, clicked by two people at once; a click on an alert, a
modal's submission, the confirmation of a preview, and a second person's yes.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from core_builders import ALICE, BOB, Desk, config, quote_amount, sent, told

from engine.control.server import ControlServer
from engine.core.config import People, Person
from engine.wire.commands import Amount, AnyCommand, Approve, Buy, Confirm, Decide, Preview, Shown, Who
from engine.wire.events import ProposalOpened
from engine.wire.hand_views import ApprovalView, PreviewView
from engine.wire.line import EngineLine
from engine.wire.replies import Reply

ROUNDS = 200
"""Of each of the four kinds of asking."""
CAROL = Who("U03CAROL", "Carol", "slack")
Make = Callable[[Desk], list[AnyCommand]]


def alert(desk: Desk, who: Who, name: str, amount: Amount | None = None) -> Decide:
    """Make a click on the desk's one alert, which is published first where there is none."""
    known = [p for p in desk.engine.trading.proposals if p.is_open]
    if not known:
        told(desk.headline(0.7), ProposalOpened)
        known = desk.engine.trading.proposals.open()
    (proposal,) = known
    return Decide(
        id=name,
        who=who,
        proposal_id=proposal.proposal_id,
        choice="buy",
        fingerprint=proposal.fingerprint,
        amount=amount,
    )


def confirmed(desk: Desk, order: Buy | Decide, name: str) -> Confirm:
    """Preview an order, and make its confirmation."""
    view = desk.ask(Preview(id=f"{name}:p", who=order.who, order=order))[0].result
    assert isinstance(view, PreviewView)
    shown = Shown(view.qty, view.price, view.ts_ns)
    return Confirm(id=name, who=order.who, order=order, shown=shown, fingerprint=view.fingerprint)


def clicks(desk: Desk) -> list[AnyCommand]:
    """Alice clicks twice and Bob once; what Slack redelivers has the same id."""
    return [alert(desk, ALICE, "a1"), alert(desk, ALICE, "a1"), alert(desk, ALICE, "a2"), alert(desk, BOB, "b1")]


def modals(desk: Desk) -> list[AnyCommand]:
    """The same with each one's own size, and a plain click of Carol's in between."""
    sized = [(ALICE, "a1", "0.05"), (ALICE, "a1", "0.05"), (ALICE, "a2", "0.05"), (BOB, "b1", "0.03")]
    made = [confirmed(desk, alert(desk, who, f"m-{name}", Amount("base", qty)), name) for who, name, qty in sized]
    return [*made, alert(desk, CAROL, "c1")]


def previews(desk: Desk) -> list[AnyCommand]:
    """Alice confirms what she typed, twice and redelivered; Bob tries hers."""
    mine = confirmed(desk, Buy(id="typed", who=ALICE, symbol="eth", amount=quote_amount("200")), "a1")
    changed = msgspec.structs.replace
    return [mine, mine, changed(mine, id="a2"), changed(mine, id="b1", who=BOB), mine.order]


def approvals(desk: Desk) -> list[AnyCommand]:
    """Bob and Carol both say yes, twice; so does Alice, who may not."""
    waits = desk.ask(Buy(id="typed", who=ALICE, symbol="eth", amount=quote_amount("400")))[0].result
    assert isinstance(waits, ApprovalView)
    people = [(BOB, "b1"), (BOB, "b1"), (BOB, "b2"), (CAROL, "c1"), (ALICE, "a1")]
    return [
        Approve(id=name, who=who, approval_id=waits.approval_id, fingerprint=waits.fingerprint, is_yes=True)
        for who, name in people
    ]


class Stage:
    """The engine of the present round behind one server, and every order that left it."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.orders: list[str] = []

    def on_command(self, command: AnyCommand) -> Reply:
        reply, actions = self.desk.ask(command)
        self.orders += [order.client_order_id for order in sent(actions)]
        return reply

    def begin(self, make: Make) -> list[AnyCommand]:
        """Bring a new engine to where it is asked, and return what is asked."""
        two = People(
            two_person_quote=300.0 if make is approvals else 0.0,
            who={user: Person(role="admin") for user in ("U01ALICE", "U02BOB", "U03CAROL")},
        )
        self.desk, self.orders = Desk(config(mode="ask", people=two)).ready(), []
        return make(self.desk)


async def ask_all(lines: list[EngineLine], asked: list[AnyCommand], chance: random.Random) -> list[Reply]:
    """Ask everything at once, each on a line and after a moment that chance chose."""

    async def one(line: EngineLine, command: AnyCommand, turns: int) -> Reply:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await line.ask(command)

    chance.shuffle(asked)
    waiting: list[Awaitable[Reply]] = [one(chance.choice(lines), each, chance.randrange(12)) for each in asked]
    return await asyncio.gather(*waiting)


@pytest.mark.parametrize("make", [clicks, modals, previews, approvals])
async def test_there_is_one_order_in_every_interleaving(make: Make) -> None:
    stage: Any = Stage()
    with tempfile.TemporaryDirectory(prefix="trader-") as home:
        server = ControlServer(Path(home) / "engine.sock", stage.on_command)
        await server.start()
        path = Path(home) / "engine.sock"
        try:
            async with EngineLine(path) as one, EngineLine(path) as other, EngineLine(path) as third:
                lines = [one, other, third]
                for seed in range(ROUNDS):
                    replies = await ask_all(lines, stage.begin(make), random.Random(seed))
                    assert len(stage.orders) == 1, (seed, replies)
                    assert any(reply.ok for reply in replies)
        finally:
            await server.close()
