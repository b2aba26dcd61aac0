"""How soon RabbitMQ's late counters prove a standstill, whenever they are polled."""

import pytest

from collector.probes.broker.departures import Departures
from collector.probes.broker.management_figures import Counters, Figures
from collector.probes.broker.reading import Reading
from collector.probes.workers.worker_verdict import Evidence, find_stuck
from store.samples.model import Queue, QueueState
from tests.promises import Promise

STUCK_S = 10.0
"""The least that the setting may be."""

READ_S, POLL_S, SAMPLE_S = 0.25, 5.0, 3.0


def row(ready: int, finished: int) -> dict[str, object]:
    stats = {"publish": 100, "ack": finished}
    return {"name": "q", "messages_ready": ready, "messages_unacknowledged": 4, "consumers": 1, "message_stats": stats}


def proven_after_s(*, polled_s: float, late_s: float, finished_at_s: float | None = None) -> float | None:
    """When it is proven that messages, which come at 0 and hide a departure at `finished_at_s`, stand still.

    `polled_s`: after 0 at the first poll; `late_s`: how late its figures are.
    """
    counters, departures, figures = Counters(POLL_S), Departures(is_certain=False), dict[str, Figures]()
    for number in range(-200, 200):
        now_s = number * READ_S
        queue = Queue(name="q", state=QueueState.OK, ready=20 if now_s >= 0 else 0, consumers=1)
        departures.note(queue, now_s)
        if (now_s - polled_s) % POLL_S == 0:
            told_s = now_s - late_s
            finished = int(finished_at_s is not None and told_s >= finished_at_s)
            figures = counters.fold([row(20 if told_s >= 0 else 0, finished)], now_s, are_counted=True)
        seen = Reading(broker_kind="amqp", queues=(queue,), movements={"q": departures.movement("q", now_s)})
        movement = seen.joined_with(figures, None, now_s).movements["q"]
        if find_stuck([Evidence(name="q", waiting=queue.ready, movement=movement)], stuck_s=STUCK_S):
            return now_s
    return None


@pytest.mark.parametrize("late_s", [0.0, 5.0])
@pytest.mark.parametrize("polled_s", [0.0, 0.25, 1.0, 2.5, 4.75])
def test_a_standstill_is_proven_as_soon_as_it_is_promised_to_show(polled_s: float, late_s: float) -> None:
    proven_s = proven_after_s(polled_s=polled_s, late_s=late_s)

    assert proven_s is not None
    assert STUCK_S <= proven_s <= STUCK_S + Promise.FAULT_SHOWS.within_s - SAMPLE_S


@pytest.mark.parametrize("late_s", [0.0, 5.0])
@pytest.mark.parametrize("finished_at_s", [0.5, 3.0, 5.0])
def test_a_departure_that_new_messages_hide_begins_the_wait_anew(finished_at_s: float, late_s: float) -> None:
    proven_s = proven_after_s(polled_s=0.25, late_s=late_s, finished_at_s=finished_at_s)

    assert proven_s is not None
    assert proven_s >= finished_at_s + STUCK_S
