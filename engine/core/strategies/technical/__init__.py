"""Strategies on prices and volumes: a jitted step per trade."""
