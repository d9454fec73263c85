"""The limits that count now: those of ``trader.toml``, with what an admin changed while running laid over them.

A limit is the account's, a symbol's or a strategy's. Of those that apply to an order the tightest counts; what that
comes to is worked out whenever one changes, and not when an order waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec import inspect

from engine.core.config import Breakers, Limits, OwnLimits, TradingConfig
from engine.core.types import Symbol

ScopeKind = Literal["account", "symbol", "strategy"]


class Scope(NamedTuple):
    """What a limit is for; ``name`` is empty for the account."""

    kind: ScopeKind = "account"
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


class Change(NamedTuple):
    """What an admin set a limit to, while running."""

    value: float
    by: str
    reason: str
    is_loose: bool
    """It was said in so many words that it may be looser than in ``trader.toml``."""


class Kind(NamedTuple):
    """What a limit may be."""

    code: str
    unit: str
    is_tight_when_high: bool = False


ACCOUNT: Final = Scope()
OWN: Final = {
    "max_order_pct": Kind("C2", "% of equity"),
    "max_position_pct": Kind("C3", "% of equity"),
    "max_gross_pct": Kind("C3", "% of equity"),
    "collar_pct": Kind("C4", "% of the price"),
    "stale_s": Kind("C5", "s"),
    "orders_per_s": Kind("C7", "a second"),
    "risk_per_trade_pct": Kind("C10", "% of equity"),
    "min_stop_pct": Kind("C10", "% of the price", is_tight_when_high=True),
}
"""What a symbol and a strategy may have of their own as well."""
OF_ACCOUNT: Final = {
    "repeats": Kind("C6", "alike"),
    "repeat_window_s": Kind("C6", "s", is_tight_when_high=True),
    "daily_loss_pct": Kind("C9", "% of the day's beginning"),
    "drawdown_pct": Kind("C9", "% of the peak"),
    "losses": Kind("C9", "in a row"),
    "cooldown_s": Kind("C9", "s", is_tight_when_high=True),
    "halt_at": Kind("C9", "times a limit"),
}
KINDS: Final = OWN | OF_ACCOUNT
"""Every limit that can be changed while running."""
_FIELDS: Final = {
    field.name: field.type
    for struct in (Limits, Breakers)
    for field in inspect.type_info(struct).fields  # type: ignore[attr-defined]
    if field.name in KINDS and isinstance(field.type, inspect.IntType | inspect.FloatType)
}


def range_words(name: str) -> str:
    """Say what a limit may be: ``above 0 and at most 100``."""
    kind = _FIELDS[name]
    low = f"above {kind.gt:g}" if kind.gt is not None else f"from {kind.ge:g}"
    high = f"to {kind.le:g}" if kind.ge is not None else f"and at most {kind.le:g}"
    return f"{'a whole number ' * isinstance(kind, inspect.IntType)}{low} {high}"


def is_in_range(name: str, value: float) -> bool:
    """Say whether a limit may have this value; NaN is within no range."""
    kind = _FIELDS[name]
    if isinstance(kind, inspect.IntType) and not float(value).is_integer():
        return False
    is_low_enough = kind.le is not None and value <= kind.le
    return is_low_enough and (value > kind.gt if kind.gt is not None else kind.ge is not None and value >= kind.ge)


def is_looser(name: str, value: float, than: float) -> bool:
    """Say whether a value lets more through than another."""
    return value < than if KINDS[name].is_tight_when_high else value > than


class LimitBook:
    """The limits of one account, and whoever changed them."""

    def __init__(self, config: TradingConfig, symbols: Iterable[Symbol]) -> None:
        self._file, self._file_breakers = config.limits, config.breakers
        self._symbols = tuple(symbols)
        self._strategies = config.strategies.__struct_fields__
        self.changes: dict[tuple[Scope, str], Change] = {}
        """What counts instead of the value in ``trader.toml``, which it is again when a change is taken back."""
        self.account: Limits = self._file
        self.breakers: Breakers = self._file_breakers
        self.parts: Mapping[Symbol, float] = {}
        """How much of the largest position is left of a symbol that is dear, to every strategy ``but_for`` one."""
        self._but_for = ""
        self.narrower: dict[tuple[str, str], Limits] = {}
        """What counts for a symbol and a strategy (empty for none), where that is not the account's."""
        self._work_out()

    def of_file(self, scope: Scope, name: str) -> float | None:
        """Return the value in ``trader.toml``; None where a symbol or a strategy has none of its own there."""
        if scope == ACCOUNT:
            return float(getattr(self._file if name in Limits.__struct_fields__ else self._file_breakers, name))
        own = (self._file.symbols if scope.kind == "symbol" else self._file.strategies).get(scope.name)
        value = None if own is None else getattr(own, name)
        return None if value is None else float(value)

    def value(self, scope: Scope, name: str) -> float | None:
        """Return the value that counts in a scope, None where it has none of its own."""
        change = self.changes.get((scope, name))
        return change.value if change else self.of_file(scope, name)

    def is_loosened(self, scope: Scope, name: str, value: float) -> bool:
        """Say whether a value is looser than ``trader.toml`` has it, there or else for the account."""
        in_file = self.of_file(scope, name)
        if in_file is None:
            in_file = self.of_file(ACCOUNT, name)
        return in_file is not None and is_looser(name, value, in_file)

    def set(self, scope: Scope, name: str, change: Change | None) -> None:
        """Let a change count from now on; None lets the value in ``trader.toml`` count again."""
        if change is None:
            self.changes.pop((scope, name), None)
        else:
            self.changes[scope, name] = change
        self._work_out()

    def set_parts(self, parts: Mapping[Symbol, float], *, but_for: str) -> None:
        """Leave strategies so much of the largest position of a symbol, 0 to 1; people and one strategy keep it all."""
        self.parts, self._but_for = dict(parts), but_for
        self._work_out()

    def own(self) -> list[tuple[Scope, str]]:
        """List the limits that a symbol or a strategy has of its own, by file or by change."""
        scopes = [Scope("symbol", name) for name in self._file.symbols]
        scopes += [Scope("strategy", name) for name in self._file.strategies]
        scopes += [scope for scope, _ in self.changes if scope != ACCOUNT and scope not in scopes]
        found = [(scope, name) for scope in dict.fromkeys(scopes) for name in OWN]
        return [(scope, name) for scope, name in found if self.value(scope, name) is not None]

    def _work_out(self) -> None:
        changed = {name: _typed(name, change.value) for (scope, name), change in self.changes.items() if not scope.name}
        self.account = msgspec.structs.replace(self._file, **_only(Limits, changed))
        self.breakers = msgspec.structs.replace(self._file_breakers, **_only(Breakers, changed))
        self.narrower = {}
        own = self.own()
        for symbol in self._symbols if own or self.parts else ():
            for strategy in ("", *self._strategies):
                limits = self._tightest(own, (Scope("symbol", symbol), Scope("strategy", strategy)))
                if strategy not in ("", self._but_for):
                    part = limits.max_position_pct * self.parts.get(symbol, 1.0)
                    limits = msgspec.structs.replace(limits, max_position_pct=part)
                if limits != self.account:
                    self.narrower[symbol, strategy] = limits

    def _tightest(self, own: list[tuple[Scope, str]], scopes: tuple[Scope, Scope]) -> Limits:
        tightest: dict[str, float] = {}
        for scope, name in own:
            value, most = self.value(scope, name), tightest.get(name, getattr(self.account, name))
            if scope in scopes and value is not None and is_looser(name, most, value):
                tightest[name] = _typed(name, value)
        return msgspec.structs.replace(self.account, **tightest)


def _typed(name: str, value: float) -> float:
    return int(value) if isinstance(_FIELDS[name], inspect.IntType) else float(value)


def _only(struct: type[Limits | Breakers | OwnLimits], values: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if name in struct.__struct_fields__}
