"""The tables that are stored: joined, bounded, and every few ticks."""

import json
from collections.abc import Mapping

from collector.probes.events.heard import Heard, Pulse, TaskFigures, WorkerFigures
from collector.probes.workers.interview import WorkerAnswers
from collector.probes.workers.worker_facts import Stats
from collector.workload.tables import WorkerTables
from store.samples.workload import MAX_TASKS, MAX_WORKERS, OTHERS, Crew, Events, Failure, Task, Worker

NOW_S = 1000.0


class Asked:
    """The last answers, made up."""

    def __init__(self, workers: Mapping[str, WorkerAnswers] | None = None) -> None:
        self.workers = workers or {}

    def answers(self) -> Mapping[str, WorkerAnswers]:
        return self.workers

    def nobody_listens(self) -> bool:
        return not self.workers


class Listener:
    """What was heard, made up."""

    def __init__(self, heard: Heard | None = None, *, reason: str | None = None) -> None:
        self._heard = heard or Heard()
        self._reason = reason

    def pulses(self) -> Mapping[str, Pulse]:
        return {"w": Pulse(name="w", at_mono_s=NOW_S, active=1, processed=7)}

    def heard(self) -> Heard:
        return self._heard

    def reason(self) -> str | None:
        return self._reason


def answers(at_s: float = NOW_S, **started: int) -> WorkerAnswers:
    stats = Stats(at_s=at_s, slots=4, prefetch=16, started=started)
    return WorkerAnswers(at_s=at_s, queues=frozenset({"dispatch"}), stats=stats)


def tables(asked: Asked | None = None, listener: Listener | None = None, interval_s: float = 3.0) -> WorkerTables:
    made = WorkerTables(["dispatch"], asked=asked, listener=listener, interval_s=interval_s)
    made.crew(NOW_S)
    return made


def test_answers_heartbeats_and_events_meet_in_one_row() -> None:
    heard = Heard(
        workers={"w": WorkerFigures(failed_per_min=2.0, succeeded_per_min=9.0)},
        tasks={"send": TaskFigures(runtime_p95_s=0.4, failed_at_mono_s=NOW_S - 7, failed_kind="Timeout")},
        events=Events.ON,
    )

    made = tables(Asked({"w": answers(send=7)}), Listener(heard)).workload(NOW_S)

    [worker], [task] = made.workers, made.tasks
    assert (worker.slots, worker.busy, worker.failed_per_min, worker.succeeded_per_min) == (4, 1, 2.0, 9.0)
    assert task == Task(name="send", runtime_p95_s=0.4, last_failure=Failure(kind="Timeout", age_s=7.0))
    assert (made.events, made.workers_total, made.tasks_total) == (Events.ON, 1, 1)


def test_the_workers_own_count_goes_before_that_of_the_events() -> None:
    asked = Asked({"w": answers(send=10)})
    listener = Listener(
        Heard(tasks={"send": TaskFigures(started_per_min=3.0), "other": TaskFigures(started_per_min=1.0)})
    )
    made = tables(asked, listener)
    asked.workers = {"w": answers(NOW_S + 60, send=20)}
    made.crew(NOW_S + 60)

    assert {task.name: task.started_per_min for task in made.workload(NOW_S + 60).tasks} == {"send": 10.0, "other": 1.0}


def test_all_who_ask_in_one_tick_get_the_same_tables() -> None:
    made = tables(Asked({"w": answers(send=7)}))
    first = made.workload(NOW_S)

    assert made.workload(NOW_S) is first
    made.crew(NOW_S + 3)
    assert made.workload(NOW_S + 3) is not first


def test_with_the_question_and_the_listener_off_nothing_is_known() -> None:
    made = WorkerTables(["dispatch"], interval_s=3.0)

    assert made.crew(NOW_S) is None
    assert not made.is_due()
    assert made.workload(NOW_S).workers == made.workload(NOW_S).tasks == ()
    assert made.workload(NOW_S).events is Events.UNKNOWN


def test_a_broker_that_lets_nobody_listen_is_said() -> None:
    assert tables(listener=Listener(reason="denied")).workload(NOW_S).events is Events.DENIED


def test_that_no_worker_is_there_is_known_from_the_question() -> None:
    assert WorkerTables(["dispatch"], asked=Asked(), interval_s=3.0).crew(NOW_S) == Crew(
        workers=0, slots=0, usable=0, busy=0, started_per_s=0.0
    )


def test_the_tables_are_stored_every_nine_seconds_or_each_tick_if_ticks_are_rare() -> None:
    def due(interval_s: float) -> list[bool]:
        made = WorkerTables(["dispatch"], asked=Asked(), interval_s=interval_s)
        return [made.crew(NOW_S) is not None and made.is_due() for _ in range(7)]

    assert due(3.0) == [True, False, False, True, False, False, True]
    assert due(60.0) == [True] * 7


def test_the_tables_are_bounded_whatever_workers_say() -> None:
    many = {
        f"worker-{index:03}-{'x' * 190}": answers(**{f"task-{index}-{n}": 1 for n in range(5)}) for index in range(150)
    }
    heard = Heard(
        tasks={"y" * 190 + str(index): TaskFigures(failed_per_min=1.0) for index in range(200)}, tasks_total=900
    )

    made = tables(Asked(many), Listener(heard)).workload(NOW_S)

    assert (len(made.workers), made.workers_total) == (MAX_WORKERS, 151)
    assert (len(made.tasks), made.tasks[-1].name, made.tasks_total) == (MAX_TASKS, OTHERS, 950)
    assert len(made.to_json()) < 150_000


def test_the_wire_form_has_the_fields_of_the_rows() -> None:
    wire = json.loads(tables(Asked({"w": answers(send=7)})).workload(NOW_S).to_json())

    assert wire["workers"][0].keys() == Worker.__dataclass_fields__.keys()
    assert wire["tasks"][0].keys() == Task.__dataclass_fields__.keys()
    assert wire["workers"][0]["queues"] == ["dispatch"]
