"""Measurements, each against its floor in the same run, ratios first."""
