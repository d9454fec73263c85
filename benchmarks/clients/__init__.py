"""What our engine is compared with: each a process of its own that answers every trade with one order."""
