"""Looks back: recorded events through the same core that trades live."""
