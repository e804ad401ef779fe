"""The specialization laboratory's windows."""
