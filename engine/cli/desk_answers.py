"""What waits for an answer at the desk: a previewed order, alerts by their numbers, what wants a second person."""

from __future__ import annotations

from typing import Final

from engine.cli.client import new_id, who
from engine.wire.commands import Approve, Buy, Confirm, Decide, Sell, Shown
from engine.wire.hand_views import ApprovalView, PreviewView
from engine.wire.views import ProposalView
from engine.wire.words import BadWords

YES: Final = frozenset({"yes", "approve"})
ANSWERS: Final = frozenset({*YES, "no", "dismiss", "decline"})


class Waiting:
    """What was shown and can be answered; each answer carries exactly what was seen."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._numbers: dict[str, int] = {}
        self._alerts: dict[str, ProposalView] = {}
        self._approvals: dict[str, ApprovalView] = {}
        self._previewed: tuple[Buy | Sell, PreviewView] | None = None

    def knows(self, proposal: ProposalView) -> bool:
        """Say whether an alert was shown before."""
        return proposal.proposal_id in self._numbers

    def number(self, proposal: ProposalView) -> int:
        """Remember an alert as it is now; return the number that it has here."""
        self._alerts[proposal.proposal_id] = proposal
        return self._numbers.setdefault(proposal.proposal_id, len(self._numbers) + 1)

    def on_approval(self, approval: ApprovalView) -> None:
        """Remember an order that waits for a second person."""
        self._approvals[approval.approval_id] = approval

    def on_preview(self, order: Buy | Sell, view: PreviewView) -> str:
        """Remember what was previewed, in the place of what was before; return what to type."""
        self._previewed = (order, view) if view.code == "OK" else None
        life_s = max(view.ts_expires_ns - view.ts_ns, 0) // 1_000_000_000
        return f"  type: confirm (within {life_s} s), or cancel" if self._previewed else "Nothing was ordered."

    def confirm(self) -> Confirm:
        """Return the confirmation of what was previewed last; raises BadWords where nothing waits for one."""
        if self._previewed is None:
            raise BadWords("There is no preview to confirm: type what to buy or sell first.")
        order, view = self._previewed
        shown = Shown(view.qty, view.price, view.ts_ns)
        return Confirm(id=new_id(), who=order.who, order=order, shown=shown, fingerprint=view.fingerprint)

    def drop(self) -> bool:
        """Forget what was previewed; say whether there was anything."""
        was, self._previewed = self._previewed, None
        return was is not None

    def answer(self, verb: str, word: str) -> Decide | Approve:
        """Answer an alert by its number or id, or what waits for a second person by its id; raises BadWords."""
        if (approval := self._approvals.get(word)) is not None:
            is_yes, seen = verb in YES, approval.fingerprint
            return Approve(id=new_id(), who=who("desk"), approval_id=word, fingerprint=seen, is_yes=is_yes)
        proposal = self._alert(word)
        if proposal is None:
            raise BadWords(f"Say which by the number of its alert, or by its id ({self._seen()}): {verb} 1")
        return Decide(
            id=new_id(),
            who=who("desk"),
            proposal_id=proposal.proposal_id,
            choice=proposal.side if verb in YES else "dismiss",
            fingerprint=proposal.fingerprint,
        )

    def _alert(self, word: str) -> ProposalView | None:
        if not (word.isascii() and word.isdigit()):
            return self._alerts.get(word)
        return next((self._alerts[name] for name, number in self._numbers.items() if number == int(word)), None)

    def _seen(self) -> str:
        waiting = [name for name, view in self._approvals.items() if view.state == "waiting"]
        alerts = [f"1 to {len(self._numbers)}"] if self._numbers else []
        return ", ".join([*alerts, *waiting]) or "none so far"
