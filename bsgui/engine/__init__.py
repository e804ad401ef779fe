"""Networks and inference: torch lives here.

Imported before torch: OpenMP's threads are told to sleep, not spin, while they wait for each other. On a machine whose cores
are busy with other work, spinning costs far more than waking (measured here with one of two cores taken: 4.0 s
against 10.6 s for the same run).
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
