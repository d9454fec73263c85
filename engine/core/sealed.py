"""A file's content that carries a hash over everything else in it, so that a later change is seen."""

from __future__ import annotations

import hashlib
from typing import TypeVar

import msgspec

_S = TypeVar("_S", bound="Sealed")


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What such a content begins with."""

    hash: str = ""
    """SHA-256 over everything else."""

    def sealed(self: _S) -> _S:
        """Return it with its hash."""
        return msgspec.structs.replace(self, hash=self._sum())

    @property
    def is_sound(self) -> bool:
        """True while nobody has changed it."""
        return self.hash == self._sum()

    def _sum(self) -> str:
        bare = msgspec.json.encode(msgspec.structs.replace(self, hash=""), order="deterministic")
        return hashlib.sha256(bare).hexdigest()
