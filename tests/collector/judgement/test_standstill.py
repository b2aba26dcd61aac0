"""Messages that wait while none leaves: proven, suspected, usual, or explained by busy workers."""

from dataclasses import replace
from typing import Any

import pytest

from collector.judgement.judge import judge
from collector.judgement.situation import Past, Situation
from collector.probes.broker.departures import Movement
from store.samples.model import Check, Status
from store.samples.verdict import Verdict
from store.samples.workload import Worker, Workload
from tests.builders import make_queue, make_sample

ONLINE = Check(status=Status.ONLINE)
STUCK = Check(status=Status.OFFLINE, reason="no_progress", facts={"queue": "dispatch", "idle_s": 75, "waiting": 130})
BUSY = Worker(name="celery@a", age_s=2.0, slots=8, busy=8, oldest_s=720.0, queues=("dispatch",))


def verdict_on(
    *names: str, still_s: float | None = 0.0, ready: int | None = 300, is_certain: bool = True, **known: Any
) -> Verdict:
    """On a sample of the queues `names`, of which the first stands still."""
    worker = known.pop("worker", ONLINE)
    queues = tuple(make_queue(name=name, ready=ready, peak=ready) for name in names or ("dispatch",))
    sample = make_sample(queues=queues, checks={"database": ONLINE, "worker": worker, "rabbitmq": ONLINE})
    movement = Movement(still_s=still_s, is_certain=is_certain)
    return judge(Situation(sample=sample, movements={queues[0].name: movement}, **known))


def workload(*workers: Worker) -> Workload:
    return Workload(workers=workers, workers_total=len(workers))


def test_a_pause_calls_for_attention_before_it_is_proven_to_be_a_standstill() -> None:
    assert verdict_on(still_s=14.9).code == "waiting"
    told = verdict_on(still_s=42.7)

    assert (told.level, told.code) == ("attention", "still")
    assert told.facts == {"queue": "dispatch", "idle_s": 42, "waiting": 300}


@pytest.mark.parametrize(
    "known",
    [
        {"is_certain": False},  # A message may have left unseen.
        {"ready": 0},
        {"still_s": None},
        {"past": Past(pauses_s={"dispatch": 25.0})},  # Tasks of that length are usual here.
        {"workload": workload(BUSY)},
    ],
    ids=["uncertain", "empty", "unknown", "usual", "busy"],
)
def test_a_pause_that_is_uncertain_usual_or_explained_is_none(known: dict[str, Any]) -> None:
    assert verdict_on(**{"still_s": 42.0, **known}).level == "fine"


def test_where_long_tasks_are_usual_attention_begins_later_as_well() -> None:
    assert verdict_on(still_s=42.0, stuck_s=3600.0).level == "fine"
    assert verdict_on(still_s=900.0, stuck_s=3600.0).code == "still"


def test_a_pause_longer_than_usual_is_told() -> None:
    assert verdict_on(still_s=50.0, past=Past(pauses_s={"dispatch": 25.0})).code == "still"


def test_of_several_queues_the_one_that_stands_still_is_named() -> None:
    assert verdict_on("dispatch", "other", still_s=42.0).code == "still_queue"
    assert verdict_on("dispatch", "other", worker=STUCK).code == "stuck_queue"


@pytest.mark.parametrize(
    "known", [{"age_s": 16.0}, {"age_s": None}, {"slots": None}, {"busy": None}, {"busy": 7}], ids=str
)
def test_a_worker_that_is_not_known_to_be_busy_explains_nothing(known: dict[str, Any]) -> None:
    assert verdict_on(still_s=42.0, workload=workload(BUSY, replace(BUSY, **known))).code == "still"


def test_the_workers_of_another_queue_explain_nothing_and_need_not_be_busy() -> None:
    other = replace(BUSY, queues=("other",), busy=0)

    assert verdict_on(still_s=42.0, workload=workload(other)).code == "still"
    assert verdict_on(still_s=42.0, workload=workload(BUSY, other)).code == "waiting"


def test_a_table_of_workers_that_is_cut_off_explains_nothing() -> None:
    assert verdict_on(still_s=42.0, workload=Workload(workers=(BUSY,), workers_total=51)).code == "still"


def test_a_standstill_is_bad_however_busy_the_workers_are() -> None:
    told = verdict_on(worker=STUCK, workload=workload(BUSY))

    assert (told.level, told.code, told.facts) == ("bad", "stuck", STUCK.facts)
