"""What the benchmarks share: a load server, the processes that it measures, and figures."""
