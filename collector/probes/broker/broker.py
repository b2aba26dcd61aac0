"""The watched broker's check, from the queue watch's reading. [pure]"""

from dataclasses import replace

from collector.probes.broker.reading import Reading
from collector.probes.verdict import judge
from store.samples.model import Check, Status


def read_broker(reading: Reading | None) -> Check:
    """The check of the watched broker; disabled without a reading, that is, when no broker is watched.

    Degraded during an alarm, when the broker delivers messages but accepts none, and while the queue watch reads
    another address than the preferred one.
    """
    if reading is None:
        return Check(status=Status.DISABLED)
    check = judge(reading.failure, reading.latency_ms)
    if reading.alarm is not None and check.status in (Status.ONLINE, Status.DEGRADED):
        return replace(check, status=Status.DEGRADED, reason=reading.alarm)
    if reading.address_index and check.status is Status.ONLINE:
        return replace(check, status=Status.DEGRADED, reason="failover")
    return check
