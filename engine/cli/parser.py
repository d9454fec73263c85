"""Reads the command line as argparse does, and words what it can't read as a sentence that says what to do."""

from __future__ import annotations

import argparse
import re
from difflib import get_close_matches
from typing import Final, NoReturn

from engine.cli.refused import Refused

_CHOICE: Final = re.compile(r"argument (?P<of>[^:]+): invalid choice: '(?P<word>[^']*)' \(choose from (?P<known>.*)\)")
_MISSING: Final = re.compile(r"the following arguments are required: (.*)")
_COMMAND: Final = "COMMAND"
"""How the help calls the first word, and how argparse names it in an error."""


class Parser(argparse.ArgumentParser):
    """Raises Refused instead of leaving, so that a slip is told in the same way as every other refusal."""

    def error(self, message: str) -> NoReturn:
        """Refuse with a sentence."""
        choice, missing = _CHOICE.match(message), _MISSING.match(message)
        if choice:
            known = re.findall(r"[\w-]+", choice["known"])
            raise Refused("BAD_REQUEST", _no_such(self.prog, choice["of"], choice["word"], known))
        if missing:
            raise Refused("BAD_REQUEST", _left_out(self.prog, missing[1]))
        raise Refused("BAD_REQUEST", f"{message[:1].upper()}{message[1:]}: see `{self.prog} --help`.")


def _no_such(prog: str, of: str, word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, n=1, cutoff=0.75)
    if of != _COMMAND:
        return f"{of} can't be {word!r}: use {', '.join(known)}. See `{prog} --help`."
    if near:
        return f"There is no command {word!r}. Did you mean `{prog} {near[0]}`?"
    return f"There is no command {word!r}: `{prog} --help` lists all."


def _left_out(prog: str, names: str) -> str:
    if names == _COMMAND:
        return f"Say what to do: `{prog} run` starts everything, `{prog} --help` lists the commands."
    return f"{names} is missing: see `{prog} --help`."
