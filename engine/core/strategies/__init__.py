"""One file per strategy, grouped by the ways to trade; market or news in, a signal or nothing out. None can send."""
