"""The race window, with the program's own factory, in a process where torch has not been imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CODE = """
import sys, threading, time
from pathlib import Path

class Watcher:
    threads = set()
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            self.threads.add(threading.current_thread() is threading.main_thread())

sys.meta_path.insert(0, Watcher())
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication
app = QApplication([])
from bsgui.app import make_services
from bsgui.ui.lab.race_window import RaceWindow
window = RaceWindow(make_services(Path(sys.argv[1])).race_factory, lambda title, text: print(title, text))
window.show()
window.set_playing(True)
loop, limit = QEventLoop(), QTimer(singleShot=True)
limit.timeout.connect(loop.quit)
window._race_job.failed.connect(loop.quit)
watch = QTimer()
watch.timeout.connect(lambda: window.race.history.version > 3 and loop.quit())
watch.start(5)
limit.start(60_000)
loop.exec()
print("moved", window.race.history.version > 3, "on the GUI thread", True in Watcher.threads,
      "elsewhere", False in Watcher.threads, "compiler", "torch._dynamo" in sys.modules)
window.close()
"""


def test_opening_the_window_imports_torch_on_a_worker_and_never_its_compiler(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split("\n")[0] == "moved True on the GUI thread False elsewhere True compiler False"
