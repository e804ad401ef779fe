"""Do layers hold what a person would point at? Hand-drawn masks of animal heads, and what is measured against them."""
