from __future__ import annotations

import threading

import pytest

from bsgui.core.errors import ExportError
from bsgui.core.requests import CancelToken, Progress, ProgressCallback
from bsgui.tasks.cancel import CancelSource
from bsgui.tasks.job import Job
from bsgui.tasks.outcomes import Cancelled, Failed, Finished, Outcome, Progressed, Started

TIMEOUT = 10.0


def test_a_job_reports_and_returns() -> None:
    outcomes: list[Outcome[int]] = []

    def work(report: ProgressCallback, cancel: CancelToken) -> int:
        report(Progress(1, 2, "Writing"))
        return 42

    job = Job(work, outcomes.append, "export")
    assert not job.is_running
    job.start()
    assert job.join(TIMEOUT)
    assert [type(x) for x in outcomes] == [Started, Progressed, Finished]
    assert isinstance(outcomes[-1], Finished)
    assert outcomes[-1].result == 42
    assert {x.request_id for x in outcomes} == {job.id}


@pytest.mark.parametrize("looks", [True, False])
def test_a_cancelled_job_has_no_result(looks: bool) -> None:
    outcomes: list[Outcome[int]] = []
    begun, go_on = threading.Event(), threading.Event()

    def work(report: ProgressCallback, cancel: CancelToken) -> int:
        begun.set()
        assert go_on.wait(TIMEOUT)
        report(Progress(1, 1, "Too late"))
        if looks:
            cancel.raise_if_cancelled()
        return 1

    job = Job(work, outcomes.append)
    job.start()
    assert begun.wait(TIMEOUT)
    job.cancel()
    assert job.is_running
    go_on.set()
    assert job.join(TIMEOUT)
    assert [type(x) for x in outcomes] == [Started, Cancelled]


def test_a_failing_job_says_why() -> None:
    outcomes: list[Outcome[None]] = []

    def work(report: ProgressCallback, cancel: CancelToken) -> None:
        raise ExportError("The disk is full.")

    job = Job(work, outcomes.append)
    job.start()
    assert job.join(TIMEOUT)
    assert isinstance(outcomes[-1], Failed)
    assert outcomes[-1].user_message == "The disk is full."


def test_jobs_have_ids_of_their_own_and_run_once() -> None:
    jobs = [Job(lambda report, cancel: None, lambda outcome: None) for _ in range(2)]
    assert jobs[0].id != jobs[1].id
    assert jobs[0].join(0.0)
    jobs[0].start()
    assert jobs[0].join(TIMEOUT)
    with pytest.raises(RuntimeError):
        jobs[0].start()


def test_a_listener_that_fails_still_gets_the_end() -> None:
    outcomes: list[Outcome[None]] = []

    def listener(outcome: Outcome[None]) -> None:
        outcomes.append(outcome)
        raise ValueError("the listener's own trouble")

    job = Job(lambda report, cancel: None, listener)
    job.start()
    assert job.join(TIMEOUT)
    assert [type(x) for x in outcomes] == [Started, Finished]


def test_a_cancel_source_stays_cancelled() -> None:
    from bsgui.core.errors import Cancelled as CancelledError

    source = CancelSource()
    source.raise_if_cancelled()
    assert not source.cancelled
    source.cancel()
    source.cancel()
    assert source.cancelled
    with pytest.raises(CancelledError):
        source.raise_if_cancelled()
