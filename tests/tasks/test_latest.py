from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from bsgui.core.decomposition import Decomposition
from bsgui.core.errors import BsguiError, ModelError, OutOfMemory
from bsgui.core.requests import CancelToken, DecomposeRequest, DecomposeSettings, Progress, ProgressCallback
from bsgui.tasks.latest import LatestWinsWorker
from bsgui.tasks.outcomes import Cancelled, Failed, Finished, Outcome, Previewed, Progressed, Started, Superseded
from tests.fixtures import make_decomposition, make_photo

TIMEOUT = 10.0


class Record:
    """Collects outcomes and lets the test wait for them."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome[Decomposition]] = []
        self.threads: set[int] = set()
        self._changed = threading.Condition()

    def __call__(self, outcome: Outcome[Decomposition]) -> None:
        with self._changed:
            self.outcomes.append(outcome)
            self.threads.add(threading.get_ident())
            self._changed.notify_all()

    def wait_for(self, kind: type, request_id: int) -> Outcome[Decomposition]:
        def find() -> Outcome[Decomposition] | None:
            return next((x for x in self.outcomes if type(x) is kind and x.request_id == request_id), None)

        with self._changed:
            assert self._changed.wait_for(find, TIMEOUT), f"no {kind.__name__} of {request_id} in {self.outcomes}"
            found = find()
            assert found is not None
            return found

    def kinds(self, request_id: int) -> list[type]:
        return [type(x) for x in self.outcomes if x.request_id == request_id]


class GatedDecomposer:
    """Says when it has begun, and goes on when it is let; ``script`` then decides what happens."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        self.script: Callable[[DecomposeRequest, CancelToken], None] = lambda request, cancel: (
            cancel.raise_if_cancelled()
        )
        self.seeds: list[int] = []

    def decompose(
        self,
        request: DecomposeRequest,
        report: ProgressCallback,
        cancel: CancelToken,
        show: Callable[[Decomposition], None] | None = None,
    ) -> Decomposition:
        self.seeds.append(request.settings.seed)
        report(Progress(0, 1, "Running the network"))
        self.begun.release()
        assert self.go_on.acquire(timeout=TIMEOUT)
        if show is not None:
            show(make_decomposition(request.photo, seed=100))
        self.script(request, cancel)
        report(Progress(1, 1, "Running the network"))
        return make_decomposition(request.photo, seed=request.settings.seed)

    def wait_until_begun(self) -> None:
        assert self.begun.acquire(timeout=TIMEOUT)


def ask(seed: int) -> DecomposeRequest:
    return DecomposeRequest(make_photo(16, 12), DecomposeSettings("fake", seed=seed))


@pytest.fixture
def engine() -> GatedDecomposer:
    return GatedDecomposer()


@pytest.fixture
def record() -> Record:
    return Record()


@pytest.fixture
def worker(engine: GatedDecomposer, record: Record) -> Iterator[LatestWinsWorker]:
    worker = LatestWinsWorker(lambda: engine, record, "decompose-test")
    yield worker
    engine.go_on.release(100)
    assert worker.close(TIMEOUT)


def test_previews_come_only_to_who_wants_them(
    worker: LatestWinsWorker, engine: GatedDecomposer, record: Record
) -> None:
    engine.go_on.release(2)
    first = worker.submit(ask(1), wants_previews=True)
    record.wait_for(Finished, first)
    second = worker.submit(ask(2))
    record.wait_for(Finished, second)
    assert record.kinds(first) == [Started, Progressed, Previewed, Progressed, Finished]
    assert record.kinds(second) == [Started, Progressed, Progressed, Finished]


def test_a_cancelled_request_shows_nothing_more(
    worker: LatestWinsWorker, engine: GatedDecomposer, record: Record
) -> None:
    first = worker.submit(ask(1), wants_previews=True)
    engine.wait_until_begun()
    worker.cancel()
    engine.go_on.release()
    record.wait_for(Cancelled, first)
    assert Previewed not in record.kinds(first)


def test_a_request_starts_reports_and_finishes_on_the_worker_thread(
    worker: LatestWinsWorker, engine: GatedDecomposer, record: Record
) -> None:
    first = worker.submit(ask(7))
    engine.go_on.release()
    finished = record.wait_for(Finished, first)
    assert isinstance(finished, Finished)
    assert finished.result.provenance.seed == 7
    assert record.kinds(first) == [Started, Progressed, Progressed, Finished]
    assert len(record.threads) == 1
    assert threading.get_ident() not in record.threads


def test_the_decomposer_is_made_once_and_on_the_worker_thread(record: Record, engine: GatedDecomposer) -> None:
    made: list[int] = []
    engine.go_on.release(2)

    def factory() -> GatedDecomposer:
        made.append(threading.get_ident())
        return engine

    worker = LatestWinsWorker(factory, record)
    for seed in (1, 2):
        record.wait_for(Finished, worker.submit(ask(seed)))
    assert worker.close(TIMEOUT)
    assert made == list(record.threads)


def test_the_latest_request_wins(worker: LatestWinsWorker, engine: GatedDecomposer, record: Record) -> None:
    running = worker.submit(ask(1))
    engine.wait_until_begun()
    skipped = [worker.submit(ask(2)), worker.submit(ask(3))]
    latest = worker.submit(ask(4))
    engine.go_on.release(2)
    record.wait_for(Finished, latest)
    assert record.kinds(running) == [Started, Progressed, Cancelled]
    assert [record.kinds(x) for x in skipped] == [[Superseded], [Superseded]]
    assert engine.seeds == [1, 4]


def test_cancel_ends_the_running_request_and_the_worker_stays_ready(
    worker: LatestWinsWorker, engine: GatedDecomposer, record: Record
) -> None:
    first = worker.submit(ask(1))
    engine.wait_until_begun()
    assert worker.is_busy
    worker.cancel()
    engine.go_on.release()
    record.wait_for(Cancelled, first)
    engine.go_on.release()
    record.wait_for(Finished, worker.submit(ask(2)))
    assert not worker.is_busy


def test_cancel_drops_the_pending_request_too(
    worker: LatestWinsWorker, engine: GatedDecomposer, record: Record
) -> None:
    running = worker.submit(ask(1))
    engine.wait_until_begun()
    pending = worker.submit(ask(2))
    worker.cancel()
    engine.go_on.release()
    record.wait_for(Cancelled, pending)
    assert record.kinds(pending) == [Cancelled]
    assert record.kinds(running)[-1] is Cancelled
    assert engine.seeds == [1]


def test_work_that_finishes_in_spite_of_a_cancel_counts_as_cancelled(
    worker: LatestWinsWorker, engine: GatedDecomposer, record: Record
) -> None:
    engine.script = lambda request, cancel: None  # looks at no token: the race is lost on purpose
    first = worker.submit(ask(1))
    engine.wait_until_begun()
    worker.cancel()
    engine.go_on.release()
    record.wait_for(Cancelled, first)
    assert record.kinds(first) == [Started, Progressed, Cancelled]


def test_close_while_busy_cancels_and_joins(record: Record, engine: GatedDecomposer) -> None:
    worker = LatestWinsWorker(lambda: engine, record)
    running = worker.submit(ask(1))
    engine.wait_until_begun()
    pending = worker.submit(ask(2))
    assert not worker.close(timeout=0.0)
    engine.go_on.release()
    assert worker.close(TIMEOUT)
    assert record.kinds(running)[-1] is Cancelled
    assert record.kinds(pending) == [Cancelled]
    with pytest.raises(RuntimeError):
        worker.submit(ask(3))


def test_closing_an_unused_worker_is_at_once(record: Record, engine: GatedDecomposer) -> None:
    assert LatestWinsWorker(lambda: engine, record).close(0.0)
    assert not record.outcomes


def test_an_expected_error_is_handed_on(worker: LatestWinsWorker, engine: GatedDecomposer, record: Record) -> None:
    def fail(request: DecomposeRequest, cancel: CancelToken) -> None:
        raise ModelError("There is no model called “x”.")

    engine.script = fail
    engine.go_on.release()
    failed = record.wait_for(Failed, worker.submit(ask(1)))
    assert isinstance(failed, Failed)
    assert failed.user_message == "There is no model called “x”."
    assert not failed.is_bug
    assert failed.traceback == ""


def test_running_out_of_memory_is_an_expected_error(
    worker: LatestWinsWorker, engine: GatedDecomposer, record: Record
) -> None:
    def fail(request: DecomposeRequest, cancel: CancelToken) -> None:
        raise MemoryError

    engine.script = fail
    engine.go_on.release()
    failed = record.wait_for(Failed, worker.submit(ask(1)))
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, OutOfMemory)


def test_a_bug_comes_with_its_traceback_and_without_its_frames(
    worker: LatestWinsWorker, engine: GatedDecomposer, record: Record
) -> None:
    def stumble(request: DecomposeRequest, cancel: CancelToken) -> None:
        raise KeyError("oops")

    engine.script = stumble
    engine.go_on.release()
    failed = record.wait_for(Failed, worker.submit(ask(1)))
    assert isinstance(failed, Failed)
    assert failed.is_bug
    assert "stumble" in failed.traceback
    assert "oops" in failed.user_message
    assert failed.error.__traceback__ is None


def test_a_failing_factory_is_tried_again(record: Record, engine: GatedDecomposer) -> None:
    answers: list[BsguiError | GatedDecomposer] = [ModelError("The model is damaged."), engine]

    def factory() -> GatedDecomposer:
        answer = answers.pop(0)
        if isinstance(answer, BsguiError):
            raise answer
        return answer

    worker = LatestWinsWorker(factory, record)
    record.wait_for(Failed, worker.submit(ask(1)))
    engine.go_on.release()
    record.wait_for(Finished, worker.submit(ask(2)))
    assert worker.close(TIMEOUT)


def test_a_listener_that_fails_does_not_end_the_worker(engine: GatedDecomposer, record: Record) -> None:
    def listener(outcome: Outcome[Decomposition]) -> None:
        record(outcome)
        raise ValueError("the listener's own trouble")

    worker = LatestWinsWorker(lambda: engine, listener)
    engine.go_on.release(2)
    record.wait_for(Finished, worker.submit(ask(1)))
    record.wait_for(Finished, worker.submit(ask(2)))
    assert worker.close(TIMEOUT)


def test_the_listener_may_call_back(engine: GatedDecomposer, record: Record) -> None:
    def listener(outcome: Outcome[Decomposition]) -> None:
        if isinstance(outcome, Failed):
            worker.cancel()
            worker.submit(ask(2))
        record(outcome)

    def fail_once(request: DecomposeRequest, cancel: CancelToken) -> None:
        if request.settings.seed == 1:
            raise ModelError("Not yet.")

    engine.script = fail_once
    engine.go_on.release(2)
    worker = LatestWinsWorker(lambda: engine, listener)
    first = worker.submit(ask(1))
    record.wait_for(Finished, first + 1)
    assert worker.close(TIMEOUT)


def test_the_engine_is_made_before_anything_is_asked_for() -> None:
    record, decomposer = Record(), GatedDecomposer()
    made: list[int] = []
    begun, go_on = threading.Event(), threading.Event()

    def factory() -> GatedDecomposer:
        made.append(threading.get_ident())
        begun.set()
        assert go_on.wait(TIMEOUT)
        return decomposer

    worker = LatestWinsWorker(factory, record)
    worker.prepare()
    worker.prepare()
    assert begun.wait(TIMEOUT)
    assert worker.is_preparing
    assert not worker.is_busy
    request_id = worker.submit(ask(1))
    go_on.set()
    decomposer.go_on.release()
    record.wait_for(Finished, request_id)
    assert not worker.is_preparing
    assert worker.close(TIMEOUT)
    assert len(made) == 1
    assert made[0] != threading.get_ident()


def test_what_fails_early_is_tried_again_and_told_then() -> None:
    record, tries = Record(), []

    def factory() -> GatedDecomposer:
        tries.append(1)
        raise ModelError("There are no weights.")

    worker = LatestWinsWorker(factory, record)
    worker.prepare()
    request_id = worker.submit(ask(1))
    failed = record.wait_for(Failed, request_id)
    assert isinstance(failed, Failed)
    assert worker.close(TIMEOUT)
    assert len(tries) == 2
    assert [x.request_id for x in record.outcomes] == [request_id] * len(record.outcomes)


def test_a_worker_that_only_prepared_can_be_closed_and_then_prepares_nothing() -> None:
    made: list[int] = []
    worker = LatestWinsWorker(lambda: made.append(1) or GatedDecomposer(), Record())  # type: ignore[func-returns-value]
    worker.prepare()
    assert worker.close(TIMEOUT)
    worker.prepare()
    assert made == [1]
