"""The second opinion on a headline: it may move the confidence of an open question a little, and nothing else.

It comes from a slower model after the question was opened; nothing ever waits for it. It turns no question into an
order, whatever it says, and touches nothing that was decided. A question to buy that falls below *ask* is withdrawn,
one to sell what is held stays open, because not to ask would be the risk there.
"""

from __future__ import annotations

from typing import Final

from engine.core.by_hand import Hand
from engine.core.config import Headlines
from engine.core.proposal_records import take_review
from engine.core.proposals import Proposal
from engine.core.queries import Roster, warning
from engine.core.story_records import Reviewed
from engine.core.tidings import Opinion
from engine.core.trading import Trading
from engine.core.types import BUY
from engine.core.views import proposal_view
from engine.wire import events

_CLOSE: Final = 0.05
"""Nearer than this to the usual share it says nothing either way."""


class SecondOpinions:
    """Puts what the model says of a headline on the open proposals that came from it."""

    def __init__(self, trading: Trading, roster: Roster, hand: Hand) -> None:
        self._trading = trading
        self._roster = roster
        self._hand = hand

    def take(self, opinion: Opinion) -> None:
        """Take an opinion; one that comes after everything was decided changes nothing."""
        for proposal in self._trading.proposals.open():
            if (proposal.source, proposal.title) == (opinion.source, opinion.title):
                self._review(proposal, opinion)

    def _review(self, proposal: Proposal, opinion: Opinion) -> None:
        trading, now_ns = self._trading, self._trading.now_ns
        most = self._most(proposal)
        moved_e4 = _moved_e4(proposal, opinion, most)
        words = _words(proposal, opinion, moved_e4)
        record = Reviewed(proposal.proposal_id, opinion.share, opinion.usual, opinion.model, moved_e4, words, now_ns)
        take_review(proposal, record)
        trading.write(record)
        if self._is_too_low(proposal):
            self._withdraw(proposal)
            return
        config = self._roster.configs[proposal.signal.strategy]
        instrument, mind = trading.markets[proposal.signal.symbol].instrument, warning(trading)
        trading.publish(
            lambda: events.ProposalReviewed(ts_ns=now_ns, proposal=proposal_view(proposal, config, instrument, mind))
        )

    def _most(self, proposal: Proposal) -> float:
        """Return by how much a proposal may be moved; one that goes by itself is an order already, and is only told."""
        config = self._roster.configs[proposal.signal.strategy]
        return config.opinion_most if isinstance(config, Headlines) and not proposal.goes else 0.0

    def _is_too_low(self, proposal: Proposal) -> bool:
        is_lowered = proposal.moved_e4 < 0 and proposal.signal.side is BUY
        if self._hand.approvals.is_waiting_on(proposal.proposal_id):
            return False  # a person has decided, and another one is about to
        return is_lowered and proposal.confidence < self._roster.configs[proposal.signal.strategy].ask

    def _withdraw(self, proposal: Proposal) -> None:
        ask = self._roster.configs[proposal.signal.strategy].ask
        proposal.state = "expired"
        proposal.outcome = f"withdrawn: {proposal.opinion}, and that is below ask = {ask:g}"
        self._hand.tell(proposal)


def _moved_e4(proposal: Proposal, opinion: Opinion, most: float) -> int:
    """Return by how much the confidence moves, in 1e-4: by what the share is above or below the usual one."""
    more = opinion.share - opinion.usual
    if abs(more) < _CLOSE:
        return 0
    return round(1e4 * max(-most, min(most, more if proposal.signal.side is BUY else -more)))


def _words(proposal: Proposal, opinion: Opinion, moved_e4: int) -> str:
    rules, usual = proposal.signal.confidence, f"{opinion.share:.2f} where {opinion.usual:.2f} is usual"
    if not moved_e4:
        return f"{usual}: {_which_way(proposal, opinion)}"
    after = min(max(rules + moved_e4 / 1e4, 0.0), 1.0)
    return f"rules {rules:.2f}, second opinion {usual} → {after:.2f}"


def _which_way(proposal: Proposal, opinion: Opinion) -> str:
    """Say whether the headline moves its coin the proposal's way more often than headlines usually do."""
    more = opinion.share - opinion.usual
    if abs(more) < _CLOSE:
        return "no different"
    return "higher" if (more > 0) is (proposal.signal.side is BUY) else "lower"
