"""Measures of specialization."""
