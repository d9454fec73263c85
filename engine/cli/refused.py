"""The one exception of the command line: what was asked can't be done, and here is the sentence that says why."""

from __future__ import annotations


class Refused(Exception):
    """Bad input, a refusal or something missing: exit code 2."""

    def __init__(self, code: str, text: str) -> None:
        """Take a code for scripts, and a sentence that says what to do."""
        super().__init__(text)
        self.code = code
        self.text = text
