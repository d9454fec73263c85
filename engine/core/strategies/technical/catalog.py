"""THE list of technical strategies: one line here, and a strategy has its settings, its place in every array, its step.

``trader strategy new NAME`` adds a line. The order is that in which they step, are shown and speak; one that hears the
others stands last.
"""

from __future__ import annotations

from typing import Final

from engine.core.strategies.technical.base import Technical
from engine.core.strategies.technical.book_pressure import BookPressureStrategy
from engine.core.strategies.technical.breakout import BreakoutStrategy
from engine.core.strategies.technical.composite import CompositeStrategy
from engine.core.strategies.technical.momentum import MomentumStrategy
from engine.core.strategies.technical.order_flow import OrderFlowStrategy
from engine.core.strategies.technical.reversion import ReversionStrategy
from engine.core.strategies.technical.sma_cross import SmaCrossStrategy

TECHNICAL: Final[tuple[type[Technical], ...]] = (
    SmaCrossStrategy,
    OrderFlowStrategy,
    MomentumStrategy,
    ReversionStrategy,
    BreakoutStrategy,
    BookPressureStrategy,
    CompositeStrategy,
)
