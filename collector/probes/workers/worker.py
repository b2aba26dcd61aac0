"""Collects the evidence on the workers (departures, consumers, answers); `worker_verdict` judges it.

RabbitMQ counts a queue's consumers, and the workers' silence adds to it. Redis counts none, so the workers' answers are
the only evidence. Other threads gather both: nothing is requested here.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from collector.probes.broker.broker_connection import REDIS, kind_of
from collector.probes.broker.departures import Movement
from collector.probes.broker.reading import Reading
from collector.probes.workers.inspect_backoff import InspectTimes
from collector.probes.workers.worker_inspect import OFF, Inspection, WorkerInspector
from collector.probes.workers.worker_verdict import FIRST_LOOK, STUCK_S, Evidence, find_stuck, judge_workers
from settings import ALL_QUEUES
from settings.broker_options import BrokerOptions
from store.samples.model import Check, Queue, QueueState, Status


class WorkerProbe:
    """Judges the workers once a sample. Not thread-safe: one caller."""

    def __init__(
        self,
        broker_url: str | None,
        queue_names: Sequence[str],
        *,
        options: BrokerOptions | None = None,
        asks: bool = True,
        times: InspectTimes | None = None,
        stuck_s: float = STUCK_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`asks`: whether the workers are asked, the only request sent to what is watched.

        stuck_s: after so long without a departure, waiting messages mean a standstill.
        """
        self._is_watching = broker_url is not None
        self._is_redis = broker_url is not None and kind_of(broker_url) == REDIS
        self._inspector: WorkerInspector | None = None
        if broker_url is not None and asks:
            self._inspector = WorkerInspector(
                broker_url, queue_names, options or BrokerOptions(), times or InspectTimes()
            )
        self._discovers = ALL_QUEUES in queue_names
        self._stuck_s = stuck_s
        self._monotonic = monotonic
        self._forget()

    @property
    def inspector(self) -> WorkerInspector | None:
        """Asks the workers; None where nobody does."""
        return self._inspector

    def start(self) -> None:
        """Start inspecting the workers; may be called twice."""
        if self._inspector is not None:
            self._inspector.start()

    def stop(self) -> None:
        """Stop inspecting; may be called twice."""
        if self._inspector is not None:
            self._inspector.stop()

    def read(self, reading: Reading | None) -> Check:
        """The check for this sample's reading, which is None when no broker is watched. Returns at once."""
        if not self._is_watching or reading is None:
            return Check(status=Status.DISABLED, reason="not_watched")
        if reading.failure is not None:
            self._forget()
            return Check(status=Status.UNKNOWN, reason="broker_down")
        inspection = self._latest(reading)
        if self._is_redis:
            return _judge_answers(inspection, reading, self._stuck_s)
        self._last = self._judge_counts(reading, inspection, self._monotonic())
        return _with_reason(self._last, inspection)

    def inspection(self) -> Inspection | None:
        """How the workers answered the last question; None = unknown. Returns at once."""
        return self._inspector.latest() if self._inspector else OFF

    def _latest(self, reading: Reading) -> Inspection | None:
        if self._inspector is not None:
            # An alarm blocks the request, and without consumers or messages there is nothing to ask about.
            is_telling = any(queue.consumers or queue.ready for queue in reading.queues)
            is_worthwhile = reading.alarm is None and is_telling
            self._inspector.follow(reading.address_index, is_worthwhile=self._is_redis or is_worthwhile)
        return self.inspection()

    def _forget(self) -> None:
        self._unserved_since_s: dict[str, float] = {}
        self._once_served: set[str] = set()
        self._last = FIRST_LOOK

    def _judge_counts(self, reading: Reading, inspection: Inspection | None, now_s: float) -> Check:
        """One reading reports no consumer missing: a worker that reconnects has none for a moment."""
        known = self._expected([queue for queue in reading.queues if queue.state != QueueState.UNKNOWN])
        before, self._unserved_since_s = self._unserved_since_s, {
            queue.name: self._unserved_since_s.get(queue.name, now_s) for queue in known if not queue.consumers
        }  # fmt: skip
        evidence = [
            replace(
                _evidence(queue, reading, inspection),
                unserved_s=None if queue.consumers else now_s - self._unserved_since_s[queue.name],
            )
            for queue in known
            if queue.consumers or queue.name in before
        ]
        if reading.queues and not evidence:
            return self._last
        # During an alarm a request does not even reach the workers.
        asked = inspection if reading.alarm is None else None
        return judge_workers(
            evidence,
            asked.silent_s if asked else None,
            is_unanswered=asked is not None and asked.reason == "ping_silent",
            stuck_s=self._stuck_s,
        )

    def _expected(self, queues: list[Queue]) -> list[Queue]:
        """The queues that should have a consumer: not discovered ones that never had, such as a dead-letter queue."""
        if not self._discovers:
            return queues
        self._once_served = {queue.name for queue in queues if queue.consumers or queue.name in self._once_served}
        return [queue for queue in queues if queue.name in self._once_served] or queues


def _with_reason(check: Check, inspection: Inspection | None) -> Check:
    """The check with the reason why the workers could not be asked, if they could not."""
    if inspection is None or inspection.reason is None or not inspection.reason.startswith("ask_"):
        return check
    return replace(check, facts={**check.facts, "ask": inspection.reason})


def _judge_answers(inspection: Inspection | None, reading: Reading, stuck_s: float) -> Check:
    """Silence is never offline: a worker that is slow, or busy with a long task in the solo pool, is silent too."""
    evidence = [_evidence(queue, reading, inspection) for queue in reading.queues]
    if stuck := find_stuck(evidence, stuck_s=stuck_s):
        return stuck
    silent = [queue for queue in evidence if not queue.is_answered and not queue.is_working]
    if not silent:
        return Check(status=Status.ONLINE)
    if inspection is None:
        return FIRST_LOOK
    # Without requests or readable answers, a queue that nobody claims says nothing about its workers.
    is_evidence = inspection.reason in (None, "ping_silent")
    status = Status.DEGRADED if is_evidence and len(silent) < len(evidence) else Status.UNKNOWN
    return Check(status=status, reason=inspection.reason or "none_serves")


def _evidence(queue: Queue, reading: Reading, inspection: Inspection | None) -> Evidence:
    return Evidence(
        name=queue.name,
        waiting=queue.ready,
        movement=reading.movements.get(queue.name, Movement()),
        unacked=queue.unacked,
        unfinished_s=reading.unfinished_s.get(queue.name),
        is_answered=inspection is not None and queue.name in inspection.served,
    )
