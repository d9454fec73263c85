"""Charts as PNG: pure functions, data in, bytes out. Drawn in a process of their own (``bot/drawing.py``)."""

from __future__ import annotations

from typing import Literal

ThemeName = Literal["light", "dark"]
