"""Whether workers take from the watched queues: RabbitMQ's consumer counts, or the workers' own word on Redis.

A process that hangs keeps its consumer until RabbitMQ misses its heartbeats, so `online` means: a worker is
connected and consumes. It does not mean that its tasks get on.
"""

from collections.abc import Sequence

from collector.probes.broker_connection import REDIS, kind_of
from collector.probes.queues import Reading
from collector.probes.roll_call import RollCall
from collector.store.model import Check, Queue, QueueState, Status

_FIRST_LOOK = Check(status=Status.UNKNOWN, reason="first_look")


class WorkerProbe:
    """Judges the workers once a sample. Not thread-safe: one caller."""

    def __init__(self, broker_url: str | None, queue_names: Sequence[str]) -> None:
        self._is_watched = broker_url is not None
        self._roll_call = None
        if broker_url is not None and kind_of(broker_url) == REDIS:
            self._roll_call = RollCall(broker_url, queue_names)
        self._last = _FIRST_LOOK
        self._was_idle = False

    def start(self) -> None:
        """Start asking the workers where the broker cannot tell; may be called twice."""
        if self._roll_call is not None:
            self._roll_call.start()

    def stop(self) -> None:
        """Stop asking; may be called twice."""
        if self._roll_call is not None:
            self._roll_call.stop()

    def read(self, reading: Reading | None) -> Check:
        """The verdict on this sample's reading, None when no broker is watched. Returns at once.

        Degraded = a part of the watched queues has no worker.
        """
        if not self._is_watched or reading is None:
            return Check(status=Status.DISABLED, reason="not_watched")
        if reading.failure is not None:
            self._last, self._was_idle = _FIRST_LOOK, False
            return Check(status=Status.UNKNOWN, reason="broker_down")
        if self._roll_call is not None:
            return _judge_answers(self._roll_call.get_served(), reading.queues)
        self._last = self._judge_counts([queue for queue in reading.queues if queue.state != QueueState.UNKNOWN])
        return self._last

    def _judge_counts(self, queues: Sequence[Queue]) -> Check:
        """Nobody is reported missing on one look: a worker that reconnects is without a consumer for a moment."""
        if not queues:
            return _FIRST_LOOK
        idle = [queue for queue in queues if not queue.consumers]  # A missing queue has no consumer either.
        was_idle, self._was_idle = self._was_idle, bool(idle)
        if not idle:
            return Check(status=Status.ONLINE)
        if not was_idle:
            return self._last
        return Check(status=Status.OFFLINE if len(idle) == len(queues) else Status.DEGRADED, reason="no_consumers")


def _judge_answers(served: frozenset[str] | None, queues: Sequence[Queue]) -> Check:
    """Silence is never offline: a worker that is slow, or in a long solo task, is as silent as a dead one."""
    if served is None:
        return _FIRST_LOOK
    if all(queue.name in served for queue in queues):
        return Check(status=Status.ONLINE)
    return Check(status=Status.DEGRADED if served else Status.UNKNOWN, reason="ping_silent")
