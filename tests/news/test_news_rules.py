"""The rule table as a file: read, refused by line, and the same of a title with 500 rules as with 30."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.news.classify import Judgement, judge
from engine.news.kernels import WIDEST_GAP
from engine.news.patterns import GAP, START
from engine.news.rules import Rule, Rules
from engine.news.rules_file import BUILT_IN, RulesError, built_in_rules, parse_rules, read_rules
from engine.news.words import Word, Words

ONE = '[[rule]]\nlabel = "listing"\nweight = 0.5\nwords = ["will list"]\n'


def test_the_built_in_table_is_the_file_beside_the_code() -> None:
    """And comes with the installed package."""
    assert built_in_rules().table == read_rules(BUILT_IN).table
    assert 20 <= len(built_in_rules().table) <= 500


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "write 1 to 5000 rules"),
        ("rule = 3", "write 1 to 5000 rules"),
        ("[[rules]]\n", "there is no rules here"),
        ("[[rule]]\nlabel = ", "line 2 is not valid TOML"),
        (ONE.replace('"listing"', '"moon"'), "line 2: label = .moon.: write one of listing"),
        (ONE.replace("0.5", "1.5"), "line 3: weight = 1.5: write a number from -1 to 1"),
        (ONE.replace("0.5", "true"), "line 3: weight = True"),
        (ONE.replace('["will list"]', "[]"), "line 4: words: write a list"),
        (ONE.replace("will list", "Will List"), 'line 4: "Will List": titles are compared without "Will"; write will'),
        (ONE.replace("will list", "… list"), 'line 4: "… list": begin and end with a word'),
        (ONE.replace("will list", "li*"), "line 4: .*3 letters or more before a star"),
        (ONE.replace("will list", "u.s. etf"), 'without "u.s."; write u s'),
        (ONE + ONE.replace("weight", "wieght"), "line 7: there is no wieght"),
    ],
)
def test_a_table_that_can_not_be_meant_is_refused_by_line(text: str, words: str) -> None:
    """One sentence that names the line and what to write."""
    with pytest.raises(RulesError, match=words):
        parse_rules(text)


def test_either_word_of_a_pattern_is_spelled_out() -> None:
    """Each word with a bar stands for all of its words, and each of them is checked."""
    [rule] = parse_rules(ONE.replace("will list", "^will|to … list*|add")).table
    assert rule.patterns == ("^will … list*", "^will … add", "^to … list*", "^to … add")
    with pytest.raises(RulesError, match='titles are compared without "List"; write list'):
        parse_rules(ONE.replace("will list", "will add|List"))
    with pytest.raises(RulesError, match='titles are compared without ""; write a word'):
        parse_rules(ONE.replace("will list", "will add|"))


def test_a_family_stands_for_each_of_its_words() -> None:
    """Also in a pattern with other words, and where one of it is two words; what no pattern can have is refused."""
    families = '[families]\ncoin = ["xrp", "bit*", "digital asset"]\n'
    [rule] = parse_rules(families + ONE.replace("will list", "lists|adds {coin}")).table
    assert rule.patterns == tuple(
        f"{verb} {coin}" for verb in ("lists", "adds") for coin in ("xrp", "bit*", "digital asset")
    )
    with pytest.raises(RulesError, match=r"line 6: .*there is no coins in \[families\]"):
        parse_rules(families + ONE.replace("will list", "lists {coins}"))
    with pytest.raises(RulesError, match=r'line 2: "xrp\|ada": a family has plain words only'):
        parse_rules(families.replace("xrp", "xrp|ada") + ONE)
    with pytest.raises(RulesError, match="line 2: coin: write a list of texts"):
        parse_rules("[families]\ncoin = []\n" + ONE)
    with pytest.raises(RulesError, match="families: write each as a line of"):
        parse_rules("families = 3\n" + ONE)


def words(**points: float) -> Words:
    """Each word counts for a theft."""
    start, told = {"none": 0.0, "hack": -1.0, "rumour": -9.0}, {"none": 0.5, "hack": 1.0, "rumour": 1.0}
    return Words(
        start, told, {"hack -0.80": {"hack": 0.25}}, tuple(Word("hack", many, (each,)) for each, many in points.items())
    )


def test_what_no_rule_knows_is_called_by_all_its_words() -> None:
    """They add up, each once; the score stays what the rules say, and the reasons name the most telling word."""
    rules = Rules([], words(tokens=0.5, gone=1.25))
    assert judge("Tokens tokens tokens", rules) == Judgement("none", 0.0, ())
    assert judge("All tokens gone", rules) == Judgement("hack", 0.0, ('hack by all of its words ("gone"), not none',))


def test_what_all_words_speak_against_is_no_score_to_ask_about() -> None:
    """A rule's word in other company; what a rule is sure of stays."""
    hack = Rule("hack", -0.8, ("hacked",))
    reasons = ('hack -0.80 ("hacked")', 'none by all of its words ("game"), not hack')
    quiet = words()._replace(table=(Word("none", 3.0, ("game",)),))
    assert judge("Game hacked", Rules([hack], quiet)) == Judgement("none", -0.4, reasons)
    assert judge("Game hacked", Rules([hack._replace(weight=-0.9)], quiet)).label == "hack"
    assert judge("Game hacked", Rules([hack])).score == -0.8


def test_good_news_in_doubt_is_made_an_event_by_no_words() -> None:
    """A question stays one."""
    rules = Rules([Rule("partnership", 0.7, ("partners",))], words(partners=9.0))
    assert judge("XY partners?", rules).label == "rumour"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """In words."""
    with pytest.raises(RulesError, match="can't be read"):
        read_rules(tmp_path / "none.toml")


WORDS = ("with", "will", "list", "listing", "partner", "partners", "no", "iota")
PATTERNS = (
    st.lists(st.sampled_from((*WORDS, "list*", "partner*", GAP)), min_size=1, max_size=4)
    .map(" ".join)
    .filter(lambda pattern: GAP not in (pattern.split()[0], pattern.split()[-1]))
)


def slow_twin(pattern: str, title: str) -> bool:
    """The same by a regular expression over the whole title."""
    expression = ""
    for word in pattern.removeprefix(START).split():
        if word == GAP:
            expression += r"(?:\w+ ){0," + f"{WIDEST_GAP}}}"
        else:
            expression += re.escape(word.rstrip("*")) + (r"\w* " if word.endswith("*") else " ")
    begin = "^" if pattern.startswith(START) else r"(?:^|(?<= ))"
    return re.search(begin + expression, title + " ") is not None


@settings(max_examples=500)
@given(
    PATTERNS.filter(lambda p: GAP not in (p.split()[0], p.split()[-1])), st.booleans(), st.lists(st.sampled_from(WORDS))
)
def test_the_tree_finds_what_a_regular_expression_finds(pattern: str, is_at_start: bool, words: list[str]) -> None:
    """Stars, gaps and beginnings, over random titles."""
    pattern, title = (START if is_at_start else "") + pattern, " ".join(words)
    assert bool(Rules([Rule("hack", -1.0, (pattern,))]).fire(title)) is slow_twin(pattern, title)


def test_five_hundred_rules_say_what_a_few_say() -> None:
    """Of a title that has none of their patterns; what they cost is in the benchmark of stages."""
    title = "IOTA launches data marketplace with Microsoft, Fujitsu and other participants"
    few = built_in_rules()
    more = [Rule("listing", 0.3, (f"with … firm{n}", f"word{n} thing", f"stem{n}*")) for n in range(500)]
    assert judge(title, Rules([*few.table, *more], few.words)) == judge(title, few)
