"""Reads the slow numbers, of chains and of the economy, and says once a day what an asset is worth by them."""
