"""An admin changes a limit while it runs: checked, written down twice (to be folded, to be read), and told.

What is looser than ``trader.toml`` has it counts only when that was said in so many words, so that a slip of the finger
can make trading tighter but not looser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from engine.core.amounts import Unclear
from engine.core.limits import ACCOUNT, KINDS, OWN, Change, Scope, is_in_range, is_looser, range_words
from engine.core.records import Audited
from engine.core.safeguard_records import LimitSet
from engine.core.trading import Trading
from engine.core.types import Symbol
from engine.wire.commands import SetLimit
from engine.wire.replies import Reply


class LimitChanges:
    """Takes ``SetLimit``, and what earlier runs wrote of it."""

    def __init__(self, trading: Trading, find_symbol: Callable[[str], Symbol]) -> None:
        self._trading = trading
        self._find_symbol = find_symbol

    def on_set(self, command: SetLimit) -> Reply:
        """Set a limit, or with no value let the one in ``trader.toml`` count again; raises Unclear."""
        name, scope, reason = command.name.lower(), self._scope(command), command.reason.strip()
        self._check_name(name, scope)
        if not reason:
            raise Unclear("BAD_REQUEST", "Say why: risk set NAME VALUE because REASON.")
        before = self._words(scope, name)
        if command.value is None:
            self._check_changed(scope, name)
        else:
            self._check_value(scope, name, command.value, is_loose=command.loosen)
        by = f"{command.who.door}:{command.who.user_id}"
        symbol, strategy = (scope.name if scope.kind == kind else "" for kind in ("symbol", "strategy"))
        now_ns, trading = self._trading.now_ns, self._trading
        change = LimitSet(name, symbol, strategy, command.value, command.loosen, by, reason, now_ns)
        self._take(change)
        trading.write(change)
        what, after = f"limit {name} of {scope}", self._words(scope, name)
        trading.write(Audited(command.who.user_id, command.who.door, what, before, after, now_ns, reason))
        words = f"{name} of the {scope} is {after} now (it was {before})"
        trading.notice("warning", "LIMIT_SET", f"{words}: {command.who.name}, because {reason}.")
        return Reply(command.id, True, "OK", f"{words}.{self._what_is_tighter(scope, name)}")

    def restore(self, record: LimitSet) -> None:
        """Fold a change of an earlier run.

        One that has since become looser than a ``trader.toml`` that was made tighter does not count, unless it was
        said to be loose.
        """
        scope = _scope_of(record)
        if record.name not in KINDS or (scope != ACCOUNT and record.name not in OWN):
            return
        is_loose = record.value is not None and self._trading.limits.is_loosened(scope, record.name, record.value)
        if is_loose and not record.is_loose:
            now = self._trading.limits.of_file(scope, record.name)
            words = f"{record.name} of the {scope} was {record.value:g}, which trader.toml is tighter than by now"
            self._trading.notice("warning", "LIMIT_LAPSED", f"{words}: {now or 'the account'} counts.")
            record = LimitSet(record.name, record.symbol, record.strategy, None, False, "", "", record.ts_ns)
        self._take(record)

    def _take(self, record: LimitSet) -> None:
        limits, change = self._trading.limits, None
        if record.value is not None:
            change = Change(record.value, record.by, record.reason, record.is_loose)
        limits.set(_scope_of(record), record.name, change)
        self._trading.gate.take(limits.account, limits.narrower)

    def _scope(self, command: SetLimit) -> Scope:
        if command.symbol and command.strategy:
            raise Unclear("BAD_REQUEST", "A limit is of a symbol or of a strategy: name one of them.")
        if command.symbol:
            return Scope("symbol", self._find_symbol(command.symbol))
        if command.strategy and command.strategy not in self._trading.modes.own:
            known = ", ".join(self._trading.modes.own)
            raise Unclear("NOT_FOUND", f"There is no strategy {command.strategy!r}; there are {known}.")
        return Scope("strategy", command.strategy) if command.strategy else ACCOUNT

    def _check_name(self, name: str, scope: Scope) -> None:
        known = KINDS if scope == ACCOUNT else OWN
        if name in known:
            return
        if name in KINDS:
            raise Unclear("BAD_REQUEST", f"{name} is the account's alone. A {scope.kind} may have {', '.join(OWN)}.")
        near = get_close_matches(name, known, n=1, cutoff=0.6)
        raise Unclear("NOT_FOUND", f"There is no limit {name!r}. " + _hint(near, known))

    def _check_value(self, scope: Scope, name: str, value: float, *, is_loose: bool) -> None:
        if not is_in_range(name, value):
            raise Unclear("BAD_AMOUNT", f"{name} can't be {value:g}: it is {range_words(name)}.")
        if is_loose or not self._trading.limits.is_loosened(scope, name, value):
            return
        in_file = self._trading.limits.of_file(scope, name) or self._trading.limits.of_file(ACCOUNT, name)
        text = f"{value:g} is looser than the {in_file:g} of trader.toml. If that is meant, say so: "
        raise Unclear("LOOSER", f"{text}risk set {name} {value:g} loosen because REASON.")

    def _check_changed(self, scope: Scope, name: str) -> None:
        if (scope, name) not in self._trading.limits.changes:
            raise Unclear("NOT_FOUND", f"{name} of the {scope} is as in trader.toml: there is nothing to take back.")

    def _words(self, scope: Scope, name: str) -> str:
        """Say what a limit is in its scope."""
        value = self._trading.limits.value(scope, name)
        return "not set" if value is None else f"{value:g} {KINDS[name].unit}"

    def _what_is_tighter(self, scope: Scope, name: str) -> str:
        """Say so where the account's own limit makes one of a symbol or strategy pointless."""
        value, account = self._trading.limits.value(scope, name), self._trading.limits.value(ACCOUNT, name)
        if scope == ACCOUNT or value is None or account is None or value == account:
            return ""
        return f" The account's {account:g} is tighter, and counts." if is_looser(name, value, account) else ""


def _scope_of(record: LimitSet) -> Scope:
    if record.symbol:
        return Scope("symbol", record.symbol)
    return Scope("strategy", record.strategy) if record.strategy else ACCOUNT


def _hint(near: list[str], known: Iterable[str]) -> str:
    return f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
