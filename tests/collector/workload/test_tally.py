"""Tasks started per minute by name, over all workers."""

import pytest

from collector.probes.workers.worker_facts import Stats
from collector.workload.tally import Tally
from store.samples.workload import MAX_TASKS, OTHERS


def stats(at_s: float, pid: int = 1, **started: int) -> Stats:
    return Stats(at_s=at_s, pid=pid, started=started)


def paces(*rounds: dict[str, Stats]) -> dict[str, float | None]:
    tally = Tally()
    for each in rounds:
        tally.note(each)
    return dict(tally.per_min(max(each.at_s for each in rounds[-1].values())))


def test_what_all_workers_started_since_the_last_answer_is_added_up() -> None:
    before = {"a": stats(0, send=100, note=5), "b": stats(0, send=40)}
    after = {"a": stats(30, send=110, note=5), "b": stats(30, send=45)}

    assert paces(before) == {"send": None, "note": None}
    assert paces(before, after) == {"send": pytest.approx(30), "note": 0}


def test_a_task_that_is_new_counts_from_its_first_start() -> None:
    assert paces({"a": stats(0, send=1)}, {"a": stats(30, send=1, fresh=4)}) == {"send": 0, "fresh": pytest.approx(8)}


def test_a_new_task_is_spread_over_the_minute_that_is_known() -> None:
    quiet = [{"a": stats(at_s, old=1)} for at_s in (0, 30)]

    assert paces(*quiet, {"a": stats(60, old=1, fresh=150)})["fresh"] == pytest.approx(150)


def test_what_a_worker_started_before_it_was_first_heard_does_not_count() -> None:
    before = {"a": stats(0, send=100)}
    joined = {"a": stats(30, send=100), "b": stats(30, send=5000, old=9)}

    assert paces(before, joined) == {"send": 0, "old": None}


def test_a_worker_that_was_started_again_counts_from_0() -> None:
    assert paces({"a": stats(0, send=100)}, {"a": stats(30, pid=2, send=3)}) == {"send": pytest.approx(6)}
    assert paces({"a": stats(0, send=100)}, {"a": stats(30, pid=1, send=3)}) == {"send": pytest.approx(6)}


def test_the_same_answer_counts_once_and_a_worker_that_left_no_more() -> None:
    once, again = {"a": stats(0, send=1)}, {"a": stats(30, send=2)}

    assert paces(once, again, again, again) == {"send": pytest.approx(2)}
    assert paces({**once, "b": stats(0, gone=1)}, again, {"a": stats(60, send=2)}) == {"send": pytest.approx(1)}


def test_names_beyond_the_table_are_counted_together() -> None:
    names = [f"task-{index:03}" for index in range(MAX_TASKS + 50)]

    found = paces({"a": stats(0, **dict.fromkeys(names, 1))}, {"a": stats(60, **dict.fromkeys(names, 2))})

    assert (len(found), list(found)[-1]) == (MAX_TASKS, OTHERS)
    assert found["task-000"] == 1
    assert found[OTHERS] == 51


def test_a_name_of_more_than_a_line_is_shown_in_one() -> None:
    answer = {"a": Stats(at_s=0, started={"send\n\x1b[31m" + "x" * 500: 1})}

    [name] = paces(answer)

    assert name.startswith("send\\n\\x1b[31mxxx")
    assert len(name.encode()) <= 200
