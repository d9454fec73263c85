"""Draws the titles of ``tests/data/fresh_headline_labels.csv`` again: by a seed, without a look at any rule."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Mapping
from typing import Final

SEED: Final = 20261122
UNIFORM: Final = 150
BUCKETS: Final = {
    "listing": (r"\blist(s|ed|ing|ings)?\b|\btrading\b|\badds?\b|\bsupports?\b|\bavailable\b|\bexchange", 55),
    "delisting": (
        r"\bdelist|\bremov|\bdrop(s|ped)?\b|\bhalt|\bsuspend|\bpaus|\bstop|\bend(s|ed|ing)?\b|\bdiscontinu|\bpull|\bban",
        55,
    ),
    "product": (
        r"\blaunch|\betf|\betp|\bfutures|\bstaking|\bcard\b|\bfund\b|\bcustody|\bdebut|\broll|\bintroduc|\bopen",
        30,
    ),
    "partnership": (r"\bpartner|\bteam|\bcollab|\bjoin|\bintegrat|\bdeal\b|\bwith\b|\baccept|\bpayment", 30),
    "hack": (r"hack|exploit|attack|stole|steal|drain|scam|phish|breach|\bbug\b|vulnerab|\brug", 30),
    "regulation": (
        r"\bsec\b|\blaw|regulat|court|\bsue|\bfine|charge|\btax|\bban\b|central bank|government|minist|police|senat"
        r"|parliament",
        30,
    ),
    "upgrade": (r"upgrad|\bfork|\bmerge|mainnet|testnet|update|outage|\bdown\b|protocol|network|\bv\d|roadmap", 30),
    "rumour": (
        r"\bmay\b|\bmight|report|rumou?r|consider|sources|\bplan|could|\bhint|\beye|\bmull|alleg|\btalks|\?|specul"
        r"|\bset to\b|seek",
        50,
    ),
    "denial": (
        r"\bden(y|ies|ied|ial)\b|refut|\bnot\b|n[’']t\b|\bno\b|false|reject|clarif|dismiss|\bback|fake|cancel|\bend"
        r"|withdr|scrap|debunk|never|delay|abandon|quit|leav",
        55,
    ),
}
"""Everyday words by which titles of rare classes are met more often, and how many are drawn of each bucket."""
WORDS: Final = (
    r"\blist(s|ed|ing|ings)?\b|\bdelist|\brelist"
    r"|\b(halt|suspend|resum|stop|enabl|discontinu|remov)\w* .{0,30}\b(trad|withdraw|token|coin)"
    r"|\btrading (of|for|in|pairs?|support)\b|\badd(s|ed|ing)? (support|[A-Z]{3,}|\w+ (token|trading))"
    r"|launchpad|launchpool|\bRobinhood\b.*\badd"
)
"""Listings are so rare that all titles with one of their words were taken."""


def drawn(titles: Mapping[str, str], labelled: Collection[str]) -> dict[str, str]:
    """By id the sample that each drawn title came with, from titles by id less those labelled before."""
    pool = sorted(each for each in titles if each not in labelled)
    rng = random.Random(SEED)
    found = dict.fromkeys(rng.sample(pool, UNIFORM), "uniform")
    for name, (words, count) in BUCKETS.items():
        bucket = [each for each in pool if each not in found and re.search(words, titles[each], re.IGNORECASE)]
        found |= dict.fromkeys(rng.sample(bucket, count), name)
    return found | {
        each: "words" for each in pool if each not in found and re.search(WORDS, titles[each], re.IGNORECASE)
    }
