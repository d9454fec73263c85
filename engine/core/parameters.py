"""The strategies' thresholds and other numbers that may change while trading: shown, set, audited, kept over restarts.

What a strategy's kernel was made with is fixed at the start and is shown only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from engine.core.amounts import Unclear
from engine.core.config import StrategyConfig
from engine.core.plan import ExitPlan, plan_words
from engine.core.queries import Roster, strategy_view
from engine.core.records import Audited
from engine.core.trading import Trading
from engine.core.types import BUY, Signal
from engine.wire.answers import ParameterView, StrategiesView, StrategyDetail
from engine.wire.questions import SetParameter
from engine.wire.replies import Reply

SETTABLE: Final = ("ask", "act", "stop_pct", "target_pct", "expires_s", "max_age_s")
DEFAULT: Final = "default"
_SHOWN_ELSEWHERE: Final = frozenset({"symbols", "mode"})
_NUMBER: Final = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?", re.ASCII)
_SIGNS: Final = {">=": "at least", "<=": "at most", ">": "above", "<": "below"}
_TYPE: Final = re.compile(r"Expected `\w+`")
_WHAT: Final = "parameter"
"""How the audit trail names a change: ``parameter sma_cross.ask``."""


class Parameters:
    """The numbers of every strategy, as they are and as ``trader.toml`` has them."""

    def __init__(self, trading: Trading, roster: Roster) -> None:
        self._trading = trading
        self._roster = roster
        self._defaults = dict(roster.configs)
        self.on_change: Callable[[str, StrategyConfig], None] = _nobody
        """Told the name and the new settings of a strategy, which itself goes by them from then on."""

    def view(self) -> StrategiesView:
        """Show every strategy with its numbers, its counts and its last signal."""
        return StrategiesView(self._trading.modes.everything, tuple(map(self._detail, self._roster.configs)))

    def on_set(self, command: SetParameter) -> Reply:
        """Set a number; refused where there is none of that name, where it is fixed, or where it makes no sense."""
        name, key = self._named(command.strategy), command.name.lower()
        before = getattr(self._roster.configs[name], self._settable(name, key))
        text = command.value.strip().lower()
        after = self._changed(name, key, text)
        by, now_ns = command.who, self._trading.now_ns
        told = text if text == DEFAULT else f"{after:.12g}"
        what = f"{_WHAT} {name}.{key}"
        self._trading.write(Audited(by.user_id, by.door, what, f"{before:.12g}", told, now_ns))
        words = f"{key} of {name} is {after:g} now (it was {before:g})"
        return Reply(command.id, True, "OK", f"{words}. It holds over restarts; `default` takes it back.")

    def restore(self, record: Audited) -> None:
        """Take a change of an earlier run; one that this version or this configuration doesn't take is passed over."""
        what, _, place = record.what.partition(" ")
        name, _, key = place.partition(".")
        config = self._roster.configs.get(name)
        if what == _WHAT and config is not None and key in SETTABLE and hasattr(config, key):
            try:
                self._changed(name, key, record.after)
            except Unclear:
                words = f"{key} = {record.after} of {name}, set before, no longer fits: it is not taken."
                self._trading.notice("warning", "BAD_SETTING", words)

    def _changed(self, name: str, key: str, text: str) -> float:
        """Give a strategy its new settings; return the new value. Raises Unclear where it is out of bounds."""
        config = self._roster.configs[name]
        value = getattr(self._defaults[name], key) if text == DEFAULT else _number(text)
        try:
            made = msgspec.convert(msgspec.to_builtins(config) | {key: value}, type(config))
        except msgspec.ValidationError as error:
            raise Unclear("BAD_AMOUNT", f"{key} = {text} makes no sense: {_why(error)}.") from None
        self._roster.configs[name] = made
        self.on_change(name, made)
        return float(value)

    def _named(self, text: str) -> str:
        name = text.lower()
        if name not in self._roster.configs:
            known = ", ".join(self._roster.configs)
            raise Unclear("NOT_FOUND", f"There is no strategy {text!r}; there are {known}.")
        return name

    def _settable(self, name: str, key: str) -> str:
        config = self._roster.configs[name]
        able = [each for each in SETTABLE if hasattr(config, each)]
        if key in able:
            return key
        if key in _SHOWN_ELSEWHERE or not hasattr(config, key):
            raise Unclear("NOT_FOUND", f"{name} has no number {key!r} to set; it has {', '.join(able)}.")
        raise Unclear("BAD_REQUEST", f"{key} of {name} is fixed at the start: change it in trader.toml, then restart.")

    def _detail(self, name: str) -> StrategyDetail:
        config, tally = self._roster.configs[name], self._roster.tallies[name]
        said = tally.last
        keys = [key for key in config.__struct_fields__ if key not in _SHOWN_ELSEWHERE]
        return StrategyDetail(
            strategy=strategy_view(self._trading, self._roster, name),
            parameters=tuple(self._parameter(name, key) for key in keys),
            last_signal=self._said(said) if said is not None else "",
            ts_last_signal_ns=said.ts_ns if said is not None else 0,
        )

    def _said(self, signal: Signal) -> str:
        """Say in words what a signal wanted."""
        verb = "buy" if signal.side is BUY else "sell"
        price = self._trading.markets[signal.symbol].instrument.price_text(signal.price_ticks)
        return f"{verb} {signal.symbol} at {price}, confidence {signal.confidence:.2f}"

    def _parameter(self, name: str, key: str) -> ParameterView:
        now, default = getattr(self._roster.configs[name], key), getattr(self._defaults[name], key)
        return ParameterView(key, _text(now), _text(default), key in SETTABLE)


def _nobody(name: str, config: StrategyConfig) -> None:
    """Stand in until the engine listens."""


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise Unclear("BAD_AMOUNT", f"{text!r} is no number: write one like 0.5, or `{DEFAULT}`.")
    return float(text)


def _why(error: msgspec.ValidationError) -> str:
    """Return msgspec's words without the type and the place, which the sentence names itself."""
    words = _TYPE.sub("it has to be", str(error).partition(" - at")[0])
    for sign, word in _SIGNS.items():
        words = words.replace(f" {sign} ", f" {word} ")
    return words


def _text(value: Any) -> str:
    if isinstance(value, ExitPlan):
        return plan_words(value) or "stop and target"
    if isinstance(value, msgspec.Struct):
        return str(getattr(value, "method", None) or _text(msgspec.structs.asdict(value)))
    if isinstance(value, dict):
        return " ".join(f"{name} {_text(each)}" for name, each in value.items()) or "none"
    if isinstance(value, tuple):
        return " ".join(map(_text, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
