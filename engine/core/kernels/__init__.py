"""Numba functions on plain arrays, each with an explicit signature; numpy, numba and math only.

Kernels call each other across files, and numba's cache looks at the outermost one's file alone: after a change the old
machine code of the others would go on trading. So the cache's folder is named after the text of all of them.
"""

from __future__ import annotations

import hashlib
import pkgutil
from typing import Any, TypeVar

import numba.core.config

config: Any = numba.core.config
_BASE: str = config.CACHE_DIR or f"{__path__[0]}/__pycache__"
_digest = hashlib.blake2b(digest_size=8)
_Kernel = TypeVar("_Kernel")


def name_cache_after(*paths: str) -> str:
    """Let what is decorated from here on be cached apart for each text of these files and those named before.

    Returns the folder. To be called in front of the first decorator of a module that calls kernels of other files.
    """
    for path in paths:
        with open(path, "rb") as file:
            _digest.update(file.read())
    folder = f"{_BASE}/{_digest.hexdigest()}"
    config.CACHE_DIR = folder
    return folder


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


name_cache_after(*sorted(f"{__path__[0]}/{module.name}.py" for module in pkgutil.iter_modules(__path__)))
