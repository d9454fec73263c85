"""Reads a request's parameters, with Binance's own refusals for what is missing or malformed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec

from engine.venues.paper.errors import Refused, mandatory
from engine.venues.paper.units import to_e8

_DECIMAL: Final = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?", re.ASCII)
_INTEGER: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
_CLIENT_ID: Final = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}", re.ASCII)
_LARGEST: Final = 2**63

_Kind = TypeVar("_Kind", bound=Enum)


class Params(dict[str, str]):
    """Parameters by name, as text."""

    def text(self, name: str) -> str:
        """Return a parameter that must be there; raises Refused (-1102)."""
        value = self.get(name, "")
        if not value:
            raise mandatory(name)
        return value

    def symbol(self) -> str:
        """Return the symbol; raises Refused (-1102)."""
        return self.text("symbol")

    def decimal(self, name: str) -> int:
        """Return a decimal in 1e-8, 0 where it is absent; raises Refused (-1100, -1111)."""
        value = self.get(name, "")
        if not value:
            return 0
        if not _DECIMAL.fullmatch(value):
            raise _illegal(name, "^([0-9]{1,20})(\\.[0-9]{1,20})?$")
        try:
            parsed = to_e8(value)
        except ValueError:
            raise Refused(-1111, f"Parameter '{name}' has too much precision.") from None
        if parsed >= _LARGEST:
            raise _illegal(name, "^([0-9]{1,20})(\\.[0-9]{1,20})?$")
        return parsed

    def positive(self, name: str) -> int:
        """Return a decimal in 1e-8 that must be there and more than nothing; raises Refused (-1102, -1013)."""
        self.text(name)
        value = self.decimal(name)
        if value <= 0:
            raise Refused(-1013, f"Invalid {name}.")
        return value

    def integer(self, name: str, default: int | None = None) -> int | None:
        """Return a whole number; raises Refused (-1100)."""
        value = self.get(name, "")
        if not value:
            return default
        if not _INTEGER.fullmatch(value):
            raise _illegal(name, "^[0-9]{1,20}$")
        return int(value)

    def limit(self, default: int, largest: int) -> int:
        """Return how many rows are wanted, at most ``largest``."""
        return max(1, min(self.integer("limit", default) or default, largest))

    def client_id(self, name: str) -> str:
        """Return a client's own id, empty where it is absent; raises Refused (-1100)."""
        value = self.get(name, "")
        if value and not _CLIENT_ID.fullmatch(value):
            raise _illegal(name, "^[\\.A-Z\\:/a-z0-9_-]{1,36}$")
        return value

    def one_of(self, name: str, kind: type[_Kind], refusal: Refused, default: _Kind | None = None) -> _Kind:
        """Return one of an enumeration's values by its name; raises Refused (-1102 or the one given)."""
        if default is not None and not self.get(name):
            return default
        try:
            return kind[self.text(name)]
        except KeyError:
            raise refusal from None

    def flag(self, name: str, default: bool) -> bool:
        """Return a yes or no."""
        value = self.get(name, "").lower()
        return default if not value else value == "true"


def from_rest(query: str, body: str) -> Params:
    """Read a REST request's parameters; where both hold one, the query's counts. Source: "General Info"."""
    return Params([*parse_qsl(body, keep_blank_values=True), *parse_qsl(query, keep_blank_values=True)])


def from_ws(params: Mapping[str, Any]) -> Params:
    """Read a WebSocket API request's parameters, as text that signs as it was sent."""
    return Params((name, _as_text(value)) for name, value in params.items())


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return msgspec.json.encode(value).decode()


def _illegal(name: str, legal: str) -> Refused:
    return Refused(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")
