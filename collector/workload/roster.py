"""Follows all workers, and adds them up. [pure]"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from collector.probes.events.heard import Pulse, WorkerFigures
from collector.probes.workers.interview import WorkerAnswers
from collector.probes.workers.worker_facts import Stats
from collector.workload.growth import rounded
from collector.workload.member import NO_FIGURES, Member
from collector.workload.names import shown
from store.samples.workload import Crew, Worker

_Figure = TypeVar("_Figure", int, float)

KEPT_S = 300.0
"""How long a silent worker stays in the table."""

MAX_FOLLOWED = 200
"""Most workers followed."""


class Roster:
    """Follows the workers. Times are monotonic seconds."""

    def __init__(self, queue_names: frozenset[str] | None) -> None:
        """`queue_names`: the watched queues; None = all."""
        self._queue_names = queue_names
        self._members: dict[str, Member] = {}

    def note(self, answers: Mapping[str, WorkerAnswers], pulses: Mapping[str, Pulse], now_s: float) -> None:
        """Take the last answers and heartbeats, by worker."""
        answered = {shown(name): each for name, each in answers.items()}
        for name in {**answered, **pulses}:
            if name not in self._members and len(self._members) < MAX_FOLLOWED:
                self._members[name] = Member(name)
        for name, member in self._members.items():
            member.note(answered.get(name), pulses.get(name), now_s)
        self._members = {name: each for name, each in self._members.items() if now_s - each.heard_s <= KEPT_S}

    def stats(self) -> Mapping[str, Stats]:
        """By worker, its last answer to `stats`."""
        return {name: member.stats for name, member in self._members.items() if member.stats is not None}

    def rows(self, now_s: float, figures: Mapping[str, WorkerFigures]) -> list[Worker]:
        """The table: those that were heard first, then by name. One that was lost stays until it is forgotten; one that
        said that it ends is gone."""
        there = [pair for pair in self._members.items() if not pair[1].has_said_goodbye]
        members = sorted(there, key=lambda pair: (not pair[1].is_heard(now_s), pair[0]))
        return [member.row(now_s, figures.get(name, NO_FIGURES)) for name, member in members]

    def crew(self, now_s: float, figures: Mapping[str, WorkerFigures], *, nobody_listens: bool) -> Crew | None:
        """The workers of the watched queues together; None where nothing is known of any.

        `nobody_listens`: that there is no worker at all is known.
        """
        ours = {name: each for name, each in self._members.items() if each.serves(self._queue_names)}
        heard = {name: each for name, each in ours.items() if each.is_heard(now_s)}
        silent = sum(1 for each in ours.values() if not each.is_heard(now_s) and not each.has_left(now_s))
        if not heard and nobody_listens:
            return Crew(workers=0, slots=0, usable=0, busy=0, started_per_s=0.0)
        if not heard:
            return Crew(workers=0, silent=silent) if silent else None
        members = heard.values()
        started_per_s = add_up(each.started_per_s(now_s) for each in members)
        return Crew(
            workers=len(heard),
            silent=silent,
            slots=add_up(each.stats.slots if each.stats else None for each in members),
            usable=add_up(each.usable for each in members),
            busy=add_up(each.busy for each in members),
            oldest_s=max((oldest_s for each in members if (oldest_s := each.oldest_s) is not None), default=None),
            started_per_s=rounded(started_per_s, 3),
            failed_per_min=rounded(add_up(figures.get(name, NO_FIGURES).failed_per_min for name in heard)),
        )


def add_up(figures: Iterable[_Figure | None]) -> _Figure | None:
    """None where one is unknown: a part is not the whole."""
    total: _Figure | None = None
    for figure in figures:
        if figure is None:
            return None
        total = figure if total is None else total + figure
    return total
