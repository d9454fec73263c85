"""The rule table: which words tell of which kind of event, how much they count, and whom we believe.

A pattern is lower-case words as ``text.normalise`` leaves them. ``partner*`` also matches ``partners`` and
``partnership``; ``…`` stands for up to four words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple


class Rule(NamedTuple):
    """One kind of event and the words that tell of it."""

    label: str
    weight: float
    """Between -1 and 1: bad or good for the symbols, times how sure these words are."""
    words: re.Pattern[str]
    """Any of its patterns, over a normalised title with a space behind it."""


def rule(label: str, weight: float, *patterns: str) -> Rule:
    """Make a rule from the table's patterns."""
    return Rule(label, weight, re.compile(rf"(?<!\w)(?:{'|'.join(map(_expression, patterns))})"))


def _expression(pattern: str) -> str:
    return "".join(r"(?:\w+ ){0,4}?" if word == "…" else _word_expression(word) for word in pattern.split())


def _word_expression(word: str) -> str:
    return re.escape(word.rstrip("*")) + (r"\w* " if word.endswith("*") else " ")


class Rules(NamedTuple):
    """Everything that ``classify`` judges by."""

    events: tuple[Rule, ...]
    """What may have happened. Of those that fire, the best and the worst count; three alike are not surer than one,
    since they read the same words."""
    denial: Rule
    """Takes the event back: good news denied is bad news of this weight, bad news denied is no news."""
    negation: Rule
    """A plain "not": takes good news back as a denial does, with a smaller weight, and leaves bad news as it is."""
    rumour: Rule
    """Nobody knows: the score gets no further from 0 than this weight. A title that ends in a question mark is one."""
    trust: Mapping[str, float]
    """What a source's scores are multiplied with, 0 to 1."""
    unknown_trust: float
    """The same for every other source."""

    def trust_in(self, source: str) -> float:
        """Return the factor for a source."""
        return self.trust.get(source, self.unknown_trust)


# The weights were set by hand against the bands of trader.toml: 0.9 is sure enough to act, from 0.5 a person is asked,
# below that it is only counted. A partnership stays at 0.7 because of December 2017, when one was denied.
RULES: Final = Rules(
    events=(
        rule("listing", +0.90, "binance will list", "coinbase will list", "coinbase to list", "kraken will list"),
        rule("listing", +0.60, "will list", "to be listed on", "gets listed on", "new listing", "launchpool"),
        rule("listing", +0.35, "listing", "binance futures will launch", "binance adds", "new trading pair*"),
        rule("delisting", -0.90, "will delist", "to delist", "delists", "will be delisted"),
        rule("delisting", -0.60, "delist*", "removal of … pair*", "suspends trading", "halts trading", "cease trading"),
        rule("partnership", +0.70, "partner* with", "marketplace with", "team* up with", "joins forces with"),
        rule("partnership", +0.70, "with … microsoft", "with … google", "with … amazon", "with … samsung"),
        rule(
            "partnership", +0.60, "collaborat* with", "integrates with", "sign* … deal with", "sign* … agreement with"
        ),
        rule("partnership", +0.55, "partnership*", "strategic investment", "adopted by", "selected by"),
        rule("hack", -0.85, "hack", "hacks", "hacked", "hacker*", "exploited", "stolen", "drained", "theft"),
        rule("hack", -0.60, "exploit", "attack*", "breach*", "vulnerability", "phishing", "rug pull"),
        rule("regulation", -0.65, "sues", "sued", "lawsuit", "charges", "charged", "bans", "ban on", "crack* down"),
        rule("regulation", -0.55, "investigat*", "subpoena*", "fined", "illegal", "unregistered securit*"),
        rule("regulation", +0.65, "approves … etf", "etf … approved", "wins … approval", "legal tender"),
        rule("upgrade", +0.40, "mainnet", "upgrade*", "hard fork", "goes live"),
        rule("upgrade", -0.60, "outage", "goes down", "went down", "network halt*", "stops producing blocks"),
    ),
    denial=rule(
        "denial",
        -0.70,
        *("no … partner*", "not … partner*", "never … partner*", "ends … partnership", "terminates … partnership"),
        *("denies", "denied", "denying", "deny", "refutes", "rejects claims", "debunk*", "retract*", "false", "fake"),
    ),
    negation=rule(
        "denial",
        -0.30,
        *("no", "not", "never", "without", "isn t", "aren t", "wasn t", "won t", "didn t", "doesn t", "hasn t"),
        *("cancel*", "postpone*", "delay*", "fails to", "failed to", "refuses to", "walks away"),
    ),
    rumour=rule(
        "rumour",
        0.40,
        *("rumor*", "rumour*", "reportedly", "allegedly", "alleged", "unconfirmed", "speculat*", "in talks"),
        *("may", "might", "could", "possible", "potential", "considering", "considers", "plans to", "hints", "teases"),
    ),
    trust={
        "story": 1.0,
        "binance-announcements": 1.0,  # an exchange about itself
    },
    unknown_trust=0.45,  # the surest words of a stranger score 0.41: counted, never asked about
)
