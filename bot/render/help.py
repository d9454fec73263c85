"""What can be typed: a command's help with examples, the list of all, and what a word could have meant."""

from __future__ import annotations

from typing import Final

from bot.render.blocks import Message, actions, button, clip, context, escape, header, message, section
from engine.wire.answers import Choices
from engine.wire.helps import HELPS, nearest

GO_ON: Final = "go_on:"
"""How the action of a button begins that carries a command on; its value is the command."""
HELP_WORDS: Final = ("help", "?", "--help", "-h")
"""Typed after a command, they ask what it does."""
_MOST_CHOICES: Final = 5


def help_for(word: str, known: frozenset[str]) -> Message:
    """Explain one command; or say which one was meant."""
    name = word.strip().lower().removeprefix("/")
    it = HELPS.get(name) if f"/{name}" in known else None
    if it is None:
        near = nearest(name)
        meant = f" Did you mean `/{near}`?" if near else " `/help` lists all."
        words = f"There is no command {escape(clip(word, 60))}.{meant}"
        return message(words, [section(words)])
    usage = f"`/{name} {it.words}`" if it.words else f"`/{name}`"
    examples = "\n".join(f"• `/{example}`" for example in it.examples)
    return message(f"/{name}: {it.does}", [header(f"/{name}"), section(f"{it.does}\n{usage}\n{examples}")])


def help_for_all(known: frozenset[str]) -> Message:
    """List every command with one example."""
    rows = [f"• `/{it.examples[0]}` {it.does}" for name, it in HELPS.items() if f"/{name}" in known]
    halves = (rows[: len(rows) // 2], rows[len(rows) // 2 :])
    blocks = [header("What can be typed"), *(section("\n".join(half)) for half in halves)]
    blocks.append(context("`/help COMMAND`, or `help` after any command, explains it with examples."))
    return message("Commands: " + ", ".join(f"/{name}" for name in HELPS if f"/{name}" in known), blocks)


def choices(command: str, text: str, sentence: str, meant: Choices) -> Message:
    """Ask which one was meant, with a button for each that carries the same command on."""
    lines = [f"{command} {_replaced(text, meant.word, option)}" for option in meant.options[:_MOST_CHOICES]]
    buttons = [
        button(f"{GO_ON}{at}", option, line, f"Go on with {option}")
        for at, (line, option) in enumerate(zip(lines, meant.options, strict=False))
    ]
    said = f":no_entry: *Nothing was done.* {escape(sentence)}"
    return message(said, [section(said), actions("choices", buttons)])


def _replaced(text: str, word: str, option: str) -> str:
    """Put an option in the place of the word, where it stood first."""
    words = text.split()
    at = next((i for i, each in enumerate(words) if each.lower() == word.lower()), None)
    return " ".join([option] if at is None else [*words[:at], option, *words[at + 1 :]])
