"""The engine: hears the market and the news, decides behind one gate, and sends orders. Knows no Slack."""

__version__ = "0.1.0"
