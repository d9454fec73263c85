"""PAIRS: two orders that leave together on two venues, and what brings a pair with one leg short back to flat."""
