"""The watched broker's own verdict, from what the queue watch saw: it asks nothing itself. [pure]"""

from collector.probes.queues import Reading
from collector.probes.verdict import judge
from collector.store.model import Check, Status


def read_broker(reading: Reading | None) -> Check:
    """Whether the watched broker answers; disabled without a reading, that is, when no broker is watched."""
    if reading is None:
        return Check(status=Status.DISABLED)
    return judge(reading.failure, reading.latency_ms)
