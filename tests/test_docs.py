"""What the pages say is there is there: files, methods, commands, settings, decisions, links."""

from __future__ import annotations

import ast
import os
import re
import shlex
from collections.abc import Iterator
from functools import cache

import pytest
from needs import ROOT

from bot.access import NEEDS, Role
from bot.listeners import COMMANDS
from engine.cli.arguments import ALL, build_parser, words_last
from engine.wire.helps import HELPS

PAGES = (
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")),
    *("README.md", "CHANGELOG.md", "benchmarks/RESULTS.md"),
)
OF_ANOTHER_DAY = ("docs/decisions/0", "docs/strategies.md")
"""A decision speaks of its own day; the page on strategies makes files, and has a test that follows it."""
ROOMS = ("bot", "engine", "tests", "benchmarks")
PLACE = re.compile(r"`([\w/.]+\.py)(?:: ([\w.]+))?`")
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
METHOD = re.compile(r"`([A-Z]\w+)\.(\w+)`")


def page(name: str) -> str:
    """Return a page's text, with code that is cut by a line's end put together."""
    return re.sub(r"(?<=[:\w])\n +(?=[\w.]+`)", " ", (ROOT / name).read_text(encoding="utf-8"))


@cache
def files() -> tuple[str, ...]:
    """Return every module of the house."""
    return tuple(path.relative_to(ROOT).as_posix() for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def places(text: str) -> tuple[str, ...]:
    """Return the modules that a page means by ``core/risk.py`` or ``risk.py``."""
    return tuple(path for path in files() if path == text or path.endswith(f"/{text}"))


@cache
def defined(path: str) -> frozenset[str]:
    """Return what a module defines: functions, classes, and ``Class.method``."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{part}" for part in members(node)}
        if isinstance(node, (*FUNCTION, ast.ClassDef)):
            names.add(node.name)
    return frozenset(names)


def members(node: ast.ClassDef) -> Iterator[str]:
    """Yield a class's methods, its fields, and what its methods set on ``self``."""
    for part in ast.walk(node):
        if isinstance(part, FUNCTION):
            yield part.name
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            yield part.target.id
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
            yield part.attr


@pytest.mark.parametrize("name", [name for name in PAGES if not name.startswith(OF_ANOTHER_DAY)])
def test_every_module_and_method_that_a_page_names_is_there(name: str) -> None:
    """``core/risk.py: Gate.check`` is a file with such a class and method."""
    text = page(name)
    gone = [path for path, _ in PLACE.findall(text) if not places(path)]
    gone += [
        f"{path}: {what}"
        for path, what in PLACE.findall(text)
        if what and not any(what in defined(each) for each in places(path))
    ]
    classes = {each.partition(".")[0] for path in files() for each in defined(path) if "." in each}
    methods = {each for path in files() for each in defined(path)}
    gone += [
        f"{owner}.{method}"
        for owner, method in METHOD.findall(text)
        if owner in classes and f"{owner}.{method}" not in methods
    ]
    assert gone == []


def tree() -> Iterator[str]:
    """Yield every path in the tree of the architecture's page."""
    block = page("docs/architecture.md").partition("## The tree")[2].split("```")[1]
    above: list[str] = []
    for line in block.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        for word in line.split():
            if not re.fullmatch(r"[\w/]+(/|\.py|\.json)", word):
                break
            yield "/".join([*above[:depth], word])
            if word.endswith("/"):
                above[depth:] = [word.rstrip("/")]


def test_the_tree_shows_what_is_there() -> None:
    """Each folder and module in it exists."""
    shown = list(tree())
    assert len(shown) > 100
    assert [path for path in shown if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", PAGES)
def test_no_link_leads_nowhere(name: str) -> None:
    """A link to a file of the house finds it."""
    links = re.findall(r"\]\(([^)#\s]+)", (ROOT / name).read_text(encoding="utf-8"))
    here = [link for link in links if not link.startswith(("http://", "https://", "mailto:"))]
    assert [link for link in here if not ((ROOT / name).parent / link).exists()] == []


def test_every_decision_is_listed_once() -> None:
    """Each page has a number of its own, and its row with its title."""
    folder = ROOT / "docs" / "decisions"
    rows = dict(re.findall(r"^\| \[(\d{4})\]\(\1-[\w-]+\.md\) \| (.+) \|$", page("docs/decisions/README.md"), re.M))
    pages = sorted(path for path in folder.glob("0*.md"))
    assert [path.name[:4] for path in pages] == sorted(rows)
    for path in pages:
        title = path.read_text(encoding="utf-8").splitlines()[0]
        assert re.sub(r"[`*]", "", title) == f"# {path.name[:4]} {re.sub(r'[`*]', '', rows[path.name[:4]])}"


def test_the_readme_lists_every_command_with_its_help_and_who_may() -> None:
    """The table is that of the help; ``TRADER_WRITE_GOLDEN=1`` writes it anew."""
    readme = ROOT / "README.md"
    lines = readme.read_text(encoding="utf-8").splitlines()
    at = [at for at, line in enumerate(lines) if line.startswith("| `/") and not line.startswith("| `/help")]
    wanted = [row(name) for name in HELPS]
    if os.environ.get("TRADER_WRITE_GOLDEN"):
        lines[at[0] : at[-1] + 1] = wanted
        readme.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert lines[at[0] : at[0] + len(wanted)] == wanted
    assert {f"/{name}" for name in HELPS} == set(COMMANDS) - {"/help"}
    assert set(HELPS) <= set(ALL), "each is a command of the terminal as well"


def row(name: str) -> str:
    """Word a command's row as the readme has it."""
    words = f"/{name} {HELPS[name].words}".strip().replace("|", "\\|")
    return f"| `{words}` | {HELPS[name].does} | {NEEDS[f'/{name}'].name.lower()} |"


def for_users() -> str:
    """Return the readme and the manual, which goes on where the readme ends."""
    return page("README.md") + page("docs/manual.md")


def test_the_readme_names_every_command_of_the_terminal() -> None:
    """Each subcommand is in it as ``trader NAME`` or in the table of what both doors have."""
    text = for_users()
    assert [name for name in ALL if f"trader {name}" not in text and f"| `/{name}" not in text] == []


def test_the_readme_types_only_what_is_understood() -> None:
    """Each line of its examples that begins with ``trader`` is read by the command line."""
    blocks = re.findall(r"^```\n(.*?)^```", for_users(), re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("trader ")]
    assert len(lines) > 20
    for line in lines:
        for command in re.split(r"\s+\|\s+|;", re.split(r"\s{2,}", line)[0]):
            words = shlex.split(command.strip().removeprefix("trader "))
            assert build_parser().parse_args(words_last(words)).verb in ALL, command


def test_the_readme_asks_slack_for_the_scopes_of_the_manifest() -> None:
    """What an admin of a workspace is asked for stands in the set-up."""
    scopes = re.findall(r'"((?:chat|channels|groups|files|commands)[:\w]*)"', (ROOT / "bot/manifest.json").read_text())
    assert [scope for scope in scopes if f"`{scope}`" not in for_users()] == []


def test_every_role_is_one_that_the_readme_explains() -> None:
    """Viewer, trader and admin, in words."""
    assert all(role.name.lower() in for_users() for role in Role if role is not Role.NOBODY)
