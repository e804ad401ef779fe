"""bsgui: takes photos apart into branch layers, and puts them together again."""

__version__ = "0.1.0"
