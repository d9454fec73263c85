"""`/drill` in the real local Slack: admins only, paper only, and one message that becomes the report."""

from __future__ import annotations

from local_desk import ALICE, BOB, desk
from sample_drill import DONE, RUNNING
from sample_views import status

from engine.wire.commands import GetSnapshot
from engine.wire.drill import StartDrill


async def test_an_admin_has_it_run_and_its_message_becomes_the_report() -> None:
    async with desk() as (slack, engine):
        engine.answer(StartDrill, text="The drill has begun.")
        await slack.command(BOB, "/drill")
        await slack.sees_text("admins only")
        await slack.command(ALICE, "/drill")
        await engine.has(StartDrill)
        await engine.tell(RUNNING)
        first = await slack.sees_text("running, on a desk of its own")
        await engine.tell(DONE)
        last = await slack.sees_text("Drill by", "1 part FAILED")
        assert last["ts"] == first["ts"]


async def test_on_a_live_account_it_never_reaches_the_engine() -> None:
    """The throwaway Slack lets nobody do anything there; whoever may is refused by the listener and by the engine."""
    async with desk() as (slack, engine):
        engine.status = status(account="live")
        await engine.hang_up()
        await engine.has(GetSnapshot, 2)
        await slack.command(ALICE, "/drill")
        await slack.sees_text("may trade a live account")
        assert not any(isinstance(command, StartDrill) for command in engine.heard)
