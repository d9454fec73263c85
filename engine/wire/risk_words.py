"""The words after `risk`, read once for Slack, the desk and the command line alike."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from engine.wire.commands import AnyCommand, GetRisk, ResetBreakers, SetLimit, Who
from engine.wire.words import BadWords, read_symbol

RISK_USAGE: Final = (
    "risk, risk set NAME VALUE [--symbol SYMBOL|--strategy NAME] [loosen] because REASON, "
    "risk unset NAME [--symbol SYMBOL|--strategy NAME] because REASON, or risk reset REASON   "
    "for example: risk set max_order_pct 0.5 --symbol eth because of the weekend"
)

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{0,9})?%?", re.ASCII)


class RiskWords(NamedTuple):
    """What `risk` was told."""

    verb: Literal["show", "set", "unset", "reset"]
    name: str = ""
    value: float | None = None
    symbol: str = ""
    strategy: str = ""
    loosen: bool = False
    reason: str = ""


def read_risk(text: str) -> RiskWords:
    """Read nothing, ``set NAME VALUE … because REASON``, ``unset NAME … because REASON`` or ``reset REASON``."""
    words = text.split()
    verb = words[0].lower().removeprefix("--") if words else "show"
    if verb == "reset":
        return RiskWords("reset", reason=" ".join(words[1:]))
    if verb == "show" and len(words) <= 1:
        return RiskWords("show")
    if verb not in ("set", "unset"):
        raise BadWords(f"{words[0]!r} is not understood: {RISK_USAGE}")
    return _read_change("set" if verb == "set" else "unset", words[1:])


def risk_command(words: RiskWords, command_id: str, who: Who) -> AnyCommand:
    """Make the command that the words mean."""
    if words.verb == "show":
        return GetRisk(id=command_id, who=who)
    if words.verb == "reset":
        return ResetBreakers(id=command_id, who=who, reason=words.reason)
    return SetLimit(
        id=command_id,
        who=who,
        name=words.name,
        value=words.value,
        symbol=words.symbol,
        strategy=words.strategy,
        reason=words.reason,
        loosen=words.loosen,
    )


def _read_change(verb: Literal["set", "unset"], words: list[str]) -> RiskWords:
    lowered = [word.lower() for word in words]
    at = lowered.index("because") if "because" in lowered else len(words)
    said, reason = words[:at], " ".join(words[at + 1 :])
    plain, options = _options(said)
    is_loose = any(word.lower() == "loosen" for word in plain)
    plain = [word for word in plain if word.lower() != "loosen"]
    if len(plain) != (2 if verb == "set" else 1) or (is_loose and verb == "unset"):
        raise BadWords(f"Say which limit{' and what to' * (verb == 'set')}: {RISK_USAGE}")
    value = _value(plain[1]) if verb == "set" else None
    if not reason:
        raise BadWords(f"Say why, after the word because: {RISK_USAGE}")
    return RiskWords(verb, plain[0].lower(), value, *options, is_loose, reason)


def _options(words: list[str]) -> tuple[list[str], tuple[str, str]]:
    """Take ``--symbol SYMBOL`` and ``--strategy NAME`` out, also without the dashes."""
    plain, found, rest = [], {"symbol": "", "strategy": ""}, iter(words)
    for word in rest:
        option = word.lower().removeprefix("--")
        if option not in found:
            plain.append(word.removeprefix("--") if option == "loosen" else word)
            continue
        value = next(rest, "")
        if not value or found[option]:
            raise BadWords(f"Say one {option} after {word}: {RISK_USAGE}")
        found[option] = read_symbol(value) if option == "symbol" else value.lower()
    return plain, (found["symbol"], found["strategy"])


def _value(word: str) -> float:
    if not _NUMBER.fullmatch(word):
        raise BadWords(f"{word!r} is no number: {RISK_USAGE}")
    return float(word.removesuffix("%"))
