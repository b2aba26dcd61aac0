"""Events in Celery's form, and what is counted of them."""

from itertools import count
from typing import Any

import pytest

from collector.probes.events.tally import MAX_WORKERS, Tally
from collector.probes.events.task_table import MAX_IDS, MAX_OTHERS, TaskIds
from store.samples.workload import MAX_TASKS, Events

WORKER = "celery@one"
WALL_S = 1_700_000_000.0


class Stream:
    """Events of a worker and of senders, and the tally that takes them."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.tally = Tally(self.now_s)
        self.unreadable = 0
        self._ids = map(str, count())

    def send(self, kind: str, hostname: Any = WORKER, **fields: Any) -> None:
        stamp = WALL_S + self.now_s + fields.pop("skew", 0)
        event = {"type": kind, "hostname": hostname, "timestamp": stamp, "utcoffset": 3, "pid": 7, "clock": 1, **fields}
        self.unreadable += self.tally.take([event], self.now_s, WALL_S + self.now_s)

    def run(
        self, name: str, *, end: str = "succeeded", wait_s: float | None = None, runtime: float = 0.1, **fields: Any
    ) -> None:
        """One task from its sending to its end."""
        uuid = next(self._ids)
        if wait_s is not None:
            self.send("task-sent", "gen1@web", uuid=uuid, name=name, eta=fields.pop("eta", None))
            self.now_s += wait_s
        self.send("task-received", uuid=uuid, name=name)
        self.send("task-started", uuid=uuid)
        if end == "succeeded":
            self.send("task-succeeded", uuid=uuid, result="1", runtime=runtime)
        else:
            exception = fields.get("exception", "ValueError('no')")
            self.send(f"task-{end}", uuid=uuid, exception=exception, traceback=fields.get("traceback"))

    def heard(self) -> Any:
        return self.tally.heard(self.now_s)


@pytest.fixture
def stream():
    return Stream()


def test_results_are_counted_by_task_and_by_worker(stream):
    for _ in range(30):
        stream.run("send", runtime=2.0)
    for _ in range(3):
        stream.run("send", end="failed")
    stream.run("send", end="retried")
    stream.run("report", runtime=0.5)
    stream.now_s += 60
    heard = stream.heard()

    send, report, worker = heard.tasks["send"], heard.tasks["report"], heard.workers[WORKER]
    assert (send.started_per_min, send.succeeded_per_min, send.failed_per_min, send.retried_per_min) == (34, 30, 3, 1)
    assert (report.started_per_min, report.succeeded_per_min, report.failed_per_min) == (1, 1, 0)
    assert (worker.started_per_min, worker.succeeded_per_min, worker.failed_per_min, worker.retried_per_min) == (
        35, 31, 3, 1,
    )  # fmt: skip
    assert send.runtime_p50_s == pytest.approx(2, rel=0.05)
    assert send.wait_p50_s is None
    assert (send.failed_kind, send.failed_at_mono_s) == ("ValueError", 1000.0)
    assert (heard.events, heard.lost, heard.tasks_total) == (Events.ON, 0, 2)


def test_a_task_that_is_received_again_before_its_retry_is_told_keeps_its_name(stream):
    stream.send("task-received", uuid="a", name="send")
    stream.send("task-started", uuid="a")
    stream.send("task-received", uuid="a", name="send")
    stream.send("task-retried", uuid="a", exception="Retry()", traceback="")
    stream.send("task-started", uuid="a")
    stream.send("task-succeeded", uuid="a", runtime=0.1)
    stream.now_s += 60

    send = stream.heard().tasks["send"]
    assert (send.started_per_min, send.retried_per_min, send.succeeded_per_min) == (2, 1, 1)
    assert stream.heard().lost == 0


def test_a_wait_lasts_from_sending_to_the_start(stream):
    for wait_s in (1.0, 1.0, 1.0, 9.0):
        stream.run("send", wait_s=wait_s)

    send = stream.heard().tasks["send"]
    assert send.wait_p50_s == pytest.approx(1, rel=0.05)
    assert send.wait_p95_s == pytest.approx(9, rel=0.05)


def test_a_task_for_a_later_time_does_not_wait(stream):
    stream.run("send", wait_s=3600, eta="2026-01-01T00:00:00+00:00")

    assert stream.heard().tasks["send"].wait_p50_s is None


def test_a_clock_that_differs_is_told_and_does_not_change_the_wait(stream):
    for skew in (-30.0, 30.0):
        stream.send("worker-heartbeat", "celery@far", processed=0, active=0, skew=skew)
        assert stream.tally.pulses(stream.now_s)["celery@far"].skew_s == pytest.approx(skew)
        stream.send("task-sent", "gen1@web", uuid="a", name="send", eta=None)
        stream.send("task-received", "celery@far", uuid="a", name="send", skew=skew)
        stream.now_s += 1
        stream.send("task-started", "celery@far", uuid="a", skew=skew)

        assert stream.heard().tasks["send"].wait_p95_s == pytest.approx(1, rel=0.05)


def test_a_time_zone_is_no_skew(stream):
    for hours in (-5.5, 0, 14):
        stream.send("worker-heartbeat", processed=0, active=0, utcoffset=hours)

    assert stream.tally.pulses(stream.now_s)[WORKER].skew_s is None


def test_one_slow_event_is_no_skew(stream):
    stream.send("worker-heartbeat", processed=0, active=0)
    stream.send("worker-heartbeat", processed=0, active=0, skew=-60)

    assert stream.tally.pulses(stream.now_s)[WORKER].skew_s is None


def test_a_pulse_says_what_the_worker_counts(stream):
    stream.send("worker-heartbeat", processed=12, active=3, freq=2.0)

    pulse = stream.tally.pulses(stream.now_s)[WORKER]
    assert (pulse.processed, pulse.active, pulse.pid, pulse.at_mono_s, pulse.has_left) == (12, 3, 7, 1000.0, False)
    stream.send("worker-offline")
    assert stream.tally.pulses(stream.now_s)[WORKER].has_left
    assert stream.tally.pulses(stream.now_s + 601) == {}


def test_heartbeats_that_count_tasks_without_events_say_that_events_are_off(stream):
    for processed in range(40):
        stream.send("worker-heartbeat", processed=processed, active=0)
        stream.now_s += 2

    assert stream.heard().events is Events.OFF
    assert stream.heard().workers == {}


def test_where_only_some_workers_send_events_the_others_tasks_count_as_lost(stream):
    for processed in range(60):
        stream.send("worker-heartbeat", "celery@silent", processed=processed, active=0)
        stream.run("send")
        stream.now_s += 2

    heard = stream.heard()
    assert heard.events is Events.ON
    assert heard.lost > 20
    assert list(heard.workers) == [WORKER]


def test_a_result_whose_task_was_never_named_is_counted_for_the_worker_and_known_to_be_a_part(stream):
    stream.send("task-succeeded", uuid="unknown", runtime=1.0)
    stream.now_s += 60

    heard = stream.heard()
    assert heard.workers[WORKER].succeeded_per_min == 1
    assert (heard.tasks, heard.lost) == ({}, 1)


def test_names_without_room_are_counted_together(stream):
    for number in range(MAX_TASKS + 50):
        stream.run(f"task-{number}")
    stream.now_s += 60
    heard = stream.heard()

    assert len(heard.tasks) == MAX_TASKS + 1
    assert heard.tasks[""].succeeded_per_min == 50
    assert heard.tasks_total == MAX_TASKS + 50


def test_a_name_that_was_long_silent_makes_room(stream):
    for number in range(MAX_TASKS):
        stream.run(f"task-{number}")
    stream.now_s += 400
    stream.run("new")

    assert "new" in stream.heard().tasks


def test_what_is_kept_is_bounded_whatever_comes(stream):
    for number in range(3 * MAX_IDS):
        stream.send("task-sent", f"gen{number}@web", uuid=f"s{number}", name="x", eta=None)
        stream.send("task-received", f"celery@{number}", uuid=f"r{number}", name=f"name-{number}")

    assert len(stream.tally._ids) <= 2 * MAX_IDS
    assert len(stream.tally._workers) == MAX_WORKERS
    assert len(stream.tally._senders) <= MAX_WORKERS
    assert stream.heard().tasks_total <= MAX_TASKS + MAX_OTHERS


def test_of_a_long_burst_some_tasks_are_timed_from_its_beginning_to_its_end():
    ids = TaskIds()
    for number in range(100_000):
        ids.sent(f"task-{number}", number / 1000)
    timed = [number for number in range(100_000) if ids.sent_at(f"task-{number}") is not None]

    assert 2_000 < len(timed) <= MAX_IDS
    assert all(sum(number // 10_000 == tenth for number in timed) > 100 for tenth in range(10))


def test_names_from_outside_are_visible_and_bounded(stream):
    stream.send("worker-heartbeat", "celery@\u202eevil\n" + "x" * 1000, processed=0)
    stream.run("task\x00" + "y" * 1000)

    assert all(name.isprintable() and len(name) <= 250 for name in stream.tally.pulses(stream.now_s))
    assert all(name.isprintable() and len(name) <= 250 for name in stream.heard().tasks)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": ["task-sent"]},
        {"type": "worker-heartbeat"},
        {"type": "worker-heartbeat", "hostname": {"a": 1}, "timestamp": 1},
        {"type": "worker-heartbeat", "hostname": "a", "timestamp": "soon"},
        {"type": "worker-heartbeat", "hostname": "a", "timestamp": None},
        {"type": "task-received", "hostname": "a", "uuid": "1", "name": None},
        {"type": "task-received", "hostname": "a", "uuid": ["1"], "name": "x"},
        {"type": "task-started", "hostname": "a"},
        {"type": "task-sent", "hostname": "a", "uuid": 7, "timestamp": 1.0},
        {"type": "task-failed", "hostname": "a", "uuid": "1", "exception": {"no": "text"}},
    ],
)
def test_an_event_without_its_fields_is_counted_as_unreadable_and_harms_nothing(stream, event):
    assert stream.tally.take([event], stream.now_s, WALL_S) == 1

    stream.run("send")
    stream.now_s += 60
    assert stream.heard().tasks["send"].succeeded_per_min == 1


def test_an_applications_own_events_are_passed_over(stream):
    assert stream.tally.take([{"type": "task-progress", "percent": 7}], stream.now_s, WALL_S) == 0
