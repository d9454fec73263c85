"""The second opinion on a headline: told on its open proposals, and nothing is decided by it.

It comes from a slower model after the proposal was opened. It may make people look twice or be surer; it never turns a
question into an order, and nothing ever waits for it.
"""

from __future__ import annotations

from typing import Final

from engine.core.proposals import Proposal
from engine.core.queries import Roster, warning
from engine.core.records import Audited
from engine.core.tidings import Opinion
from engine.core.trading import Trading
from engine.core.types import BUY
from engine.core.views import proposal_view
from engine.wire import events

_CLOSE: Final = 0.05
"""Nearer than this to the usual share it says nothing either way."""


class SecondOpinions:
    """Puts what the model says of a headline on the open proposals that came from it."""

    def __init__(self, trading: Trading, roster: Roster) -> None:
        self._trading = trading
        self._roster = roster

    def take(self, opinion: Opinion) -> None:
        """Take an opinion; one that comes after everything was decided changes nothing."""
        for proposal in self._trading.proposals.open():
            if (proposal.source, proposal.title) == (opinion.source, opinion.title):
                self._put(proposal, opinion)

    def _put(self, proposal: Proposal, opinion: Opinion) -> None:
        trading, now_ns = self._trading, self._trading.now_ns
        proposal.opinion = f"{opinion.share:.2f}, {_which_way(proposal, opinion)}"
        what = f"opinion on {proposal.proposal_id}"
        told = f"{proposal.opinion} (usual {opinion.usual:.2f}, model {opinion.model})"
        trading.write(Audited("engine", "second-opinion", what, "", told, now_ns))
        config = self._roster.configs[proposal.signal.strategy]
        instrument, mind = trading.markets[proposal.signal.symbol].instrument, warning(trading)
        trading.publish(
            lambda: events.ProposalReviewed(ts_ns=now_ns, proposal=proposal_view(proposal, config, instrument, mind))
        )


def _which_way(proposal: Proposal, opinion: Opinion) -> str:
    """Say whether the headline moves its coin the proposal's way more often than headlines usually do."""
    more = opinion.share - opinion.usual
    if abs(more) < _CLOSE:
        return "no different"
    return "higher" if (more > 0) is (proposal.signal.side is BUY) else "lower"
