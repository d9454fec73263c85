"""`trader strategy list|new`: which strategies there are, and the files that a new one begins with."""

from __future__ import annotations

import argparse
import json
import keyword
import re
from pathlib import Path
from typing import Any, Final

import engine
from engine.cli import strategy_template
from engine.cli.refused import Refused
from engine.core.config import Strategies
from engine.settings import read_settings

ROOT: Final = Path(engine.__file__).parent.parent
_CORE: Final = Path("engine") / "core"
_TECHNICAL: Final = _CORE / "strategies" / "technical"
_OF_ALL: Final = "defaults"
"""Has a meaning of its own in ``[strategies.defaults]``."""
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)
_IMPORTS: Final = re.compile(r"^from engine\.core\.strategies\.technical\.\w+ import \w+\n", re.MULTILINE)
_IMPORTED: Final = frozenset(
    word
    for line in re.findall(r"^(?:from|import) .*$", strategy_template.STRATEGY + strategy_template.TEST, re.MULTILINE)
    if "Drift" not in line
    for word in re.findall(r"\w+", line.partition(" import ")[2])
)
"""What a new strategy's files import: a class of such a name would stand in its place."""
_LAST: Final = "    CompositeStrategy,\n"
"""It weighs the others, so that a new one stands in front of it."""


def main(args: argparse.Namespace) -> int:
    """List, or make a new one."""
    if args.what == "new":
        print(new(ROOT, args.name))
    else:
        rows = listing()
        print(json.dumps({"strategies": rows}) if args.json else table(rows))
    return 0


def listing() -> list[dict[str, Any]]:
    """Return every strategy with its mode and bands as trader.toml has them."""
    strategies = read_settings().trading.strategies
    found = ((name, getattr(strategies, name)) for name in strategies.__struct_fields__)
    return [
        {"name": name, "mode": it.mode, "ask": it.ask, "act": it.act, "what": (it.__doc__ or "").partition("\n")[0]}
        for name, it in found
    ]


def table(rows: list[dict[str, Any]]) -> str:
    """Write one strategy a line."""
    head = f"{'strategy':<15}{'mode':<6}{'ask':>5}{'act':>6}  what it looks at"
    return "\n".join([head, *(f"{r['name']:<15}{r['mode']:<6}{r['ask']:>5g}{r['act']:>6g}  {r['what']}" for r in rows)])


def new(root: Path, name: str) -> str:
    """Write the files of a new technical strategy and add its line to the list; say where everything is.

    Raises Refused where the name can't be one, or anything of that name is there.
    """
    if not _NAME.fullmatch(name) or name == _OF_ALL or keyword.iskeyword(name):
        raise Refused("BAD_REQUEST", f"{name!r} can't name a strategy: write lower case words joined by _, like drift.")
    if not (root / "pyproject.toml").is_file():
        raise Refused("NOT_FOUND", f"{root} is no clone of the project: begin strategies where its source is.")
    files = {
        _CORE / "kernels" / f"{name}.py": strategy_template.KERNEL,
        _TECHNICAL / f"{name}.py": strategy_template.STRATEGY,
        Path("tests") / "core" / f"test_strategy_{name}.py": strategy_template.TEST,
    }
    if there := [str(path) for path in files if (root / path).exists()]:
        raise Refused("EXISTS", f"{there[0]} is there already: choose another name.")
    if name in Strategies.__struct_fields__ or _class_name(name) in _IMPORTED:
        raise Refused("EXISTS", f"{name} means something else in the engine already: choose another name.")
    for path, text in files.items():
        (root / path).write_text(_named(text, name), encoding="utf-8")
    _list(root / _TECHNICAL / "catalog.py", name)
    with (root / "trader.toml").open("a", encoding="utf-8") as file:
        file.write(_named(strategy_template.TOML, name))
    made = "\n".join(f"  {path}" for path in files)
    test = Path("tests") / "core" / f"test_strategy_{name}.py"
    return (
        f"Made {name}:\n{made}\nIt has a line in {_TECHNICAL / 'catalog.py'} and a table in trader.toml; it is off."
        f"\nTry it: .venv/bin/python -m pytest {test}"
    )


def _named(text: str, name: str) -> str:
    """Put the new name where the template has its own."""
    return text.replace("drift", name).replace("Drift", _class_name(name))


def _class_name(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _list(catalog: Path, name: str) -> None:
    """Add a strategy's import, in order, and its line."""
    text = catalog.read_text(encoding="utf-8")
    imports = _IMPORTS.findall(text)
    line = _named("from engine.core.strategies.technical.drift import DriftStrategy\n", name)
    text = text.replace("".join(imports), "".join(sorted([*imports, line])))
    catalog.write_text(text.replace(_LAST, _named("    DriftStrategy,\n", name) + _LAST), encoding="utf-8")
