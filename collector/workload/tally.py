"""Counts by task name what all workers have started. [pure]"""

from collections import Counter
from collections.abc import Mapping

from collector.probes.workers.worker_facts import Stats
from collector.workload.growth import Growth, Pace
from collector.workload.names import shown
from store.samples.workload import MAX_TASKS, OTHERS


class Tally:
    """Adds up the workers' own counts. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._last: dict[str, Stats] = {}
        """By worker, the answer that was counted last."""
        self._growths: dict[str, Growth] = {}
        self._since_s: dict[str, float] = {}
        """By worker, when it was first heard."""
        self._paces: dict[str, Pace] = {}
        self.names: frozenset[str] = frozenset()
        """All task names that some worker has started since its start."""

    def note(self, stats: Mapping[str, Stats]) -> None:
        """Take the last answer of each worker."""
        fresh = {worker: each for worker, each in stats.items() if each is not self._last.get(worker)}
        self._growths = {worker: growth for worker, growth in self._growths.items() if worker in stats}
        self._since_s = {worker: self._since_s.get(worker, each.at_s) for worker, each in stats.items()}
        started: Counter[str] = Counter()
        since_s: dict[str, float] = {}
        for worker, each in fresh.items():
            for name, count in self._started(worker, each).items():
                started[shown(name)] += count
                since_s[shown(name)] = max(since_s.get(shown(name), 0.0), self._since_s[worker])
        self._last = dict(stats)
        if fresh:
            self._record(started, since_s, max(each.at_s for each in fresh.values()))

    def per_min(self, now_s: float) -> Mapping[str, float | None]:
        """By task name, how many are started per minute; those without a row as OTHERS, the last one."""
        ordered = sorted(self._paces, key=lambda name: name == OTHERS)
        return {name: self._paces[name].per_min(now_s) for name in ordered}

    def _started(self, worker: str, now: Stats) -> Mapping[str, int]:
        """What the worker has started since its last answer."""
        growth = self._growths.setdefault(worker, Growth())
        grown = growth.note(now.at_s, sum(now.started.values()), now.pid)
        if grown is None:
            return {}
        before = {} if growth.is_anew else self._last[worker].started
        return {name: count - before.get(name, 0) for name, count in now.started.items() if count > before.get(name, 0)}

    def _record(self, started: Mapping[str, int], since_s: Mapping[str, float], at_s: float) -> None:
        """Note what was started, by name, of which all is known since the times in `since_s`."""
        self.names = frozenset(shown(name) for each in self._last.values() for name in each.started if name != OTHERS)
        rows = self._choose_rows(at_s)
        grown: Counter[str] = Counter()
        for name, count in started.items():
            grown[name if name in rows else OTHERS] += count
        if grown[OTHERS] or not self.names <= rows:
            rows.add(OTHERS)
        # A new name that grows began at 0; of one that does not grow, nothing is known yet.
        self._paces = {name: self._paces.get(name) or Pace(since_s.get(name, at_s)) for name in rows}
        for name, pace in self._paces.items():
            pace.note(at_s, grown[name])

    def _choose_rows(self, at_s: float) -> set[str]:
        """The names that have a row of their own: first those that have one already."""
        kept = [name for name, pace in self._paces.items() if name in self.names or pace.per_min(at_s)]
        rows = dict.fromkeys([*kept, *sorted(self.names)])
        return set([name for name in rows if name != OTHERS][: MAX_TASKS - 1])
