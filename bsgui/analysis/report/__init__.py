"""What branches of a real model became experts in: measures with confidence intervals, and the report."""
