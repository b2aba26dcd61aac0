"""Follows what each worker has answered, and chooses whom to ask for more than its queues. [pure]

Only workers that have just answered are asked, by name. One that does not answer such a question may have logged it: it
could not write an option of its broker as JSON. So it is asked ever more seldom.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from collector.probes.backoff import Backoff
from collector.probes.workers.pidbox import Answers, Method, Question
from collector.probes.workers.worker_facts import Running, Stats, read_running, read_stats

INTERVAL_S = 25.0
"""A worker is asked for more at most so often: every third time that it is asked for its queues while all is well."""

REFUSED_S, REFUSED_CAP_S, REFUSED_FACTOR = 30.0, 6 * 3600.0, 4.0
"""First and longest pause after a question without an answer, and how they grow."""

WARNED_S = 86_400.0
"""Pause after a question that may have been a warning in the worker's log."""

KEPT_S = 600.0
"""How long a silent worker is remembered."""

MAX_WORKERS = 200
"""Most workers that are followed."""

MAX_NAME = 255
"""Most characters of a worker's name; a longer one is not followed."""

MAX_SLOTS = 64
"""A worker with more slots is not asked for its tasks: each is half a kilobyte of its answer."""


@dataclass(frozen=True, kw_only=True)
class WorkerAnswers:
    """The last answers of one worker."""

    at_s: float
    """When it last answered, monotonic."""
    queues: frozenset[str]
    """The queues that it consumes."""
    stats: Stats | None = None
    running: Running | None = None
    has_missed: bool = False
    """It did not answer the last round."""
    has_left: bool = False
    """Every worker that listens has answered, and it was not among them."""


@dataclass
class _Due:
    """When a worker is asked a question again."""

    at_s: float
    pauses: Backoff


class Interview:
    """Follows the answers. All times are monotonic seconds of one clock. Not thread-safe."""

    def __init__(self, *, asks_stats: bool = True) -> None:
        """`asks_stats`: whether workers are asked for their statistics, and so for their tasks."""
        self._asks_stats = asks_stats
        self.workers: Mapping[str, WorkerAnswers] = {}
        """By worker, what it answered. A new mapping after each change, so that another thread may read it."""
        self._due: dict[tuple[str, Method], _Due] = {}

    def note_queues(self, answers: Answers, now_s: float) -> tuple[str, ...]:
        """Take the answers of all workers. Returns the workers that may be asked for more."""
        said = {name: queues for name, queues in answers.queues.items() if len(name) <= MAX_NAME}
        is_all = answers.listeners is not None and not answers.unreadable and len(answers.said) >= answers.listeners
        kept = {
            name: replace(known, has_missed=True, has_left=known.has_left or is_all)
            for name, known in self.workers.items()
            if now_s - known.at_s < KEPT_S
        }
        for name, queues in said.items():
            before = kept.pop(name, None)  # The last ones answered last.
            stats, running = (before.stats, before.running) if before else (None, None)
            kept[name] = WorkerAnswers(at_s=now_s, queues=queues, stats=stats, running=running)
        self.workers = dict(list(kept.items())[-MAX_WORKERS:])
        self._due = {key: due for key, due in self._due.items() if key[0] in self.workers}
        return tuple(name for name in said if name in self.workers)

    def question(self, method: Method, names: tuple[str, ...], now_s: float) -> Question | None:
        """The question to those of these workers that it is due for; None if it is for none."""
        if not self._asks_stats:
            return None
        may_be_asked = self._with_few_slots(names) if method is Method.ACTIVE else names
        due = tuple(name for name in may_be_asked if self._is_due(name, method, now_s))
        return Question(method, due) if due else None

    def note(self, question: Question, answers: Answers, now_s: float, wall_s: float) -> None:
        """Take the answers to one of the questions. `wall_s`: this host's clock, epoch s."""
        workers = dict(self.workers)
        for name in {*answers.said, *(question.destination or ())}:
            known = workers.get(name)
            if known is None:
                continue
            read = _read(question.method, answers.said.get(name), now_s, wall_s)
            workers[name] = replace(known, **read)
            pauses = self._pauses(name, question.method)
            if not read:
                pause_s = pauses.next_s()
            else:
                pauses.reset()
                stats = read.get("stats")
                pause_s = WARNED_S if isinstance(stats, Stats) and stats.warns else INTERVAL_S
            self._due[name, question.method] = _Due(now_s + pause_s, pauses)
        self.workers = workers

    def _is_due(self, name: str, method: Method, now_s: float) -> bool:
        due = self._due.get((name, method))
        return due is None or now_s >= due.at_s

    def _pauses(self, name: str, method: Method) -> Backoff:
        due = self._due.get((name, method))
        return due.pauses if due else Backoff(REFUSED_S, REFUSED_CAP_S, REFUSED_FACTOR)

    def _with_few_slots(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The workers that can leave the arguments out of their answer, and have not too many tasks to tell of."""
        return tuple(
            name
            for name in names
            if (stats := self.workers[name].stats) and stats.knows_safe and (stats.slots or MAX_SLOTS + 1) <= MAX_SLOTS
        )


def _read(method: Method, answer: Any, now_s: float, wall_s: float) -> dict[str, Any]:
    """The field of WorkerAnswers that the answer fills; none if it is no answer."""
    if method is Method.STATS:
        stats = read_stats(answer, now_s)
        return {"stats": stats} if stats else {}
    running = read_running(answer, now_s, wall_s)
    return {"running": running} if running else {}
