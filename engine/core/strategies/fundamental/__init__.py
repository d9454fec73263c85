"""Fundamental: what the slow numbers make an asset worth."""
