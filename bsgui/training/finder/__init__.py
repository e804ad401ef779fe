"""Trains and measures the finder of heads: ``python -m bsgui.training.finder models/finder.toml``."""
