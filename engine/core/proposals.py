"""Questions to people: a signal in the *ask* band, open until somebody decides or it expires. Expiring means no."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final, Literal, NamedTuple

from engine.core.types import Signal, SignalId, Symbol

ProposalState = Literal["open", "bought", "sold", "dismissed", "expired", "refused", "acted"]
ProposalKind = Literal["technical", "event", "arbitrage", "fundamental"]
LegsWord = Literal["pair", "circle"]
CIRCLE_SIGNAL: Final = "arbitrage:circle:"
"""What the ids of a circle's signals begin with; a pair's name the symbol there."""
_KEPT: Final = 200


class TrackRecord(NamedTuple):
    """What became of a strategy's signals that were traded and closed."""

    trades: int
    won: int
    mean_r: float
    """Of the profit, in multiples of what each risked."""


NO_RECORD: Final = TrackRecord(0, 0, 0.0)


class Proposal:
    """One signal that people were asked about, or told of after the engine acted."""

    __slots__ = (
        "client_order_id",
        "decided_by",
        "expires_ns",
        "goes",
        "kind",
        "lots",
        "moved_e4",
        "opened_ns",
        "opinion",
        "outcome",
        "proposal_id",
        "record",
        "settings",
        "signal",
        "source",
        "state",
        "title",
        "url",
        "worth",
    )

    def __init__(self, proposal_id: str, signal: Signal, kind: ProposalKind, lots: int, expires_ns: int) -> None:
        self.proposal_id = proposal_id
        self.signal = signal
        self.kind = kind
        self.lots = lots
        """What the gate would size it to at the moment it was opened; what it was sized to, once the engine acted."""
        self.opened_ns = signal.ts_ns
        self.expires_ns = expires_ns
        self.state: ProposalState = "open"
        self.decided_by = self.outcome = self.client_order_id = ""
        self.goes = False
        """It goes by itself when its time is over, unless somebody vetoes it; forgotten at a restart, so that it does
        not."""
        self.record = NO_RECORD
        """What its confidence was worth so far, when it was opened."""
        self.opinion = ""
        """What a slower model says of its headline, and what that makes of the confidence, once it has."""
        self.moved_e4 = 0
        """By how much that moved the confidence, in 1e-4; the signal keeps the score that it arose with."""
        self.settings = self.worth = ""
        """The fingerprint of what its strategy went by, and what such a score has been worth, in words."""
        self.title = self.source = self.url = ""
        """Of the headline, for an event-driven one."""

    @property
    def is_open(self) -> bool:
        """True until it was decided or expired."""
        return self.state == "open"

    @property
    def legs(self) -> LegsWord | None:
        """What of several legs it proposes; None for a single order."""
        if self.kind != "arbitrage":
            return None
        return "circle" if self.signal.signal_id.startswith(CIRCLE_SIGNAL) else "pair"

    @property
    def confidence(self) -> float:
        """How surely it is meant by now: the signal's score, and what a second opinion has moved it by; 0 to 1."""
        return min(max(self.signal.confidence + self.moved_e4 / 1e4, 0.0), 1.0)

    @property
    def fingerprint(self) -> str:
        """What a click must carry: 12 hex digits that change with what is proposed."""
        signal = self.signal
        what = (signal.signal_id, signal.symbol, int(signal.side), signal.price_ticks, signal.stop_ticks, self.lots)
        return blake2b(repr(what).encode(), digest_size=6).hexdigest()


class Proposals:
    """The open proposals and the last decided ones, by id."""

    def __init__(self) -> None:
        self._all: dict[str, Proposal] = {}
        self._open: dict[str, Proposal] = {}
        """Those that were open when they were last looked at: a signal must not have to go through all."""
        self._signals: set[str] = set()
        """The ids of the signals behind all of them."""

    def add(self, proposal: Proposal) -> None:
        """Remember one; the oldest decided ones are forgotten."""
        self._all[proposal.proposal_id] = proposal
        self._signals.add(proposal.signal.signal_id)
        if proposal.is_open:
            self._open[proposal.proposal_id] = proposal
        while len(self._all) > _KEPT and not next(iter(self._all.values())).is_open:
            self._drop(next(iter(self._all)))

    def forget(self, proposal_id: str) -> None:
        """Forget one that nobody is to be shown: what the journal has is all that is wanted of it."""
        if proposal_id in self._all:
            self._drop(proposal_id)
        self._open.pop(proposal_id, None)

    def lists(self) -> tuple[list[Proposal], list[Proposal]]:
        """Return all and the open ones, each oldest first: what ``put_back`` takes."""
        return list(self._all.values()), self.open()

    def put_back(self, known: list[Proposal], waiting: list[Proposal]) -> None:
        """Take the two lists of a snapshot instead of what is here."""
        self._all = {proposal.proposal_id: proposal for proposal in known}
        self._open = {proposal.proposal_id: proposal for proposal in waiting}
        self._signals = {proposal.signal.signal_id for proposal in known}

    def get(self, proposal_id: str) -> Proposal | None:
        """Return the proposal of that id, or None."""
        return self._all.get(proposal_id)

    def is_known(self, signal_id: SignalId) -> bool:
        """Say whether one was made of that signal; an order waits for the answer, so that no name is worked out."""
        return signal_id in self._signals

    def _drop(self, proposal_id: str) -> None:
        self._signals.discard(self._all.pop(proposal_id).signal.signal_id)

    def __iter__(self) -> Iterator[Proposal]:
        return iter(self._all.values())

    def open(self) -> list[Proposal]:
        """Return those that wait for an answer, oldest first."""
        for proposal in tuple(self._open.values()):
            if not proposal.is_open:
                del self._open[proposal.proposal_id]
        return list(self._open.values())

    def of_client_order(self, client_order_id: str) -> Proposal | None:
        """Return the proposal that led to an order, or None; the newest ones are looked at first."""
        return next((p for p in reversed(self._all.values()) if p.client_order_id == client_order_id), None)

    def strategy_behind(self, cause_id: str) -> str:
        """Return whose signal an order's cause began with, acted on or clicked; empty where a person thought of it."""
        kind, _, rest = cause_id.partition(":")
        if kind == "signal":
            return rest.partition(":")[0]
        if kind in ("pair", "stock", "circle"):
            return "arbitrage"
        proposal = self.get(rest.partition(":")[0]) if kind == "proposal" else None
        return proposal.signal.strategy if proposal is not None else ""

    def asking(self, strategy: str, symbol: Symbol, side: int) -> list[Proposal]:
        """Return the open ones that ask the same question: almost always none or one."""
        return [
            p for p in self.open() if (p.signal.strategy, p.signal.symbol, p.signal.side) == (strategy, symbol, side)
        ]

    def due(self, now_ns: int) -> list[Proposal]:
        """Return the open ones whose time is over."""
        return [proposal for proposal in self.open() if now_ns >= proposal.expires_ns]
