"""A race on a worker thread, that runs as many steps as the window grants and keeps what the window draws.

The window's timer grants steps at its own pace, so pausing is granting none, and a race never runs away from a slow
screen.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsgui.core.race import RaceConfig, RaceCourse, RaceFrame, RaceSession, shares, specialization_index
from bsgui.core.requests import CancelToken, ProgressCallback

Array = NDArray[np.float64]
SessionFactory = Callable[[RaceConfig], RaceSession]
KEPT_MOMENTS = 256
_MOST_STEPS_AT_ONCE = 200
# A turn ends in time for the window's next frame, however large the network is.
_SECONDS_AT_ONCE, _SECONDS_PER_TURN = 0.006, 0.012


@dataclass(frozen=True, eq=False)
class RaceView:
    """What the window draws, copied out at one moment.

    Attributes:
        step: steps done.
        times: (T,) of the moments kept.
        contributions: (T, B) of each branch to the chosen mode, over its strength.
        shares: (T, B) of the chosen mode.
        index: (T,) specialization index.
        learned: (T,) learned share of all strengths.
        leaders: (T, M) the branch that leads each mode.
        lead_shares: (T, M) its share.
        now: (B, M) shares at the last moment.
    """

    step: int
    times: Array
    contributions: Array
    shares: Array
    index: Array
    learned: Array
    leaders: NDArray[np.int64]
    lead_shares: Array
    now: Array


class RaceHistory:
    """The moments of a course that are kept: evenly thinned out, so that there are never more than KEPT_MOMENTS.

    Thread: any.
    """

    def __init__(self, config: RaceConfig) -> None:
        self._lock = threading.Lock()
        self._strengths = config.mode_strengths
        shape = (KEPT_MOMENTS + 1, config.branches, config.modes)
        # One array per quantity, filled from the front: the window copies a few columns 30 times a second.
        self._kept: dict[str, NDArray[Any]] = {
            "amplitudes": np.zeros(shape),
            "steps": np.zeros(shape[0], np.int64),
            "times": np.zeros(shape[0]),
            "index": np.zeros(shape[0]),
            "learned": np.zeros(shape[0]),
            "leaders": np.zeros((shape[0], config.modes), np.int64),
            "lead_shares": np.zeros((shape[0], config.modes)),
        }
        self._count = 0
        self._last: RaceFrame | None = None
        self._every = 1
        self._seen = 0

    @property
    def version(self) -> int:
        """How many frames have been added."""
        return self._seen

    def add(self, frame: RaceFrame) -> None:
        """Keep a frame, or only remember it as the last one."""
        amplitudes = frame.amplitudes[0]
        share = shares(amplitudes)
        values = {
            "amplitudes": amplitudes,
            "steps": frame.step,
            "times": frame.time,
            "index": specialization_index(amplitudes),
            "learned": (amplitudes.sum(0) / self._strengths).mean(),
            "leaders": share.argmax(0),
            "lead_shares": share.max(0),
        }
        with self._lock:
            if self._seen % self._every == 0:
                for name, value in values.items():
                    self._kept[name][self._count] = value
                self._count += 1
                self._thin_out()
            self._last = frame
            self._seen += 1

    def view(self, mode: int) -> RaceView | None:
        """What is drawn for a mode; None before the first frame."""
        with self._lock:
            last = self._last
            kept = {name: array[: self._count].copy() for name, array in self._kept.items() if name != "amplitudes"}
            of_mode = self._kept["amplitudes"][: self._count, :, mode].copy()
        if last is None:
            return None
        return RaceView(
            step=last.step,
            times=kept["times"],
            contributions=of_mode / self._strengths[mode],
            shares=shares(of_mode[:, :, None])[:, :, 0],
            index=kept["index"],
            learned=kept["learned"],
            leaders=kept["leaders"],
            lead_shares=kept["lead_shares"],
            now=shares(last.amplitudes[0]),
        )

    def course(self) -> RaceCourse | None:
        """All moments kept, and the last; None before the first frame."""
        with self._lock:
            last, count = self._last, self._count
            times, amplitudes = (self._kept[name][:count].copy() for name in ("times", "amplitudes"))
            step = int(self._kept["steps"][max(count - 1, 0)])
        if last is None:
            return None
        if step != last.step:
            times = np.append(times, last.time)
            amplitudes = np.concatenate([amplitudes, last.amplitudes[:1]])
        return RaceCourse(times, amplitudes[:, None])

    def _thin_out(self) -> None:
        if self._count > KEPT_MOMENTS:
            half = (self._count + 1) // 2
            for array in self._kept.values():
                array[:half] = array[: self._count : 2].copy()
            self._count = half
            self._every *= 2


class RaceRun:
    """One race to be run by a job; see :meth:`work`.

    Thread: :meth:`work` on the job's, all else on any.
    """

    def __init__(self, config: RaceConfig, factory: SessionFactory) -> None:
        self.config = config
        self.history = RaceHistory(config)
        self._factory = factory
        self._turn = threading.Condition()
        self._granted = 0
        self._steps_at_once = 1
        self._closed = False

    def grant(self, steps: int) -> bool:
        """Let the race go on by so many steps, or fewer if they take long; False while earlier ones are being done."""
        with self._turn:
            if self._granted or self._closed:
                return False
            self._granted = steps
            self._turn.notify()
            return True

    def close(self) -> None:
        """Let :meth:`work` return at its next check, also while it waits for a grant."""
        with self._turn:
            self._closed = True
            self._turn.notify()

    def work(self, report: ProgressCallback, cancel: CancelToken) -> int:
        """Run the race to its end, as it is granted: the work of a job.

        Returns:
            The steps done.

        Raises:
            UsageError: it diverged.
            Cancelled: the token was cancelled.
        """
        session = self._factory(self.config)
        frame = session.frame()
        self.history.add(frame)
        while frame.step < self.config.step_count:
            with self._turn:
                self._turn.wait_for(lambda: self._granted or self._closed)
                steps = self._granted
                if self._closed:
                    return frame.step
            frame = self._advance(session, min(steps, self.config.step_count - frame.step), cancel)
            with self._turn:
                self._granted = 0
        return frame.step

    def _advance(self, session: RaceSession, steps: int, cancel: CancelToken) -> RaceFrame:
        """Do the steps, or as many of them as fit into one turn, and one at least."""
        frame, left, began = session.frame(), steps, time.monotonic()
        while left > 0:
            cancel.raise_if_cancelled()
            now = min(left, self._steps_at_once)
            before = time.monotonic()
            frame = session.advance(now)
            left -= now
            took = max((time.monotonic() - before) / now, 1e-6)
            self._steps_at_once = max(1, min(_MOST_STEPS_AT_ONCE, int(_SECONDS_AT_ONCE / took)))
            if time.monotonic() - began > _SECONDS_PER_TURN:
                break
        self.history.add(frame)
        return frame


def predict(config: RaceConfig, factory: SessionFactory, cancel: CancelToken, moments: int = 160) -> RaceCourse | None:
    """What theory says of the race: the work of a second job, beside the race itself."""
    times = np.linspace(0.0, config.step_count * config.time_per_step, moments)
    return factory(config).predict(times, cancel)
