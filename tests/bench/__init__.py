"""Benchmarks: commands, never tests. Run one with ``python -m tests.bench.NAME``."""

# First of all, as in the app: it sets how many threads numpy may start, which has to happen before numpy is imported.
import bsgui  # noqa: F401
