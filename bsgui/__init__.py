"""bsgui: takes photos apart into branch layers, and puts them together again."""

import os
import sys

__version__ = "0.1.0"

# Set before numpy and torch load. OpenMP's threads sleep, not spin, while they wait: on a machine whose cores are busy
# with other work spinning costs far more than waking (measured with one of two cores taken: 4.0 s against 10.6 s).
# Matrix products in numpy are small here; BLAS threads only stall them.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

BLAS_HAS_ONE_THREAD = os.environ["OPENBLAS_NUM_THREADS"] == "1" and "numpy" not in sys.modules
"""Whether that came in time, which is when numpy was not loaded before this package."""
