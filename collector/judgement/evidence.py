"""What is known at the moment of one sample, and what a cause may be found in. [pure]"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from collector.judgement.consumers import Consumers, consumers_of, workers_of
from collector.judgement.situation import Situation
from store.logs.visible import in_one_line, shorten
from store.samples.model import Check, Queue, QueueState, Sample, Status
from store.samples.verdict import Facts, Finding
from store.samples.workload import Worker

STANDSTILL = "standstill"

_SUBJECTS = {"stuck": STANDSTILL, "still": STANDSTILL, "worker": STANDSTILL}
"""By the first word of a finding's code, what it is about, where that is not the same."""

NAME_BYTES = 100

_UNKNOWN = Check(status=Status.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is wrong, and all that is known when it is."""

    situation: Situation
    finding: Finding
    """The worst one, which a cause explains."""

    @property
    def sample(self) -> Sample:
        """The sample that is judged."""
        return self.situation.sample

    def check(self, service: str) -> Check:
        """The check of one service; unknown where there is none."""
        return self.sample.checks.get(service, _UNKNOWN)

    @property
    def since_s(self) -> float | None:
        """For how long it has been so; None = unknown."""
        idle_s = self.finding.facts.get("idle_s")
        return idle_s if isinstance(idle_s, int | float) else None

    @property
    def subject(self) -> str:
        """What the finding is about."""
        word = self.finding.code.split("_")[0]
        return _SUBJECTS.get(word, word)

    @cached_property
    def standing(self) -> Queue | None:
        """The queue from which nothing leaves."""
        name = self.finding.facts.get("queue") if self.subject == STANDSTILL else None
        return next((queue for queue in self.waiting if queue.name == name), None)

    @cached_property
    def waiting(self) -> tuple[Queue, ...]:
        """The queues in which messages wait, the longest first."""
        waiting = (queue for queue in self.sample.queues if queue.state == QueueState.OK and queue.ready)
        return tuple(sorted(waiting, key=lambda queue: queue.ready or 0, reverse=True))

    @cached_property
    def workers(self) -> tuple[Worker, ...]:
        """All workers of the watched application; none where the table is missing or not complete."""
        return workers_of(self.situation.workload)

    def consumers(self, queues: Iterable[Queue]) -> Consumers | None:
        """The workers that consume any of these queues, as far as slots and tasks of each are known."""
        return consumers_of(self.situation.workload, {queue.name for queue in queues})

    def cause(self, code: str, facts: Facts | None = None) -> Finding:
        """A cause is as bad as what it explains."""
        return Finding(level=self.finding.level, code=code, facts=facts or {})


def bounded(name: str) -> str:
    """A name from outside, visible and as long as a sentence bears."""
    return shorten(in_one_line(name[:NAME_BYTES]), NAME_BYTES)
