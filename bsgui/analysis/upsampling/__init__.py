"""The experiment that chooses how layers get from working size to full size; what was found is in README.md."""
