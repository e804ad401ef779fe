"""Networks and inference: torch lives here."""
