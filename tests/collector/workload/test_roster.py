"""The workers' rows and sums, joined from answers and heartbeats."""

from dataclasses import replace
from typing import Any

import pytest

from collector.probes.events.heard import Pulse, WorkerFigures
from collector.probes.workers.interview import WorkerAnswers
from collector.probes.workers.worker_facts import Running, Stats
from collector.workload.member import HEARD_S
from collector.workload.roster import KEPT_S, MAX_FOLLOWED, Roster
from store.samples.workload import Crew, Worker

NOW_S = 1000.0


def answers(at_s: float = NOW_S, *, stats: dict[str, Any] | None = None, **fields: Any) -> WorkerAnswers:
    told = Stats(**{"at_s": at_s, "pid": 1, "slots": 4, "prefetch": 16, "started": {"send": 100}, **(stats or {})})
    return WorkerAnswers(**{"at_s": at_s, "queues": frozenset({"dispatch"}), "stats": told, **fields})


def pulse(at_s: float = NOW_S, **fields: Any) -> Pulse:
    return Pulse(**{"name": "w", "at_mono_s": at_s, "pid": 1, "active": 2, "processed": 100, **fields})


class Team:
    """A roster with its one clock."""

    def __init__(self, queue_names: frozenset[str] | None = frozenset({"dispatch"})) -> None:
        self.now_s = NOW_S
        self.roster = Roster(queue_names)

    def note(
        self, answered: dict[str, WorkerAnswers] | None = None, pulses: dict[str, Pulse] | None = None, at_s: float = 0
    ) -> "Team":
        self.now_s = at_s or self.now_s
        self.roster.note(answered or {}, pulses or {}, self.now_s)
        return self

    def row(self) -> Worker:
        [row] = self.roster.rows(self.now_s, {})
        return row

    def crew(self, *, nobody_listens: bool = False, figures: dict[str, WorkerFigures] | None = None) -> Crew | None:
        return self.roster.crew(self.now_s, figures or {}, nobody_listens=nobody_listens)


def test_a_row_joins_what_the_worker_answered_with_its_heartbeat() -> None:
    team = Team().note({"w": answers(NOW_S - 2)}, {"w": pulse(NOW_S - 1, skew_s=-3.5)})

    assert team.row() == Worker(
        name="w", age_s=1.0, slots=4, busy=2, oldest_s=0.0, prefetch=16, queues=("dispatch",), skew_s=-3.5
    )


def test_without_heartbeats_the_answers_alone_make_the_row() -> None:
    running = Running(at_s=NOW_S, busy=3, oldest_s=70.0)
    row = Team().note({"w": answers(running=running)}).row()

    assert (row.busy, row.oldest_s, row.slots) == (3, 70.0, 4)


def test_a_worker_that_speaks_only_between_two_tasks_tells_nothing_of_how_busy_it_is() -> None:
    row = Team().note({"w": answers(stats={"is_solo": True})}, {"w": pulse(active=0)}).row()

    assert (row.busy, row.oldest_s, row.slots) == (None, None, 4)


def test_without_answers_a_heartbeat_alone_makes_the_row() -> None:
    row = Team().note(pulses={"w": pulse()}).row()

    assert (row.busy, row.slots, row.prefetch, row.queues) == (2, None, None, None)


def test_what_a_worker_starts_per_minute_comes_from_its_heartbeats_and_else_from_its_answers() -> None:
    beating, answering = Team(), Team()
    for step in range(31):
        at_s = NOW_S + 2 * step
        beating.note({"w": answers(stats={"started": {"send": 7}})}, {"w": pulse(at_s, processed=100 + step)}, at_s)
    for step in range(7):
        at_s = NOW_S + 10 * step
        answering.note({"w": answers(at_s, stats={"started": {"send": 50 * step, "note": step}})}, at_s=at_s)

    assert beating.row().started_per_min == pytest.approx(30, abs=2)
    assert answering.row().started_per_min == pytest.approx(306, abs=2)


def test_a_count_that_comes_by_another_way_is_no_restart() -> None:
    team = Team().note({"w": answers()}, {"w": pulse(processed=105)})
    team.note({"w": answers(NOW_S + 40, stats={"started": {"send": 104}})}, at_s=NOW_S + 40)
    team.note({"w": answers(NOW_S + 50, stats={"started": {"send": 104}})}, at_s=NOW_S + 50)

    assert team.row().started_per_min == 0


def test_the_oldest_task_goes_on_getting_older_while_the_worker_starts_nothing() -> None:
    running = Running(at_s=NOW_S, busy=2, oldest_s=60.0)
    team = Team()
    for later_s in range(0, 22, 2):
        team.note({"w": answers(running=running)}, {"w": pulse(NOW_S + later_s)}, NOW_S + later_s)

    assert team.row().oldest_s == 80.0
    team.note({}, {"w": pulse(NOW_S + 22, processed=101)}, NOW_S + 22)
    assert team.row().oldest_s == 60.0


def test_tasks_run_at_least_since_the_last_one_was_started_whatever_the_worker_tells_of_them() -> None:
    team = Team()
    for later_s in range(0, 122, 2):
        team.note({}, {"w": pulse(NOW_S + later_s)}, NOW_S + later_s)

    assert team.row().oldest_s == 120.0
    assert team.note({}, {"w": pulse(NOW_S + 124, active=0)}, NOW_S + 124).row().oldest_s is None


def test_a_workers_clock_that_is_ahead_does_not_make_its_tasks_younger() -> None:
    running = Running(at_s=NOW_S, busy=2, oldest_s=10.0)

    assert Team().note({"w": answers(running=running)}, {"w": pulse(skew_s=50.0)}).row().oldest_s == 60.0


def test_a_silent_worker_stays_for_minutes_without_figures_of_the_moment_and_then_goes() -> None:
    team = Team().note({"w": answers()}, {"w": pulse()})

    row = team.note({"w": answers(has_missed=True)}, at_s=NOW_S + HEARD_S + 1).row()
    assert (row.age_s, row.busy, row.started_per_min, row.slots) == (HEARD_S + 1, None, None, 4)
    assert team.crew() == Crew(workers=0, silent=1)
    team.note(at_s=NOW_S + KEPT_S + 1)
    assert team.roster.rows(team.now_s, {}) == []
    assert team.crew() is None


def test_a_worker_that_answers_each_round_is_heard_though_rounds_are_rare() -> None:
    team = Team().note({"w": answers()}).note(at_s=NOW_S + 60)

    crew = team.crew()
    assert crew is not None
    assert crew.workers == 1


def test_a_worker_that_said_good_bye_is_not_silent() -> None:
    said = Team().note({"w": answers(NOW_S - 5)}, {"w": pulse(has_left=True)})
    missed = Team().note({"w": answers(NOW_S - 5, has_left=True)})

    assert [team.crew() for team in (said, missed)] == [None, None]
    assert said.roster.rows(NOW_S, {}) == []
    assert (missed.row().slots, missed.row().busy) == (4, None)
    assert missed.note({"w": answers(NOW_S + 5)}, at_s=NOW_S + 5).crew() is not None


def test_of_a_worker_with_more_queues_than_the_table_shows_they_are_unknown() -> None:
    many = frozenset(f"queue-{number}" for number in range(21))

    assert Team().note({"w": answers(queues=many)}).row().queues is None


def test_the_crew_adds_up_the_workers_of_the_watched_queues() -> None:
    team = Team().note(
        {
            "a": answers(stats={"prefetch": 1}, running=Running(at_s=NOW_S, busy=1, oldest_s=8.0)),
            "b": answers(stats={"slots": 2, "prefetch": 0}, running=Running(at_s=NOW_S, busy=2, oldest_s=30.0)),
            "elsewhere": answers(queues=frozenset({"reports"}), running=Running(at_s=NOW_S, busy=4)),
        }
    )

    assert team.crew() == Crew(workers=2, slots=6, usable=3, busy=3, oldest_s=30.0)
    assert len(team.roster.rows(NOW_S, {})) == 3


def test_the_crew_tells_the_pace_of_the_moment_and_the_rows_that_of_the_minute() -> None:
    team = Team()
    for second in range(0, 60, 2):
        team.note({}, {"w": pulse(NOW_S + second, processed=100 + 15 * max(0, second - 48))}, NOW_S + second)

    crew = team.crew()
    assert crew is not None
    assert crew.started_per_s == pytest.approx(15, rel=0.15)
    assert team.row().started_per_min == pytest.approx(150, rel=0.2)


def test_of_a_crew_with_one_unknown_worker_the_sum_is_unknown() -> None:
    answered = {"a": answers(running=Running(at_s=NOW_S, busy=1)), "b": replace(answers(), stats=None)}
    crew = Team().note(answered).crew(figures={"a": WorkerFigures(failed_per_min=3.0)})

    assert crew == Crew(workers=2, slots=None, busy=None, oldest_s=0.0)


def test_failures_are_known_once_every_worker_sends_events() -> None:
    team = Team().note({"a": answers(), "b": answers()})
    figures = {"a": WorkerFigures(failed_per_min=3.0), "b": WorkerFigures(failed_per_min=0.0)}

    crew = team.crew(figures=figures)
    assert crew is not None
    assert crew.failed_per_min == 3.0


def test_that_nobody_is_there_is_known_only_where_the_broker_says_so() -> None:
    assert Team().crew() is None
    assert Team().crew(nobody_listens=True) == Crew(workers=0, slots=0, usable=0, busy=0, started_per_s=0.0)


def test_workers_and_their_names_are_bounded() -> None:
    many = {f"w{index}": answers() for index in range(MAX_FOLLOWED + 50)}
    team = Team().note({"\x1b" + "x" * 250: answers(), **many})

    rows = team.roster.rows(NOW_S, {})
    assert len(rows) == MAX_FOLLOWED
    assert max(len(row.name.encode()) for row in rows) <= 200
    assert rows[0].name.startswith("\\x1bxxx")
