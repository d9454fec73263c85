"""Numba functions on plain arrays, each with an explicit signature; numpy, numba and math only."""
