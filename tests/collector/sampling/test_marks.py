"""Changes between two samples are marked, each one once."""

import pytest

from collector.sampling.marks import Marker, PreviousSample, carry_over, parse_previous
from store.samples.model import Check, QueueState, Status
from store.samples.wire import parse_wire
from tests.builders import make_queue, make_sample

INTERVAL_S = 3.0


def follow(samples):
    """The marks of each sample; the first one is the host's first ever."""
    marker, previous, marks = Marker(INTERVAL_S), PreviousSample(), []
    for sample in samples:
        marks.append(marker.marks(previous, sample))
        previous = carry_over(previous, sample)
    return marks


def bursts(*depths):
    """By sample number, the peaks marked in samples of one queue with these (ready, peak), one sample a tick."""
    samples = [
        make_sample(at=INTERVAL_S * number, queues=(make_queue(ready=ready, peak=peak),))
        for number, (ready, peak) in enumerate(depths)
    ]
    return {number: mark["peak"] for number, marks in enumerate(follow(samples)) for mark in marks}


def with_worker(status, reason=None, **overrides):
    return make_sample(checks={"worker": Check(status=status, reason=reason)}, **overrides)


def test_the_first_sample_ever_has_no_marks():
    assert follow([make_sample(queues=(make_queue(ready=500, peak=500),))]) == [()]


def test_a_change_of_a_service_is_marked_once_and_unknown_counts():
    marks = follow([with_worker(status) for status in (Status.ONLINE, Status.UNKNOWN, Status.UNKNOWN, Status.OFFLINE)])

    assert marks == [
        (),
        ({"kind": "service", "name": "worker", "before": "online", "after": "unknown"},),
        (),
        ({"kind": "service", "name": "worker", "before": "unknown", "after": "offline"},),
    ]


def test_a_collector_that_has_only_just_started_to_look_marks_nothing():
    first_look = with_worker(Status.UNKNOWN, "first_look")

    assert follow([with_worker(Status.ONLINE), first_look, with_worker(Status.ONLINE)]) == [(), (), ()]
    assert follow([with_worker(Status.ONLINE), first_look, with_worker(Status.OFFLINE)])[2] == (
        {"kind": "service", "name": "worker", "before": "online", "after": "offline"},
    )


def test_a_change_of_version_is_seen_over_a_restart():
    stored = parse_wire(make_sample(version="1.6.0").to_json())

    marks = Marker(INTERVAL_S).marks(parse_previous(stored), make_sample(version="1.7.0"))

    assert marks == ({"kind": "version", "before": "1.6.0", "after": "1.7.0"},)


def test_the_previous_sample_is_the_same_from_the_store_as_from_memory():
    sample = make_sample(
        queues=(make_queue(ready=7), make_queue(name="gone", state=QueueState.MISSING, ready=None, peak=None)),
        checks={"worker": Check(status=Status.UNKNOWN, reason="first_look"), "database": Check(status=Status.ONLINE)},
    )

    assert parse_previous(parse_wire(sample.to_json())) == carry_over(PreviousSample(), sample)


@pytest.mark.parametrize("junk", [{}, {"checks": [], "queues": {}, "version": 1}, {"checks": {"a": 1}, "queues": [1]}])
def test_a_stored_sample_that_is_not_as_we_write_it_tells_little(junk):
    assert Marker(INTERVAL_S).marks(parse_previous({"at": 1.0, **junk}), make_sample()) == ()


def test_a_burst_that_drains_between_two_samples_is_marked_once():
    assert bursts((0, 0), (0, 150), (0, 0), (0, 0)) == {1: 150}


def test_a_burst_cut_in_two_by_a_tick_is_marked_once():
    assert bursts((0, 0), (49, 49), (0, 100), (0, 0)) == {2: 100}
    assert bursts((0, 0), (75, 75), (60, 150), (0, 60)) == {1: 75}


def test_a_dispatch_that_lasts_is_marked_at_its_beginning():
    rising = [(900 * number, 900 * number) for number in range(8)]
    falling = [(peak - 500, peak) for peak in range(6300, 500, -500)]

    assert bursts((0, 0), *rising, *falling) == {2: 900}


def test_gusts_are_one_dispatch_and_one_after_a_calm_is_another():
    gusts = [(2, 100), (1, 2), (1, 1)] * 4
    calm = [(1, 1)] * 5

    assert bursts((0, 0), *gusts, *calm, (0, 120)) == {1: 100, 18: 120}


def test_messages_after_an_empty_queue_are_another_burst_however_soon_they_come():
    assert bursts((0, 0), (0, 150), (0, 0), (0, 140), (0, 0), (30, 130), (0, 30), (0, 0), (0, 120)) == {
        1: 150, 3: 140, 5: 130, 8: 120,
    }  # fmt: skip


def test_a_dispatch_right_after_another_has_a_mark_of_its_own():
    assert bursts((0, 0), (75, 150), (0, 75), (100, 150), (0, 100)) == {1: 150, 3: 150}
    draining = [(1400 - 130 * number, 1530 - 130 * number) for number in range(4)]
    assert bursts((0, 0), (1500, 1500), *draining, (2900, 3000), (2770, 2900)) == {1: 1500, 6: 3000}


def test_a_queue_that_emptied_only_at_the_tick_may_still_be_getting_the_same_dispatch():
    assert bursts((0, 0), (0, 90), (0, 80), (0, 100), (0, 0)) == {1: 90}


def test_a_queue_that_could_not_be_read_was_not_empty():
    unknown = make_queue(state=QueueState.UNKNOWN, ready=None, peak=None)
    other, full = make_queue(name="other"), make_queue(name="other", peak=100)
    ticks = [(make_queue(), other), (make_queue(peak=150), other), (unknown, other), (unknown, full)]
    marks = follow([make_sample(at=3.0 * number, queues=queues) for number, queues in enumerate(ticks)])

    assert [len(each) for each in marks] == [0, 1, 0, 0]


def test_a_queue_that_grows_slowly_is_not_marked():
    assert bursts(*[(40 * number, 40 * number) for number in range(100)]) == {}
    assert bursts(*[(10_000 + 150 * number, 10_000 + 150 * number) for number in range(50)]) == {}


def test_a_queue_that_drains_is_not_marked():
    assert bursts((5000, 5000), *[(5000 - 100 * number, 5100 - 100 * number) for number in range(1, 40)]) == {}


def test_a_queue_whose_depth_was_not_known_has_not_risen():
    unknown = make_queue(state=QueueState.UNKNOWN, ready=None, peak=None)
    full = make_queue(ready=4000, peak=4000)
    samples = [make_sample(at=3.0 * number, queues=queues) for number, queues in enumerate([(unknown,), (full,), ()])]
    discovered = [make_sample(at=0.0, queues=()), make_sample(at=3.0, queues=(full,))]

    assert follow(samples) == [(), (), ()]
    assert follow(discovered) == [(), ()]


def test_a_queue_that_the_first_message_creates_was_empty():
    missing = make_queue(state=QueueState.MISSING, ready=None, peak=None)
    samples = [make_sample(at=0.0, queues=(missing,)), make_sample(at=3.0, queues=(make_queue(ready=90, peak=150),))]

    assert follow(samples)[1] == ({"kind": "burst", "peak": 150},)


def test_messages_that_came_during_a_long_pause_of_the_collector_are_no_burst():
    samples = [make_sample(at=at, queues=(make_queue(ready=ready, peak=ready),)) for at, ready in ((0, 0), (60, 900))]

    assert follow(samples) == [(), ()]
