"""Hears: sources of headlines, each item once, and what the rules make of it."""
