"""Drills: what the engine must survive, done to real processes on a paper exchange, and counted."""
