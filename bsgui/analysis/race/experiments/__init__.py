"""The experiments of record, each with its hypothesis, its prediction, its curves and a verdict from the data."""
