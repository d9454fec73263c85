"""Charts as PNG: pure functions, data in, bytes out. Drawn in a process of their own (``bot/drawing.py``)."""
