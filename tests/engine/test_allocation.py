from __future__ import annotations

import subprocess
import sys

import pytest

# A process of its own: what other tests have freed would hide the faults.
_COUNT_FAULTS = """
import resource, sys
import numpy as np
from bsgui.engine.allocation import keep_freed_memory
assert keep_freed_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def work():
    one = np.ones(1 << 20, np.uint8)
    two = np.ones(3 << 20, np.uint8)
for _ in range(3):
    work()
before = faults()
for _ in range(20):
    work()
print(faults() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc")
def test_freed_blocks_are_used_again_without_page_faults() -> None:
    done = subprocess.run([sys.executable, "-c", _COUNT_FAULTS], capture_output=True, text=True, check=True)
    # Each round would cost 1,024 faults of 4 KiB.
    assert int(done.stdout) < 1000


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    from bsgui.engine.allocation import keep_freed_memory

    monkeypatch.setattr(sys, "platform", "win32")
    assert not keep_freed_memory.__wrapped__()
