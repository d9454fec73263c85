"""Listens to people: the line for the bot and the command line, and the health page."""
