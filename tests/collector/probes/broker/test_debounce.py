"""When RabbitMQ's "no messages, no consumers" counts."""

import pytest

from collector.probes.broker.debounce import Debounce
from store.samples.model import Queue, QueueState

UNKNOWN = None


@pytest.mark.parametrize(
    ("told", "believed"),
    [
        ([(0, 0)] * 4, [UNKNOWN, UNKNOWN, (0, 0), (0, 0)]),  # At first there is no earlier reading to fall back on.
        ([(5, 2), (0, 0), (0, 0), (0, 0)], [(5, 2), (5, 2), (5, 2), (0, 0)]),
        ([(5, 2), (0, 0), (0, 0), (6, 2)], [(5, 2), (5, 2), (5, 2), (6, 2)]),  # A false zero does not show.
        ([(5, 0), (0, 0), (0, 0), (0, 0)], [(5, 0), (5, 0), (5, 0), (0, 0)]),
        ([(5, 2), (0, 2), (5, 2)], [(5, 2), (0, 2), (5, 2)]),  # Drained, but consumed: nothing to debounce.
        ([(5, 2), (0, 0), (5, 2), (0, 0), (0, 0), (0, 0)], [(5, 2)] * 5 + [(0, 0)]),
    ],
)
def test_an_abrupt_zero_is_believed_once_it_was_repeated_twice(
    told: list[tuple[int, int]], believed: list[tuple[int, int] | None]
) -> None:
    debounce = Debounce()

    weighed = [
        debounce.filter(Queue(name="q", state=QueueState.OK, ready=ready, consumers=consumers))
        for ready, consumers in told
    ]

    assert [None if q.state == QueueState.UNKNOWN else (q.ready, q.consumers) for q in weighed] == believed


def test_queues_are_doubted_each_by_itself() -> None:
    debounce = Debounce()

    for name in ("a", "b"):
        debounce.filter(Queue(name=name, state=QueueState.OK, ready=0, consumers=0))

    assert debounce.filter(Queue(name="a", state=QueueState.OK, ready=0, consumers=0)).state == QueueState.UNKNOWN
