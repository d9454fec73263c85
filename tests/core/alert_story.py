"""What tests of alerts do: let a headline ask, and click."""

from __future__ import annotations

from core_builders import (
    ALICE,
    Desk,
    told,
)

from engine.wire import events
from engine.wire.commands import Decide, Who
from engine.wire.replies import Reply
from engine.wire.views import ProposalView

ASKED, ACTED = 0.6, 0.95
"""Scores of headlines in the two upper bands: ask = 0.5, act = 0.9."""


def asked(desk: Desk, score: float = ASKED) -> ProposalView:
    """Let a headline lead to a question; return it as it was posted."""
    return told(desk.headline(score), events.ProposalOpened)[0].proposal


def click(
    desk: Desk, proposal: ProposalView, choice: str = "buy", who: Who = ALICE, fingerprint: str = ""
) -> tuple[Reply, list]:  # type: ignore[type-arg]
    """Click a button as the bot sends it: the id is made of the message and the button, whoever clicks."""
    return desk.ask(
        Decide(
            id=f"click:{proposal.proposal_id}:{choice}",
            who=who,
            proposal_id=proposal.proposal_id,
            choice=choice,  # type: ignore[arg-type]
            fingerprint=fingerprint or proposal.fingerprint,
        )
    )
