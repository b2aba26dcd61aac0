"""Finds the events between two samples of a host that its charts mark. [pure]

A mark is an object: {"kind": "service", "name", "before", "after"} when a service's state changed; {"kind": "version",
"before", "after"} when the collector's version did; {"kind": "burst", "peak"} when a dispatch began.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from store.samples.model import Queue, QueueState, Sample

Mark = Mapping[str, Any]

BURST_MESSAGES = 50
"""Least rise between two samples that may be a burst. A dispatch of 100 must show, and a tick may cut it in two; a
queue that grows by less each time is never marked."""

BURST_SHARE = 0.5
"""Least rise relative to the messages already waiting: 100 more are a burst on an empty queue, not on one of 10,000."""

CALM_SAMPLES = 3
"""Samples without such a rise that end a burst while messages still wait: gusts a few seconds apart are one dispatch.
A queue that empties ends the burst at once: the next messages are another dispatch."""

BURST_GAP_INTERVALS = 3
"""Two samples further apart are not compared for a burst: it is unknown when the messages came."""

FIRST_LOOK = "first_look"
"""The reason of a check before its first reading: it tells of the collector, not of the service."""


@dataclass(frozen=True, kw_only=True)
class PreviousSample:
    """What the next sample is compared with; without samples all of it is unknown."""

    at_s: float = 0.0
    version: str | None = None
    services: Mapping[str, str] | None = None
    """Status by service, without checks before their first reading."""
    waiting: Mapping[str, int] | None = None
    """Messages ready by queue, where known."""


def parse_previous(wire: Mapping[str, Any] | None) -> PreviousSample:
    """The previous sample from a stored one's wire form, or from None. Fields of an unexpected form are unknown."""
    if wire is None:
        return PreviousSample()
    version, checks, queues = wire.get("version"), wire.get("checks"), wire.get("queues")
    services = {
        str(name): check["status"]
        for name, check in (checks.items() if isinstance(checks, dict) else ())
        if isinstance(check, dict) and isinstance(check.get("status"), str) and check.get("reason") != FIRST_LOOK
    }
    waiting = {
        queue["name"]: 0 if queue.get("state") == QueueState.MISSING else queue["ready"]
        for queue in (queues if isinstance(queues, list) else ())
        if isinstance(queue, dict)
        and isinstance(queue.get("name"), str)
        and (isinstance(queue.get("ready"), int) or queue.get("state") == QueueState.MISSING)
    }
    return PreviousSample(
        at_s=wire["at"], version=version if isinstance(version, str) else None, services=services, waiting=waiting
    )


class Marker:
    """Compares each sample of a host with the previous one."""

    def __init__(self, interval_s: float) -> None:
        self._longest_gap_s = BURST_GAP_INTERVALS * interval_s
        self._calm_samples = CALM_SAMPLES

    def marks(self, previous: PreviousSample, sample: Sample) -> tuple[Mark, ...]:
        """The marks of `sample`; its own `marks` are ignored."""
        return (
            *_service_marks(previous, sample),
            *_version_marks(previous, sample),
            *self._burst_marks(previous, sample),
        )

    def _burst_marks(self, previous: PreviousSample, sample: Sample) -> list[Mark]:
        """A burst begins with a clear rise after a calm; later rises belong to it."""
        is_rising = 0 <= sample.at - previous.at_s <= self._longest_gap_s and _is_clear_rise(previous, sample)
        has_begun = is_rising and self._calm_samples >= CALM_SAMPLES
        if is_rising:
            self._calm_samples = 0
        else:
            self._calm_samples = CALM_SAMPLES if _has_emptied(sample) else self._calm_samples + 1
        return [{"kind": "burst", "peak": sample.queue_peak}] if has_begun else []


def carry_over(previous: PreviousSample, sample: Sample) -> PreviousSample:
    """`sample` as the next one's previous. A service before its first reading keeps its last known status."""
    looked_at = {name: str(check.status) for name, check in sample.checks.items() if check.reason != FIRST_LOOK}
    depths = ((queue.name, _known_ready(queue)) for queue in sample.queues)
    return PreviousSample(
        at_s=sample.at,
        version=sample.version,
        services={**(previous.services or {}), **looked_at},
        waiting={name: ready for name, ready in depths if ready is not None},
    )


def _service_marks(previous: PreviousSample, sample: Sample) -> list[Mark]:
    before = previous.services or {}
    return [
        {"kind": "service", "name": name, "before": before[name], "after": str(check.status)}
        for name, check in sample.checks.items()
        if check.reason != FIRST_LOOK and name in before and before[name] != check.status
    ]


def _version_marks(previous: PreviousSample, sample: Sample) -> list[Mark]:
    if previous.version is None or previous.version == sample.version:
        return []
    return [{"kind": "version", "before": previous.version, "after": sample.version}]


def _is_clear_rise(previous: PreviousSample, sample: Sample) -> bool:
    """Compares the queues known both then and now: a queue just discovered, or readable again, has not risen."""
    waiting = previous.waiting or {}
    known = [(waiting[queue.name], queue.peak) for queue in sample.queues if queue.name in waiting]
    rise = sum(peak - before for before, peak in known if peak is not None)
    return rise >= max(BURST_MESSAGES, BURST_SHARE * sum(before for before, _ in known))


def _has_emptied(sample: Sample) -> bool:
    """Whether no message waits any more."""
    return all(_known_ready(queue) == 0 for queue in sample.queues)


def _known_ready(queue: Queue) -> int | None:
    return 0 if queue.state == QueueState.MISSING else queue.ready
