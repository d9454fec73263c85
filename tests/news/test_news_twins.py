"""What a headline passes through quickly says the same as a slow and plain twin of it that looks at everything."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hypothesis import example, given, settings
from hypothesis import strategies as st
from news_samples import instrument

from engine.core.tidings import NewsItem
from engine.news.kernels import WIDEST_GAP
from engine.news.near import NearTitles
from engine.news.patterns import GAP, START
from engine.news.rules import Rule, Rules
from engine.news.seen import WINDOW_NS, Seen
from engine.news.symbols import ACRONYMS, ALIASES, MONEY, NAMES, ORDINARY, QUALIFIERS, SymbolIndex
from engine.news.text import normalise, tidy
from engine.news.words import Word, Words

MANY = settings(max_examples=300, deadline=None)

# ---------------------------------------------------------------------- rules

SPOKEN = ("will", "list", "listing", "lists", "partner", "partners", "with", "no", "iota", "binance")
PATTERN = (
    st.lists(st.sampled_from((*SPOKEN, "list*", "partner*", "lis*", GAP, GAP)), min_size=1, max_size=5)
    .filter(lambda words: GAP not in (words[0], words[-1]))
    .map(" ".join)
)
RULE = st.builds(
    lambda patterns, starts: Rule(
        "hack", -1.0, tuple(START * at + one for one, at in zip(patterns, starts, strict=False))
    ),
    st.lists(PATTERN, min_size=1, max_size=4),
    st.lists(st.booleans(), min_size=4, max_size=4),
)


def spans(pattern: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where a pattern begins and ends in a title: tried at every word, in every way."""
    starts = range(1 if pattern.startswith(START) else len(words))
    for start in starts:
        yield from ((start, end) for end in ends(pattern.removeprefix(START).split(), words, start))


def ends(pattern: Sequence[str], words: Sequence[str], at: int) -> Iterator[int]:
    """Where a pattern that begins at a word may end."""
    if not pattern:
        yield at
    elif pattern[0] == GAP:
        for skipped in range(WIDEST_GAP + 1):
            yield from ends(pattern[1:], words, at + skipped)
    elif at < len(words):
        word, said = words[at], pattern[0]
        if word == said or (said.endswith("*") and word.startswith(said[:-1])):
            yield from ends(pattern[1:], words, at + 1)


def said(words: Sequence[str], first: int, end: int) -> tuple[int, str]:
    """Where in the title some of its words begin, and those words."""
    return len(" ".join(words[:first])) + (first > 0), " ".join(words[first:end])


@MANY
@given(st.lists(RULE, max_size=30), st.lists(st.sampled_from(SPOKEN), max_size=12))
@example([Rule("hack", -1.0, ("will … list*",))], ["will", "no", "no", "no", "no", "listing"])
@example([Rule("hack", -1.0, ("will … list*",))], ["will", "no", "no", "no", "no", "no", "list"])
@example([Rule("hack", -1.0, ("will … … list",))], ["will", "no", "no", "no", "no", "no", "list"])
@example([Rule("hack", -1.0, ("azure",)), Rule("hack", -0.9, ("azur*",))], ["c8ure"])
def test_the_tree_fires_what_a_loop_over_all_rules_fires(table: list[Rule], words: list[str]) -> None:
    """Each rule once, with the words of one of its patterns."""
    rules = Rules(table)
    may = {
        n: {said(words, *span) for one in rule.patterns for span in spans(one, words)} for n, rule in enumerate(table)
    }
    fired = rules.fire(" ".join(words))
    assert sorted(one.rule for one in fired) == sorted(table[n] for n, found in may.items() if found)
    for one in fired:
        assert any((one.at, one.words) in found for n, found in may.items() if table[n] == one.rule)
    assert [one.at for one in fired if not is_at_start(one.rule)] == sorted(
        one.at for one in fired if not is_at_start(one.rule)
    )


def is_at_start(rule: Rule) -> bool:
    """Whether a rule has a pattern that only fires at a title's start, which is looked for last."""
    return any(pattern.startswith(START) for pattern in rule.patterns)


WORD = st.builds(
    lambda kind, points, patterns: Word(kind, points / 4, tuple(patterns)),
    st.sampled_from(("hack", "none")),
    st.integers(-12, 12),
    st.lists(PATTERN, min_size=1, max_size=3),
)


@MANY
@given(st.lists(RULE, max_size=3), st.lists(WORD, max_size=30), st.lists(st.sampled_from(SPOKEN), max_size=12))
@example([], [Word("hack", 1.0, ("no",)), Word("none", 2.0, ("no", "no iota"))], ["no", "iota", "no"])
def test_points_are_those_of_a_loop_over_all_words(table: list[Rule], counted: list[Word], words: list[str]) -> None:
    """What the title begins with, and of each rule and word once, however many of its patterns are found."""
    rules = Rules(
        table,
        Words({"hack": -1.5, "none": 0.25}, {"hack": 0.0, "none": 0.0}, {"hack -1.00": {"hack": 0.75}}, tuple(counted)),
    )
    points = {"hack": -150, "none": 25}
    for patterns, kind, more in [(rule.patterns, "hack", 0.75) for rule in table] + [
        (one.patterns, one.kind, one.points) for one in counted
    ]:
        points[kind] += round(100 * more) * any([*spans(pattern, words)] for pattern in patterns)
    assert rules.hear(" ".join(words))[1] == [*points.values()]


# ---------------------------------------------------------------------- what was heard

TOLD = ("iota", "ethereum", "lists", "denies", "not", "today", "the", "42", "microsoft", "with", "data", "market")
TITLE = st.lists(st.sampled_from(TOLD), max_size=9).map(" ".join)


def says_the_same(first: str, second: str) -> bool:
    """Whether two titles mean one headline, by themselves: with nothing else to be found."""
    near = NearTitles(1)
    near.add(first)
    return first == second or near.find(second) == first


@MANY
@given(st.lists(TITLE, max_size=16), TITLE, st.integers(3, 16))
def test_near_titles_are_those_of_a_comparison_with_each(kept: list[str], asked: str, capacity: int) -> None:
    """The title itself before all others; none where no title that is still kept says the same."""
    near, titles = NearTitles(capacity), list[str]()
    for title in kept:
        near.add(title)
        titles = [*(one for one in titles if one != title), title][-capacity:]
    same = [one for one in titles if says_the_same(one, asked)]
    found = near.find(asked)
    if asked in titles:
        assert found == asked
    else:
        assert found in (same or (None,))


PLAIN = ("IOTA launches a market", "Kraken lists Solana", "IOTA denies launches", "Kraken lists Cardano")
BEFORE, BEHIND = st.sampled_from(("", "BREAKING: ", "just in, ")), st.sampled_from(("", "!", " today"))
WRITTEN = st.builds("{}{}{}".format, BEFORE, st.sampled_from(PLAIN), BEHIND)
ITEM = st.builds(
    NewsItem,
    st.sampled_from(("wire", "blog", "story")),
    st.integers(0, 6).map(str),
    st.one_of(WRITTEN, st.sampled_from(("", "!!!"))),
    st.just(""),
    st.integers(0, 4).map(lambda halves: halves * WINDOW_NS // 2 + halves),
    st.just(0),
)


class SlowSeen:
    """What was heard, as a list from which nothing is looked up by a hash."""

    def __init__(self) -> None:
        self.heard: list[tuple[NewsItem, float]] = []
        self.told: list[tuple[NewsItem, float]] = []
        """Those that were new."""

    def hear(self, item: NewsItem, trust: float) -> str:
        """Say what is new about an item, and remember it."""
        novelty = self._novelty(item, trust)
        self.heard.append((item, trust))
        if novelty == "new" and normalise(item.title):
            self.told.append((item, trust))
        return novelty

    def _novelty(self, item: NewsItem, trust: float) -> str:
        for before, _ in reversed(self.heard):
            if (before.source, before.news_id) == (item.source, item.news_id):
                return "repeat" if normalise(before.title) == normalise(item.title) else "edit"
        for before, trusted in reversed(self.told):
            if not says_the_same(normalise(before.title), normalise(item.title)):
                continue
            if trust > trusted or abs(item.ts_published_ns - before.ts_published_ns) > WINDOW_NS:
                return "new"
            return "repeat" if before.source == item.source else "echo"
        return "new"


@MANY
@given(st.lists(st.tuples(ITEM, st.sampled_from((0.45, 0.7, 1.0))), max_size=20))
def test_what_was_heard_is_what_a_list_of_everything_says(items: list[tuple[NewsItem, float]]) -> None:
    """New, an edit, an echo or a repeat: by source and id, and by titles in other words that say the same."""
    seen, slow = Seen(), SlowSeen()
    assert [seen.hear(*one) for one in items] == [slow.hear(*one) for one in items]


# ---------------------------------------------------------------------- symbols

WORDS = """
ETH IOTA Bitcoin Cash Ethereum Classic Shiba Inu The Sandbox ONE GAS AI ATM USDT IOTAUSDT $ONE $GAS $ based 322 10K
SOL Solana MIOTA MATIC CASH LINKED NEAR Protocol POLYX of the is РЕ IОTA ＥＴＨ IO\u200bTA rises
"""
WORD = st.sampled_from(WORDS.split())
GAPS = (" ", " ", " ", "-", "/", " (", ") ", "(", ")", " [", "] ", ", ", "  ", "\u00a0", " – ", "", ": ")
BETWEEN = st.sampled_from(GAPS)
WRITTEN_TITLE = st.builds(
    lambda words, gaps: "".join(piece for pair in zip(gaps, words, strict=False) for piece in pair) + gaps[-1],
    st.lists(WORD, max_size=9),
    st.lists(BETWEEN, min_size=10, max_size=10),
)
AMOUNT = re.compile(r"[0-9]+[KkMmBb]?")
PUNCTUATION = r"\s!-#%-/:-@\[-`{-~\u00a1\u00ab\u00bb\u00bf\u2010-\u2027\u2030-\u205e"


class SlowIndex:
    """Which symbols a title names, by looking at every word and at what stands around it."""

    def __init__(self, bases: Sequence[str]) -> None:
        self.tickers = {base: base for base in bases}
        for one, other in [*ALIASES.items(), *((ticker, alias) for alias, ticker in ALIASES.items())]:
            if other in self.tickers:
                self.tickers.setdefault(one, self.tickers[other])
        self.names = {
            tuple(words.split()): self.tickers[ticker]
            for name, ticker in NAMES.items()
            if ticker in self.tickers
            for words in (name, name.upper())
        }

    def find(self, title: str) -> list[str]:
        """Return the base assets, each once, in the order of the title."""
        pieces = re.split(f"([^{PUNCTUATION}]+)", tidy(title))
        words, gaps = pieces[1::2], pieces[0::2]
        return list(dict.fromkeys(list(self.marked(words, gaps)) or list(self.bare(words, gaps))))

    def marked(self, words: Sequence[str], gaps: Sequence[str]) -> Iterator[str]:
        """Those that can mean nothing else."""
        for at, word in enumerate(words):
            ticker = word.removesuffix("USDT") if word.endswith("USDT") else ""
            if ticker and self.tickers.get(ticker) == ticker:
                yield ticker
                continue
            is_bracketed = gaps[at][-1:] in ("(", "[") and gaps[at + 1][:1] in (")", "]")
            is_pair = gaps[at + 1] == "/" and at + 1 < len(words) and words[at + 1] in {*MONEY, *self.tickers}
            if word.startswith("$"):
                yield from self.ticker(word[1:])
            elif (is_bracketed and word not in ACRONYMS) or is_pair:
                yield from self.ticker(word)

    def bare(self, words: Sequence[str], gaps: Sequence[str]) -> Iterator[str]:
        """Those in capitals, and the names of projects, where they are the subject."""
        capitals = [word for word in words if word.isupper()]
        is_shouted, at = len(words) > 2 and len(capitals) > 0.7 * len(words), 0
        while at < len(words):
            length, found = max(
                (
                    (len(name), [base])
                    for name, base in self.names.items()
                    if tuple(words[at : at + len(name)]) == name
                    and all(gap in (" ", "-") for gap in gaps[at + 1 : at + len(name)])
                ),
                default=(1, []),
            )
            word = words[at]
            if not found and not is_shouted and len(word) >= 3 and word not in ORDINARY and word not in ACRONYMS:
                found = list(self.ticker(word))
            if self.is_about(words, gaps, at, at + length):
                yield from found
            at += length

    def ticker(self, word: str) -> Iterator[str]:
        """The asset of a ticker."""
        if word not in MONEY and word in self.tickers:
            yield self.tickers[word]

    def is_about(self, words: Sequence[str], gaps: Sequence[str], first: int, end: int) -> bool:
        """Neither an adjective nor an amount."""
        is_adjective = gaps[end] == "-" and end < len(words) and words[end].lower() in QUALIFIERS
        is_amount = first > 0 and gaps[first] == " " and AMOUNT.fullmatch(words[first - 1]) is not None
        return not is_adjective and not is_amount


BASE_ASSETS = "ETH IOTA BTC BCH ETC SHIB SAND ONE GAS AI ATM SOL POL NEAR POLYX USDC CASH"
BASES = BASE_ASSETS.split()
QUICK, SLOW = SymbolIndex([instrument(base) for base in BASES], "USDT"), SlowIndex(BASES)


@settings(MANY, max_examples=1_000)
@given(WRITTEN_TITLE)
@example("BITCOIN CASH of the rises, is (the) ETH")
def test_symbols_are_those_that_a_look_at_every_word_finds(title: str) -> None:
    """Brackets, pairs, dollars, names and capitals, between all kinds of punctuation, with look-alikes among them."""
    assert list(QUICK.find(title)) == [f"{base}USDT" for base in SLOW.find(title)]


@settings(MANY, max_examples=200)
@given(st.text(max_size=40))
def test_any_text_has_the_symbols_that_a_look_at_every_word_finds(title: str) -> None:
    """Whatever characters it has."""
    assert list(QUICK.find(title)) == [f"{base}USDT" for base in SLOW.find(title)]
