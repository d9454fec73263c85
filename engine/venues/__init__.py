"""Talks to exchanges, and decides nothing."""
