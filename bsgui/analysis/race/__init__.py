"""The race laboratory: small branched networks whose specialization can be computed, trained for real and compared."""
