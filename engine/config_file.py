"""Reads ``trader.toml`` into a ``TradingConfig``, and says by line what is wrong with it and what to write instead."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

from engine.core.config import OwnLimits, TradingConfig
from engine.core.strategy_config import StrategyDefaults
from engine.environment import nearest

_AT_LINE: Final = re.compile(r"(?P<what>.*) \(at (line (?P<line>[0-9]+), column [0-9]+|end of document)\)", re.DOTALL)
_AT_PATH: Final = re.compile(r"(?P<what>.*) - at `\$\.?(?P<path>[^`]*)`", re.DOTALL)
_TABLE: Final = re.compile(r"\s*\[(?P<name>[^\[\]]+)\]")
_KEY: Final = re.compile(r"\s*(?P<name>[A-Za-z0-9_.\"'\s-]+?)\s*=")
T = TypeVar("T", bound=msgspec.Struct)


class ConfigFileError(ValueError):
    """The file can't be meant; the message names the line and what to write."""


class _OfAll(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    defaults: StrategyDefaults = StrategyDefaults()


class _Shared(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file says of all strategies alike; no setting of its own, it goes under each strategy's."""

    strategies: _OfAll = _OfAll()


def parse_trading_config(text: str, name: str = "trader.toml") -> TradingConfig:
    """Read the file's text; what it leaves out keeps its default. Raises ConfigFileError with one sentence.

    What ``[strategies.defaults]`` says counts for each strategy whose own table doesn't say it.
    """
    table = _parse_toml(text, name)
    table.pop("news", None)  # read by ``news.config``: what it says is no decision of the core
    # Laid over the defaults, because a strategy's defaults differ from those of its type.
    usual: dict[str, Any] = msgspec.to_builtins(TradingConfig())
    strategies = table.get("strategies")
    if isinstance(strategies, dict) and "defaults" in strategies:
        shared = {"strategies": {"defaults": strategies.pop("defaults")}}
        _read(shared, shared, _Shared, text, name)
        of_each = dict.fromkeys(usual["strategies"], shared["strategies"]["defaults"])
        usual = _merge(usual, {"strategies": of_each})
    return _read(table, _merge(usual, table), TradingConfig, text, name)


def _read(table: Mapping[str, Any], merged: Mapping[str, Any], kind: type[T], text: str, name: str) -> T:
    """Return what was merged as its type; what is wrong is looked for in the table as it was written."""
    _refuse_unknown_keys(table, inspect.type_info(kind), (), text, name)
    try:
        return msgspec.convert(merged, kind)
    except msgspec.ValidationError as error:
        raise ConfigFileError(_explain(str(error), table, inspect.type_info(kind), text, name)) from None


def _parse_toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _AT_LINE.fullmatch(str(error))
        what, line = (match["what"], match["line"]) if match else (str(error), None)
        line = line or str(max(1, len(text.splitlines())))
        raise ConfigFileError(f"{name} line {line} is not valid TOML ({what}): write it as key = value.") from None


def _refuse_unknown_keys(
    table: Mapping[str, Any], struct: inspect.Type, path: tuple[str, ...], text: str, name: str
) -> None:
    if isinstance(struct, inspect.DictType):  # whose keys are names that somebody gave
        for key, value in table.items():
            if isinstance(value, dict):
                _refuse_unknown_keys(value, struct.value_type, (*path, key), text, name)
        return
    if not isinstance(struct, inspect.StructType):
        return
    fields = {field.name: field.type for field in struct.fields}
    for key, value in table.items():
        here = (*path, key)
        if key not in fields:
            hint = nearest(key, [*fields, "defaults"] if path == ("strategies",) else list(fields))
            raise ConfigFileError(f"{_place(text, here, name)}: there is no setting {'.'.join(here)}; {hint}")
        if isinstance(value, dict):
            _refuse_unknown_keys(value, fields[key], here, text, name)


def _merge(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = below.get(key)
        merged[key] = _merge(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def _explain(message: str, table: Mapping[str, Any], kind: inspect.Type, text: str, name: str) -> str:
    match = _AT_PATH.fullmatch(message)
    what, dotted = (match["what"], match["path"]) if match else (message, "")
    path = _named_path(tuple(dotted.replace("[...]", "[]").split(".")), table)
    place, key = _place(text, path, name), ".".join(path)
    if not what.startswith(("Expected", "Invalid")):
        return f"{place}: in {key}, {what}." if key else f"{place}: {what}."
    return f"{place}: {key} = {_written(table, path)} can't be used; write {_wanted(path, kind)}."


def _named_path(parts: tuple[str, ...], table: Mapping[str, Any]) -> tuple[str, ...]:
    """Put the name in where only ``symbols[...]`` is told: that of the first table there that is at fault."""
    path: tuple[str, ...] = ()
    for part in parts:
        name, bracket, _ = part.partition("[")
        path = (*path, name)
        below = _at(table, path) if bracket else None
        if isinstance(below, dict):
            path = (*path, next(name for name, own in below.items() if _is_at_fault(own)))
        elif bracket:  # a place in a list
            return path
    return path


def _is_at_fault(own: Any) -> bool:
    try:
        msgspec.convert(own, OwnLimits)
    except msgspec.ValidationError:
        return True
    return False


def _at(table: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = table
    for key in path:
        value = value[key]
    return value


def _written(table: Mapping[str, Any], path: tuple[str, ...]) -> str:
    value = _at(table, path)
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _wanted(path: tuple[str, ...], kind: inspect.Type) -> str:
    """Say in words what the setting at this path takes, with its range."""
    for key in path:
        if isinstance(kind, inspect.StructType):
            kind = next(field.type for field in kind.fields if field.name == key)
        elif isinstance(kind, inspect.DictType):
            kind = kind.value_type
    if isinstance(kind, inspect.UnionType):  # of something and None, which a file can't say
        kind = next(one for one in kind.types if not isinstance(one, inspect.NoneType))
    match kind:
        case inspect.IntType():
            return f"a whole number{_range(kind)}"
        case inspect.FloatType():
            return f"a number{_range(kind)}"
        case inspect.LiteralType():
            return "one of " + ", ".join(f'"{value}"' for value in kind.values)
        case inspect.VarTupleType() if isinstance(kind.item_type, inspect.StructType):
            return f"at most {kind.max_length} steps of [profit %, part %] such as [[2.0, 50.0], [4.0, 30.0]]"
        case inspect.VarTupleType():
            return 'a list of symbols such as ["ETHUSDT"]'
        case inspect.StructType() | inspect.DictType():
            return f"a table: [{'.'.join(path)}] with its keys on the lines below"
        case _:
            return "a text in quotes"


def _range(kind: inspect.IntType | inspect.FloatType) -> str:
    low = f"above {kind.gt:g}" if kind.gt is not None else f"from {kind.ge:g}" if kind.ge is not None else ""
    high = f"to {kind.le:g}" if kind.ge is not None and kind.le is not None else ""
    high = high or (f"and at most {kind.le:g}" if kind.le is not None else "")
    return "".join(f" {part}" for part in (low, high) if part)


def _place(text: str, path: tuple[str, ...], name: str) -> str:
    """Name the file and the line where this key, or a table in it or around it, is written."""
    if line := _line_of(text, ".".join(path), has_below=True):
        return f"{name} line {line}"
    for length in range(len(path) - 1, 0, -1):
        if line := _line_of(text, ".".join(path[:length])):
            return f"{name} line {line}"
    return name


def _line_of(text: str, dotted: str, *, has_below: bool = False) -> int:
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            table = _bare(header["name"])
            if table == dotted or (has_below and table.startswith(f"{dotted}.")):
                return number
        elif (key := _KEY.match(line)) and ".".join(filter(None, (table, _bare(key["name"])))) == dotted:
            return number
    return 0


def _bare(name: str) -> str:
    return re.sub(r"[\"'\s]", "", name)
