"""Numba functions on plain arrays, each with an explicit signature; numpy, numba and math only.

Kernels call each other across files, and numba's cache looks at the outermost one's file alone: after a change the old
machine code of the others would go on trading. So the cache's folder is named after the text of all of them, wherever
in the engine they stand, and is the same in whatever order a process imports them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from glob import iglob
from typing import Any, TypeVar

import numba.core.config

config: Any = numba.core.config
_HERE: str = __path__[0]
_ENGINE: str = _HERE.removesuffix("/core/kernels")
_ALWAYS = (f"{_HERE}/", f"{_ENGINE}/core/strategies/technical/")
"""Folders of which each file counts: of the strategies' own, one compiled function is put together."""
_Kernel = TypeVar("_Kernel")


def digest_of(paths: Iterable[str]) -> str:
    """Return a name for the text of those among these files that say ``njit`` or lie in one of the two folders."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(paths):
        with open(path, "rb") as file:
            text = file.read()
        if b"njit" in text or path.startswith(_ALWAYS):
            digest.update(text)
    return digest.hexdigest()


def direct(kernel: _Kernel) -> _Kernel:
    """Return a kernel's compiled code itself, for Python to call: numba's own way to it looks at each argument's type
    first, which takes a third to a half of a short call, and more where that code has gone cold.

    For kernels of one signature, called with what we have made ourselves: an array of another type would be misread,
    and whatever ``int`` takes is taken for a number. No array, and a number that does not fit, raise TypeError and
    OverflowError. Where the compiler is off (``NUMBA_DISABLE_JIT``) it is the function as it stands.
    """
    overloads: Any = getattr(kernel, "overloads", None)
    if overloads is None:
        return kernel
    (compiled,) = overloads.values()
    code: _Kernel = compiled.entry_point
    return code


_digest = digest_of(f"{_ENGINE}/{path}" for path in iglob("**/*.py", root_dir=_ENGINE, recursive=True))
config.CACHE_DIR = f"{config.CACHE_DIR or f'{_HERE}/__pycache__'}/{_digest}"
