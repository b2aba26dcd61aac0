"""The watched broker's own verdict, from what the queue watch saw: it asks nothing itself. [pure]"""

from dataclasses import replace

from collector.probes.broker.reading import Reading
from collector.probes.verdict import judge
from store.samples.model import Check, Status


def read_broker(reading: Reading | None) -> Check:
    """Whether the watched broker answers; disabled without a reading, that is, when no broker is watched.

    Degraded while it is in alarm, when it answers and delivers but takes no message from anybody, and while another of
    its addresses than the preferred one is read.
    """
    if reading is None:
        return Check(status=Status.DISABLED)
    check = judge(reading.failure, reading.latency_ms)
    if reading.alarm is not None and check.status in (Status.ONLINE, Status.DEGRADED):
        return replace(check, status=Status.DEGRADED, reason=reading.alarm)
    if reading.address_index and check.status is Status.ONLINE:
        return replace(check, status=Status.DEGRADED, reason="failover")
    return check
