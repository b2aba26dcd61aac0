"""Whom the panel asks for more than the queues, and what it keeps of the answers."""

from typing import Any

from collector.probes.workers.interview import (
    INTERVAL_S,
    KEPT_S,
    MAX_SLOTS,
    MAX_WORKERS,
    REFUSED_S,
    WARNED_S,
    Interview,
)
from collector.probes.workers.pidbox import Answers, Method, Question
from collector.probes.workers.worker_facts import MAX_NAMES, read_running, read_stats
from store.samples.workload import OTHERS

QUEUES = [{"name": "dispatch"}]
STATS: dict[str, Any] = {
    "total": {"send": 7, "note": 2},
    "pid": 41,
    "clock": "9",
    "prefetch_count": 16,
    "pool": {"implementation": "celery.concurrency.prefork:TaskPool", "max-concurrency": 4, "processes": [1, 2, 3, 4]},
    "broker": {"hostname": "redis.example", "transport": "redis", "virtual_host": "0"},
}
WALL_S = 1_700_000_000.0


def stats(**overrides: Any) -> dict[str, Any]:
    return {**STATS, **overrides}


def answered(*names: str, listeners: int | None = None) -> Answers:
    return Answers(said=dict.fromkeys(names, QUEUES), listeners=listeners)


def interviewed(answer: Any, *, interview: Interview | None = None, at_s: float = 0.0) -> Interview:
    """After one round in which worker w answered the question for its statistics, or did not (None)."""
    interview = interview or Interview()
    names = interview.note_queues(answered("w"), at_s)
    question = interview.question(Method.STATS, names, at_s)
    assert question == Question(Method.STATS, ("w",))
    interview.note(question, Answers(said={} if answer is None else {"w": answer}), at_s, WALL_S)
    return interview


def due_at(interview: Interview, method: Method, at_s: float) -> Question | None:
    return interview.question(method, interview.note_queues(answered("w"), at_s), at_s)


def test_of_statistics_the_panel_keeps_slots_prefetch_and_how_many_of_each_task_were_started() -> None:
    kept = read_stats(STATS, 5.0)

    assert kept is not None
    assert (kept.slots, kept.prefetch, kept.pid, kept.at_s) == (4, 16, 41, 5.0)
    assert kept.started == {"send": 7, "note": 2}


def test_a_worker_that_runs_tasks_where_it_answers_is_told_by_its_processes() -> None:
    solo, prefork = (read_stats(stats(pool={"processes": pids}), 0.0) for pids in ([41], [42]))

    assert solo is not None
    assert prefork is not None
    assert (solo.is_solo, prefork.is_solo) == (True, False)


def test_figures_that_are_none_are_unknown() -> None:
    hostile = stats(
        pid=True, prefetch_count="N/A", pool={"max-concurrency": -1}, total={"a": 1.5, "b": None, "c": 2**70}
    )

    kept = read_stats(hostile, 0.0)

    assert kept is not None
    assert (kept.pid, kept.prefetch, kept.slots, kept.started) == (None, None, None, {})
    assert [read_stats(answer, 0.0) for answer in ({"error": "no"}, [], None, stats(total=[1]))] == [None] * 4


def test_task_names_without_end_are_counted_together() -> None:
    kept = read_stats(stats(total={f"task-{index}": 1 for index in range(MAX_NAMES + 50)}), 0.0)

    assert kept is not None
    assert (len(kept.started), kept.started[OTHERS]) == (MAX_NAMES + 1, 50)


def test_of_running_tasks_the_panel_keeps_their_number_and_the_age_of_the_oldest() -> None:
    tasks = [{"time_start": WALL_S - 90.0, "args": "('secret',)"}, {"time_start": WALL_S - 5.0}, {"time_start": None}]

    kept = read_running(tasks, 5.0, WALL_S)

    assert kept is not None
    assert (kept.busy, kept.oldest_s) == (3, 90.0)
    assert "secret" not in repr(kept)
    ages = [
        running.oldest_s for answer in ([], [{"time_start": "now"}], [7]) if (running := read_running(answer, 0, 0))
    ]
    assert ages == [None] * 3
    assert read_running({"error": "no"}, 0.0, 0.0) is None


def test_a_worker_is_asked_for_more_once_a_round() -> None:
    interview = interviewed(STATS)

    assert interview.workers["w"].stats == read_stats(STATS, 0.0)
    assert due_at(interview, Method.STATS, INTERVAL_S - 1) is None
    assert due_at(interview, Method.STATS, INTERVAL_S) is not None


def test_a_worker_is_asked_for_its_tasks_only_if_it_can_leave_out_their_arguments_and_they_are_few() -> None:
    old_pool, large_pool = {"max-concurrency": 4}, {**STATS["pool"], "max-concurrency": MAX_SLOTS + 1}

    assert due_at(interviewed(STATS), Method.ACTIVE, 1.0) == Question(Method.ACTIVE, ("w",))
    assert due_at(interviewed(stats(pool=old_pool)), Method.ACTIVE, 1.0) is None
    assert due_at(interviewed(stats(pool=large_pool)), Method.ACTIVE, 1.0) is None
    assert due_at(Interview(), Method.ACTIVE, 1.0) is None


def test_the_question_for_the_tasks_says_that_arguments_are_left_out() -> None:
    assert b'"arguments": {"safe": true}' in Question(Method.ACTIVE, ("w",)).body("replies", "ticket")
    assert b'"arguments": {}' in Question(Method.STATS, ("w",)).body("replies", "ticket")


def test_a_worker_that_cannot_answer_is_asked_ever_more_seldom_and_as_before_once_it_answers() -> None:
    interview = interviewed(None)

    assert due_at(interview, Method.STATS, REFUSED_S - 1) is None
    interviewed({"error": "cannot"}, interview=interview, at_s=REFUSED_S)
    assert due_at(interview, Method.STATS, 4 * REFUSED_S) is None
    interviewed(STATS, interview=interview, at_s=5 * REFUSED_S)
    assert due_at(interview, Method.STATS, 5 * REFUSED_S + INTERVAL_S) is not None


def test_a_worker_that_the_question_may_make_log_a_warning_is_asked_once_a_day() -> None:
    hostless = {"hostname": "localhost", "transport": "redis", "virtual_host": "/"}

    warned = interviewed(stats(broker=hostless))
    assert due_at(warned, Method.STATS, WARNED_S - 1) is None
    for broker in ({**hostless, "virtual_host": "0"}, {**hostless, "transport": "amqp"}, "N/A"):
        assert due_at(interviewed(stats(broker=broker)), Method.STATS, INTERVAL_S) is not None


def test_workers_that_would_warn_of_their_broker_url_are_asked_for_their_queues_alone() -> None:
    interview = Interview(asks_stats=False)
    names = interview.note_queues(answered("w"), 0.0)

    assert [interview.question(method, names, 0.0) for method in (Method.STATS, Method.ACTIVE)] == [None, None]


def test_a_late_answer_counts_and_ends_the_pause() -> None:
    interview = interviewed(None)

    interview.note(Question(Method.STATS, ()), Answers(said={"w": STATS, "stranger": STATS}), 3.0, WALL_S)

    assert interview.workers.keys() == {"w"}
    assert interview.workers["w"].stats == read_stats(STATS, 3.0)
    assert due_at(interview, Method.STATS, 3.0 + INTERVAL_S) is not None


def test_a_worker_has_left_when_all_that_listen_have_answered_without_it() -> None:
    interview = Interview()

    def gone(*names: str, listeners: int | None) -> dict[str, bool]:
        interview.note_queues(answered(*names, listeners=listeners), 1.0)
        return {name: worker.has_left for name, worker in interview.workers.items()}

    assert gone("a", "b", listeners=2) == {"a": False, "b": False}
    assert gone("b", listeners=2) == {"a": False, "b": False}
    assert gone("b", listeners=None) == {"a": False, "b": False}
    assert gone("b", listeners=1) == {"a": True, "b": False}
    assert gone("a", "b", listeners=2) == {"a": False, "b": False}


def test_silent_workers_are_forgotten_and_names_are_bounded() -> None:
    interview = Interview()
    interview.note_queues(answered("early"), 0.0)
    many = [f"w{index}" for index in range(MAX_WORKERS + 50)]

    names = interview.note_queues(answered("x" * 300, *many), KEPT_S)

    assert len(names) == len(interview.workers) == MAX_WORKERS
    assert not {"early", "x" * 300} & interview.workers.keys()
