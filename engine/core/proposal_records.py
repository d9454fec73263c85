"""Proposals as the journal keeps them: written when they open and at each change, and made from that at a restart."""

from __future__ import annotations

from typing import cast

from engine.core.proposals import Proposal, ProposalKind, ProposalState
from engine.core.records import Decided, Proposed
from engine.core.story_records import Reviewed


def proposed(proposal: Proposal, now_ns: int) -> Proposed:
    """Return the record of a new proposal, everything that a click on it is checked against included."""
    return Proposed(
        proposal.proposal_id,
        proposal.kind,
        proposal.signal,
        proposal.lots,
        proposal.title,
        proposal.source,
        proposal.expires_ns,
        now_ns,
        proposal.url,
        proposal.settings,
        proposal.worth,
    )


def decided(proposal: Proposal, now_ns: int) -> Decided:
    """Return the record of what has become of a proposal until now."""
    return Decided(
        proposal.proposal_id,
        proposal.state,
        proposal.decided_by,
        proposal.outcome,
        proposal.client_order_id,
        now_ns,
    )


def restored(record: Proposed) -> Proposal:
    """Return the proposal as it was when it opened, with the same fingerprint."""
    kind = cast(ProposalKind, record.kind)
    proposal = Proposal(record.proposal_id, record.signal, kind, record.lots, record.expires_ns)
    proposal.title, proposal.source, proposal.url = record.title, record.source, record.url
    proposal.settings, proposal.worth = record.settings, record.worth
    return proposal


def take_decision(proposal: Proposal, record: Decided) -> None:
    """Bring a proposal to what the journal says became of it."""
    proposal.state, proposal.decided_by = cast(ProposalState, record.state), record.decided_by
    proposal.outcome, proposal.client_order_id = record.outcome, record.client_order_id


def take_review(proposal: Proposal, record: Reviewed) -> None:
    """Bring a proposal to what a second opinion made of it."""
    proposal.opinion, proposal.moved_e4 = record.words, record.moved_e4
