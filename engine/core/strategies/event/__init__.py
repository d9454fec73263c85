"""Strategies on what is announced."""
