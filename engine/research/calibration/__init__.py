"""Measures what a strategy's score has been worth: from recordings and candles, and from the engine's own journal."""
