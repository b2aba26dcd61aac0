"""What heartbeats and task events say of one worker together."""

import pytest

from collector.probes.events.worker_state import WorkerState
from store.samples.workload import Events


class Worker:
    """A worker that sends a heartbeat every 2 s and, unless told otherwise, `task-started` for each task."""

    def __init__(self) -> None:
        self.state = WorkerState(name="celery@one", since_s=0, heard_s=0)
        self.now_s = 1000.0
        self.processed = 0
        self.pid = 1
        self.lost = 0

    def work(self, tasks: int, *, told: int | None = None, beats: int = 1) -> None:
        for _ in range(beats):
            self.now_s += 1
            self.processed += tasks
            for _ in range(tasks if told is None else told):
                self.state.note_task_event(self.now_s, is_start=True)
            self.now_s += 1
            self.beat()

    def beat(self, *, is_first: bool = False) -> None:
        self.lost += self.state.note_pulse(
            self.now_s, pid=self.pid, active=0, processed=self.processed, is_first=is_first
        )

    @property
    def events(self) -> Events:
        return self.state.events(self.now_s)


@pytest.fixture
def worker():
    worker = Worker()
    worker.beat()
    return worker


def test_nothing_is_lost_while_every_start_is_told(worker):
    worker.work(50, beats=20)
    worker.work(0)

    assert worker.lost == 0
    assert worker.events is Events.ON


def test_starts_that_nobody_told_of_are_known_once_the_worker_is_quiet(worker):
    worker.work(10, beats=3)
    worker.work(10, told=7)
    assert worker.lost == 0

    worker.work(0)
    assert worker.lost == 3

    worker.work(10, told=0)
    worker.work(0)
    assert worker.lost == 13


def test_under_load_a_batch_may_be_on_its_way_and_the_rest_is_lost(worker):
    worker.work(100, beats=3)
    worker.work(100, told=60)

    assert worker.lost == 40 - 24


def test_a_heartbeat_that_overtakes_a_batch_loses_nothing(worker):
    worker.work(100, beats=3)
    for _ in range(20):
        worker.work(100, told=80)
        for _ in range(20):
            worker.state.note_task_event(worker.now_s, is_start=True)
    worker.work(0)

    assert worker.lost == 0


def test_counting_begins_anew_when_the_worker_does(worker):
    worker.work(10, beats=3)
    worker.pid, worker.processed = 2, 4
    worker.beat(is_first=True)
    worker.work(10, beats=3)
    worker.work(0)

    assert worker.lost == 0


def test_counting_begins_anew_after_a_long_silence(worker):
    worker.work(10, beats=3)
    worker.now_s, worker.processed = worker.now_s + 100, worker.processed + 1000
    worker.beat()
    worker.work(10, beats=2)
    worker.work(0)

    assert worker.lost == 0


def test_a_worker_that_runs_tasks_and_tells_of_none_for_a_minute_sends_no_events(worker):
    worker.work(3, told=0, beats=29)
    assert worker.events is Events.UNKNOWN

    worker.work(3, told=0, beats=2)
    assert worker.events is Events.OFF

    worker.work(0, beats=100)
    assert worker.events is Events.OFF

    worker.work(3)
    assert worker.events is Events.ON


def test_a_worker_without_tasks_tells_nothing_of_its_events(worker):
    worker.work(0, beats=300)

    assert worker.events is Events.UNKNOWN


def test_rare_heartbeats_are_no_sign_that_events_are_off(worker):
    for _ in range(10):
        worker.now_s += 1
        worker.processed += 1
        worker.state.note_task_event(worker.now_s, is_start=True)
        worker.now_s += 60
        worker.beat()

    assert worker.events is Events.ON
    assert worker.lost == 0


def test_events_that_were_turned_off_are_off_after_a_minute(worker):
    worker.work(3, beats=5)
    worker.work(3, told=0, beats=36)

    assert worker.events is Events.OFF
    assert worker.state.figures(worker.now_s, 0) is None


def test_a_worker_that_said_goodbye_has_left_until_it_is_heard_again(worker):
    worker.state.note_left(worker.now_s)
    assert worker.state.pulse().has_left

    worker.beat(is_first=True)
    assert not worker.state.pulse().has_left


def test_a_worker_without_heartbeats_has_no_pulse():
    state = WorkerState(name="celery@one", since_s=0, heard_s=0)
    state.note_task_event(10.0, is_start=True)

    assert state.pulse() is None
