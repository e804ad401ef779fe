"""A race on its worker thread: grants, history, closing."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from bsgui.analysis.race.training import Race
from bsgui.core.errors import Cancelled
from bsgui.core.race import RaceConfig, RaceFrame, shares
from bsgui.core.race_csv import course_csv
from bsgui.core.requests import NeverCancelled, report_nothing
from bsgui.tasks.cancel import CancelSource
from bsgui.ui.lab.race_run import KEPT_MOMENTS, RaceHistory, RaceRun, predict

CONFIG = RaceConfig(branches=3, modes=2, gap=2.0, learning_rate=0.1, steps=60)


def frame(step: int, value: float = 0.1) -> RaceFrame:
    amplitudes = np.full((1, 3, 2), value)
    amplitudes[0, 1, 0] = 2 * value
    return RaceFrame(step, step * 0.1, amplitudes)


def test_the_history_stays_small_and_keeps_first_and_last() -> None:
    history = RaceHistory(CONFIG)
    assert history.view(0) is None
    assert history.course() is None
    for step in range(3 * KEPT_MOMENTS):
        history.add(frame(step))
    course, view = history.course(), history.view(0)
    assert course is not None
    assert view is not None
    assert KEPT_MOMENTS / 4 < len(course.times) <= KEPT_MOMENTS + 1
    assert course.times[0] == 0
    assert course.times[-1] == pytest.approx((3 * KEPT_MOMENTS - 1) * 0.1)
    assert len(np.unique(np.diff(course.times[:-1]).round(9))) == 1
    assert view.step == 3 * KEPT_MOMENTS - 1
    assert history.version == 3 * KEPT_MOMENTS


def test_a_view_is_of_the_chosen_mode() -> None:
    history = RaceHistory(CONFIG)
    history.add(frame(0))
    strong, weak = history.view(0), history.view(1)
    assert strong is not None
    assert weak is not None
    np.testing.assert_allclose(strong.contributions[0], [0.1, 0.2, 0.1])
    np.testing.assert_allclose(weak.contributions[0], [0.2, 0.2, 0.2])
    np.testing.assert_allclose(strong.shares[0], [0.25, 0.5, 0.25])
    np.testing.assert_allclose(strong.now, shares(frame(0).amplitudes[0]))
    assert strong.leaders[0, 0] == 1
    assert strong.lead_shares[0, 0] == 0.5


def test_a_race_runs_as_many_steps_as_are_granted() -> None:
    run = RaceRun(CONFIG, Race)
    done: list[int] = []
    thread = threading.Thread(target=lambda: done.append(run.work(report_nothing, NeverCancelled())))
    thread.start()
    while thread.is_alive():
        run.grant(7)
        thread.join(0.001)
    assert done == [60]
    course = run.history.course()
    assert course is not None
    np.testing.assert_allclose(course.final, Race(CONFIG).advance(60).amplitudes)


def test_a_waiting_race_can_be_closed() -> None:
    run = RaceRun(CONFIG, Race)
    run.close()
    assert run.work(report_nothing, NeverCancelled()) == 0
    assert run.grant(1) is False


def test_a_cancelled_race_stops_at_its_next_turn() -> None:
    source = CancelSource()
    run = RaceRun(CONFIG, Race)
    assert run.grant(5)
    assert not run.grant(5)
    source.cancel()
    with pytest.raises(Cancelled):
        run.work(report_nothing, source)


def test_the_prediction_spans_the_race_and_can_be_cancelled() -> None:
    course = predict(CONFIG, Race, NeverCancelled(), moments=9)
    assert course is not None
    assert course.times[-1] == pytest.approx(6.0)
    assert course.amplitudes.shape == (9, 1, 3, 2)
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        predict(CONFIG, Race, source)
    assert len(course_csv(course).splitlines()) == 1 + 9 * 6
