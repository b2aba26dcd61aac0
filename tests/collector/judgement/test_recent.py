"""What many samples show together: kills, throttling that lasts, slots that are not used, streams that end."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from collector.judgement.recent import QUIET_S, STEADY_S, THROTTLED_SAMPLES, TOLD_S, Kill, Recent, Trends
from collector.judgement.signs import COUNTED_S, UNUSED_S, find_signs
from collector.judgement.situation import Situation
from collector.probes.workers.inspect_backoff import InspectTimes
from collector.probes.workers.worker_verdict import STUCK_S
from store.samples.model import Sample
from store.samples.resources import Container, Cpu, Ram, Scope
from store.samples.verdict import Finding, Level
from store.samples.workload import Worker, Workload
from tests.builders import make_queue, make_sample
from tests.promises import Promise

TICK_S = 3.0


def reporting(name: str = "worker", *, kills: int | None = 0, throttled: float | None = 0.0, **values: Any) -> Sample:
    container = Container(
        name=name,
        age_s=1.0,
        cpu=Cpu(scope=Scope.CONTAINER, throttled_percent=throttled),
        ram=Ram(scope=Scope.CONTAINER, oom_kills=kills),
    )
    return make_sample(containers=(replace(container, **values),))


def follow(samples: Iterable[Sample], recent: Recent | None = None, *, workload: Workload | None = None) -> Trends:
    recent, trends = recent or Recent(), Trends()
    for number, sample in enumerate(samples):
        trends = recent.note(sample, workload, number * TICK_S)
    return trends


def signs_of(sample: Sample, trends: Trends, workload: Workload | None = None) -> list[Finding]:
    return list(find_signs(Situation(sample=sample, workload=workload, trends=trends)))


def test_a_kill_is_a_count_that_has_risen_since_the_first_one():
    assert follow([reporting(kills=5), reporting(kills=5)]).kills == ()
    assert follow([reporting(kills=5), reporting(kills=7), reporting(kills=7)]).kills == (
        Kill(name="worker", count=2, ago_s=TICK_S),
    )


def test_a_new_cgroup_counts_from_its_own_first_count():
    assert follow([reporting(kills=5), reporting(kills=0), reporting(kills=None), reporting(kills=0)]).kills == ()


@pytest.mark.parametrize("values", [{"age_s": 30.0}, {"sources": 2}])
def test_a_report_that_is_old_or_of_several_containers_says_nothing(values):
    assert follow([reporting(kills=5), reporting(kills=7, **values)]).kills == ()
    assert follow([reporting(throttled=80.0, **values)] * THROTTLED_SAMPLES).throttled == {}


def test_the_collectors_own_cgroup_counts_only_where_no_container_reports():
    def own(kills: int, **overrides: Any) -> Sample:
        return make_sample(ram=Ram(scope=Scope.CONTAINER, oom_kills=kills), **overrides)

    reported = reporting().containers

    assert [kill.name for kill in follow([own(0), own(1)]).kills] == ["web-1"]
    assert follow([own(0, containers=reported), own(1, containers=reported)]).kills == ()


def test_throttling_counts_as_the_least_share_of_several_samples_in_a_row():
    shares = [reporting(throttled=percent) for percent in (90.0, 40.0, 75.0, 60.0, 80.0)]

    assert follow(shares).throttled == {"worker": 40.0}
    assert follow(shares[1:]).throttled == {}
    assert follow([*shares, reporting(throttled=None), *shares[1:]]).throttled == {}


def arriving(in_per_s: float | None) -> Sample:
    return make_sample(queues=(make_queue(in_per_s=in_per_s),))


def stream(seconds: float, pattern: Iterable[float] = (0.5,)) -> list[Sample]:
    repeated = list(pattern)
    return [arriving(repeated[number % len(repeated)]) for number in range(int(seconds / TICK_S) + 1)]


def quiet(seconds: float) -> list[Sample]:
    return [arriving(0.0)] * int(seconds / TICK_S)


STEADY = stream(STEADY_S)


def test_a_steady_stream_that_breaks_off_is_told_after_some_minutes_for_an_hour():
    assert follow([*STEADY, *quiet(QUIET_S - TICK_S)]).silences == ()

    (silence,) = follow([*STEADY, *quiet(QUIET_S)]).silences

    assert (silence.queue, silence.quiet_s, silence.in_per_min) == ("dispatch", QUIET_S, 30.0)
    assert silence.steady_s >= STEADY_S
    assert follow([*STEADY, *quiet(TOLD_S)]).silences != ()
    assert follow([*STEADY, *quiet(TOLD_S + TICK_S)]).silences == ()


def test_a_stream_that_thinned_out_before_is_given_more_time():
    thin = [*STEADY, *stream(300, [0.1, *[0.0] * 15])]

    assert follow([*thin, *quiet(QUIET_S)]).silences == ()
    assert follow([*thin, *quiet(500)]).silences != ()


@pytest.mark.parametrize(
    ("why", "samples"),
    [
        ("it was a dispatch of an hour", stream(3600)),
        ("it had a pause of more than a minute", [*stream(3600), *quiet(63), *stream(3600)]),
        ("arrivals were unknown in between", [*stream(3600), arriving(None), *stream(3600)]),
        ("nothing ever came", quiet(STEADY_S)),
    ],
)  # fmt: skip
def test_the_end_of_a_stream_is_no_news_if(why, samples):
    assert follow([*samples, *quiet(QUIET_S + 60)]).silences == ()


def test_while_the_collector_was_stopped_arrivals_went_unseen():
    recent = Recent()
    follow(STEADY, recent)

    assert recent.note(arriving(0.0), None, len(STEADY) * TICK_S + 400).silences == ()


HELD_BACK = Worker(name="a", age_s=1.0, slots=4, busy=1, prefetch=1, queues=("dispatch",))


def workload(*workers: Worker) -> Workload:
    return Workload(workers=workers, workers_total=len(workers))


def test_slots_that_the_prefetch_leaves_idle_are_a_finding_once_that_lasts():
    waiting = make_sample(queues=(make_queue(ready=40),))
    samples = [waiting] * (int(UNUSED_S / TICK_S) + 1)
    held_back = workload(HELD_BACK)

    trends = follow(samples, workload=held_back)

    assert signs_of(waiting, trends, held_back) == [
        Finding(level=Level.ATTENTION, code="slots_unused", facts={"busy": 1, "slots": 4, "waiting": 40})
    ]
    assert signs_of(waiting, follow(samples[1:], workload=held_back), held_back) == []


def test_such_slots_show_as_soon_as_a_standstill_though_the_worker_was_asked_just_before():
    waiting = make_sample(queues=(make_queue(ready=40),))
    asked_again_s = 3 * InspectTimes().interval_s
    recent, shown_s = Recent(), 0.0

    for tick in range(100):
        told = workload(HELD_BACK if tick * TICK_S >= asked_again_s else replace(HELD_BACK, prefetch=4))
        trends = recent.note(waiting, told, tick * TICK_S)
        shown_s = shown_s or (tick * TICK_S if signs_of(waiting, trends, told) else 0.0)

    assert 0 < shown_s <= STUCK_S + Promise.FAULT_SHOWS.within_s


@pytest.mark.parametrize(
    "worker", [replace(HELD_BACK, busy=4), replace(HELD_BACK, prefetch=4), replace(HELD_BACK, prefetch=None)]
)
def test_slots_that_are_busy_or_may_be_filled_are_used(worker):
    waiting = make_sample(queues=(make_queue(ready=40),))

    assert follow([waiting] * 30, workload=workload(worker)).unused_s is None


UNAWARE = replace(HELD_BACK, prefetch=4)
"""It believes that it may be handed as many as it has slots."""


def follow_handed_out(*held: int | None, worker: Worker = UNAWARE) -> Trends:
    """After samples in which the broker has handed out so many messages."""
    samples = [make_sample(queues=(make_queue(ready=40, unacked=count),)) for count in held]
    return follow(samples, workload=workload(worker))


def test_workers_that_hold_always_as_many_messages_and_fewer_than_slots_are_held_back_whatever_they_say():
    trends = follow_handed_out(3, *[1] * 30)

    assert (trends.handed_out, trends.unused_s) == (1, 29 * TICK_S)


@pytest.mark.parametrize(
    ("held", "worker"),
    [
        ((1, 2) * 15 + (1,), UNAWARE),
        ((4,) * 30, UNAWARE),
        ((0,) * 30, UNAWARE),
        ((None,) * 30, UNAWARE),
        ((1,) * 30, replace(UNAWARE, busy=4)),
        ((1,) * 30, replace(UNAWARE, queues=("dispatch", "unwatched"))),
    ],
    ids=["now one, now two", "as many as slots", "none", "unknown", "busy", "they may hold others"],
)
def test_it_proves_nothing_where_workers_hold(held, worker):
    trends = follow_handed_out(*held, worker=worker)

    assert trends.unused_s is None or trends.unused_s < UNUSED_S


def test_what_is_only_counted_is_a_finding_later_than_what_the_worker_says():
    waiting, unaware = make_sample(queues=(make_queue(ready=40, unacked=1),)), workload(UNAWARE)
    few, enough = Trends(unused_s=COUNTED_S - TICK_S, handed_out=1), Trends(unused_s=COUNTED_S, handed_out=1)

    assert signs_of(waiting, few, unaware) == []
    assert [finding.code for finding in signs_of(waiting, enough, unaware)] == ["slots_unused"]


def test_idle_slots_without_a_message_that_waits_are_at_rest():
    assert follow([make_sample()] * 30, workload=workload(HELD_BACK)).unused_s is None


@pytest.mark.parametrize(("skew_s", "age_s", "is_found"), [(-95.0, 1.0, True), (14.0, 1.0, False), (95.0, 60.0, False)])
def test_a_workers_clock_is_a_finding_while_it_is_heard(skew_s, age_s, is_found):
    known = workload(Worker(name="celery@vm", age_s=age_s, skew_s=skew_s))

    found = signs_of(make_sample(), Trends(), known)

    facts = {"worker": "celery@vm", "apart_s": 95}
    assert found == ([Finding(level=Level.ATTENTION, code="clock_of_worker", facts=facts)] if is_found else [])


def test_the_end_of_a_stream_is_worth_attention_and_no_more():
    trends = follow([*STEADY, *quiet(QUIET_S)])

    assert signs_of(arriving(0.0), trends) == [
        Finding(level=Level.ATTENTION, code="arrivals_ended", facts={"queue": "dispatch", "quiet_s": 300})
    ]
