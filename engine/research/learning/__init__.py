"""Learns from headlines and the prices that followed: upfront, in a process of its own, and never deploys."""
