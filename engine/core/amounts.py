"""What people say how much: amounts and distances in words, counted in lots and percent."""

from __future__ import annotations

import msgspec

from engine.core.config import refuse_late_step
from engine.core.facts import Facts
from engine.core.instrument import parse_e8
from engine.core.plan import ExitPlan
from engine.core.risk import Gate, least_lots
from engine.wire.answers import Choices
from engine.wire.commands import Amount, BuyExits
from engine.wire.replies import Reply


class Unclear(ValueError):
    """A command that can't be carried out as it stands: a code and a sentence for the person.

    ``choices``: the word that fits several, and what it could mean.
    """

    def __init__(self, code: str, text: str, choices: tuple[str, tuple[str, ...]] | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.choices = choices


def refused(command_id: str, unclear: Unclear) -> Reply:
    """Answer a command that can't be carried out."""
    choices = Choices(*unclear.choices) if unclear.choices is not None else None
    return Reply(command_id, False, unclear.code, str(unclear), choices)


def buy_lots(amount: Amount, facts: Facts, gate: Gate, limit_ticks: int = 0) -> int:
    """Count an amount in lots, at a limit or else at the ask; without a price it is 0, and the gate says why."""
    if amount.unit == "all":
        return _all_lots(facts, gate)
    value_e8 = _amount_e8(amount)
    if amount.unit == "base":
        return _some(value_e8 // facts.instrument.lot_e8, f"{amount.value} is less than one lot")
    if facts.ask_ticks <= 0:
        return 0
    quote_e8 = facts.cash_e8 * value_e8 // (100 * 10**8) if amount.unit == "percent" else value_e8
    lots = facts.instrument.lots_for_quote(quote_e8, limit_ticks or facts.ask_ticks)
    return _some(lots, f"{amount.value}{'%' * (amount.unit == 'percent')} buys less than one lot")


def _all_lots(facts: Facts, gate: Gate) -> int:
    """Return the most that the limits allow, or the venue's least, so that the limit in the way says so."""
    if facts.ask_ticks <= 0:
        return 0
    largest = gate.largest_lots(facts)
    return max(largest, least_lots(facts.ask_ticks, facts.market))


def sell_lots(amount: Amount, facts: Facts, limit_ticks: int = 0) -> int:
    """Count an amount in lots, at a limit or else at the bid.

    0 for all, and where nothing is held or no price is known: the gate says so.
    """
    if amount.unit == "all":
        return 0
    value_e8 = _amount_e8(amount)
    if not facts.position_lots:
        return 0
    if amount.unit == "base":
        lots = value_e8 // facts.instrument.lot_e8
    elif amount.unit == "percent":
        lots = facts.position_lots * value_e8 // (100 * 10**8)
    elif limit_ticks or facts.bid_ticks:
        lots = facts.instrument.lots_for_quote(value_e8, limit_ticks or facts.bid_ticks)
    else:
        return 0
    return _some(lots, f"{amount.value} is less than one lot of what is held")


def distance(name: str, given: float | None, default: float, largest: float) -> float:
    """Return an exit's distance in percent of the entry; raises Unclear for what none can be, NaN included."""
    if given is None:
        return default
    if not 0.0 < given <= largest:
        raise Unclear("BAD_AMOUNT", f"A {name} of {given:g} % makes no sense: say one above 0 and up to {largest:g} %.")
    return given


def exit_plan(given: BuyExits | None, default: ExitPlan, target_pct: float) -> ExitPlan:
    """Lay what a person named over the setting; raises Unclear for what can't be meant."""
    try:
        plan = default if given is None else msgspec.convert(_laid_over(default, given), ExitPlan)
        refuse_late_step(plan, target_pct)
    except ValueError as error:
        raise Unclear("BAD_EXITS", f"These exits can't be meant: {error}.") from None
    return plan


def _laid_over(default: ExitPlan, given: BuyExits) -> dict[str, object]:
    laid: dict[str, object] = msgspec.to_builtins(default)
    named: dict[str, object] = msgspec.to_builtins(given)
    return laid | named


def _amount_e8(amount: Amount) -> int:
    try:
        value_e8 = parse_e8(amount.value)
    except ValueError as error:
        raise Unclear("BAD_AMOUNT", f"{error}: say 250, 0.1eth, 10% or all.") from None
    if value_e8 <= 0:
        raise Unclear("BAD_AMOUNT", f"{amount.value} is not more than zero.")
    if amount.unit == "percent" and value_e8 > 100 * 10**8:
        raise Unclear("BAD_AMOUNT", f"{amount.value} % is more than there is.")
    return value_e8


def _some(lots: int, words: str) -> int:
    if lots <= 0:
        raise Unclear("BAD_AMOUNT", f"{words}: say a larger amount.")
    return lots
