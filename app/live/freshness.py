"""The newest sample of each host, and its age by the monotonic clock. [pure]

Only a fresh sample proves that a host is live: an open connection or a running process proves nothing.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from store import keys
from store.errors import Refusal
from store.samples.entries import CLOCK_SLACK_S
from store.samples.model import Status, TroubleCode
from store.samples.verdict import Finding, Level, read_headline

STALE_AFTER_INTERVALS = 3
"""A host is silent when its newest sample is older than this many intervals."""

LATE_AFTER_INTERVALS = 2
"""Hosts are late when no sample is younger than this many intervals: time to ask why."""

_WORST_FIRST = (Status.OFFLINE, Status.UNKNOWN, Status.DEGRADED, Status.ONLINE, Status.DISABLED)
_TROUBLED = (Level.BAD, Level.ATTENTION)
_STATUSES = frozenset(Status)
_TROUBLES = frozenset(TroubleCode)


@dataclass(frozen=True, slots=True)
class _Seen:
    taken_mono_s: float
    id: str | None = None
    wire: Mapping[str, Any] | None = None
    """None for a host known by name only: its samples are older than what the stream holds."""
    headline: Finding = Finding(level=Level.UNKNOWN, code="")
    """Level and code of its verdict."""


class Freshness:
    """The newest sample of each host."""

    def __init__(self, interval_s: float, monotonic: Callable[[], float]) -> None:
        self.refusal: Refusal | None = None
        """Why no sample arrives, where Redis answers and refuses writes."""
        self._stale_after_s = STALE_AFTER_INTERVALS * interval_s
        self._late_after_s = LATE_AFTER_INTERVALS * interval_s
        self._monotonic = monotonic
        self._hosts: dict[str, _Seen] = {}
        self._leftovers: set[str] = set()
        """Hosts of a stream that the store has lost."""

    def see(self, entry_id: str, wire: Mapping[str, Any], age_s: float) -> None:
        """Note a host's newest sample, now `age_s` old.

        An age well below 0 says that the store's clock was set back. Then the age is unknown, and the sample stale.
        """
        self._leftovers.discard(str(wire["host"]))
        known_age_s = age_s if age_s > -CLOCK_SLACK_S else math.inf
        headline = read_headline(wire.get("verdict"))
        self._hosts[str(wire["host"])] = _Seen(self._monotonic() - known_age_s, entry_id, wire, headline)

    def know(self, host: str, age_s: float) -> None:
        """Note that a host last wrote `age_s` ago, unless a sample of it is known."""
        self._leftovers.discard(host)
        self._hosts.setdefault(host, _Seen(self._monotonic() - age_s))

    def drop(self, host: str) -> None:
        """Forget one host."""
        self._leftovers.discard(host)
        self._hosts.pop(host, None)

    def begin_anew(self) -> None:
        """Note that the store has lost its stream.

        That makes no sample older, so each counts for as long as it is fresh. A host that has not written again by then
        is forgotten: the store no longer lists it, so nobody could take it off the list by hand.
        """
        self._leftovers = set(self._hosts)

    def tidy(self) -> None:
        """Forget hosts of a lost stream once they are silent."""
        for host in [host for host in self._leftovers if not self._is_fresh(self._hosts[host])]:
            self.drop(host)

    def newest(self, host: str | None) -> dict[str, Any] | None:
        """A host's newest sample as {"id", "sample"}; None where there is none."""
        seen = self._hosts.get(host) if host is not None else None
        return {"id": seen.id, "sample": seen.wire} if seen and seen.wire else None

    def hosts(self) -> list[dict[str, Any]]:
        """Every host by name: {"host", "age_s", "is_fresh", "services": {name: status}, "level", "code"}.

        The services and the level of a silent host are `unknown`. Its code is that of its last verdict, "" where that
        was fine or none is known.
        """
        return [
            {
                "host": host,
                "age_s": round(min(self._age_s(seen), float(keys.HOST_RETENTION_S)), 1),
                "is_fresh": self._is_fresh(seen),
                "services": _services(seen) if self._is_fresh(seen) else dict.fromkeys(_services(seen), Status.UNKNOWN),
                "level": seen.headline.level if self._is_fresh(seen) else Level.UNKNOWN,
                "code": _trouble(seen),
            }
            for host, seen in sorted(self._hosts.items())
        ]

    def states(self) -> dict[str, tuple[bool, Any]]:
        """What `hosts` says without the ages, by host: (is_fresh, (services, level, code) or None).

        It costs a tenth of `hosts`, so that the hub can ask every second whether there is news.
        """
        return {
            host: (self._is_fresh(seen), seen.wire and (seen.wire["services"], seen.headline.level, _trouble(seen)))
            for host, seen in self._hosts.items()
        }

    def level(self) -> Level | None:
        """The worst level over the fresh hosts; None where every host is silent."""
        levels = {seen.headline.level for seen in self._hosts.values() if self._is_fresh(seen)}
        return next((level for level in reversed(Level) if level in levels), None)

    def worst_host(self) -> str | None:
        """The fresh host with the worst verdict, the first by name of equal ones; None if none needs attention."""
        levels = {host: seen.headline.level for host, seen in sorted(self._hosts.items()) if self._is_fresh(seen)}
        return next((host for level in _TROUBLED for host in levels if levels[host] is level), None)

    def is_late(self) -> bool:
        """Whether every host is late, or no host is known."""
        age_s = self.age_s()
        return age_s is None or age_s > self._late_after_s

    def reasons(self) -> list[str]:
        """Codes of what is wrong with the watching itself: why no sample arrives, and the troubles of fresh hosts."""
        found = {code for seen in self._hosts.values() if self._is_fresh(seen) for code in _troubles(seen)}
        if self.refusal:
            found.add(self.refusal)
        return sorted(found)

    def age_s(self) -> float | None:
        """Age of the newest sample of all hosts (s); None before the first."""
        ages = [self._age_s(seen) for seen in self._hosts.values()]
        return min(*ages, float(keys.HOST_RETENTION_S)) if ages else None

    def count_fresh(self) -> tuple[int, int]:
        """How many hosts are fresh, and how many there are."""
        return sum(self._is_fresh(seen) for seen in self._hosts.values()), len(self._hosts)

    def services(self) -> dict[str, Status]:
        """Each service as all fresh hosts together see it; `unknown` where every host is silent."""
        fresh = [seen for seen in self._hosts.values() if self._is_fresh(seen)]
        if not fresh:
            return {name: Status.UNKNOWN for seen in self._hosts.values() for name in _services(seen)}
        seen_by: dict[str, set[Status]] = {}
        for seen in fresh:
            for name, status in _services(seen).items():
                seen_by.setdefault(name, set()).add(status)
        return {name: merge(statuses) for name, statuses in seen_by.items()}

    def _is_fresh(self, seen: _Seen) -> bool:
        # A host known by name only is never fresh: nothing that it said is known.
        return seen.wire is not None and self._age_s(seen) <= self._stale_after_s

    def _age_s(self, seen: _Seen) -> float:
        return max(0.0, self._monotonic() - seen.taken_mono_s)


def merge(statuses: set[Status]) -> Status:
    """One status from those of several hosts: the worst, but a service that answers some hosts is at worst degraded."""
    worst = min(statuses, key=_WORST_FIRST.index)
    if Status.ONLINE in statuses and worst in (Status.OFFLINE, Status.UNKNOWN):
        return Status.DEGRADED
    return worst


def _trouble(seen: _Seen) -> str:
    """The code of a verdict that is not fine. Those that are follow the queues: viewers would hear of every sample."""
    return "" if seen.headline.level is Level.FINE else seen.headline.code


def _services(seen: _Seen) -> dict[str, Status]:
    words = seen.wire["services"] if seen.wire else {}
    return {name: Status(word) if word in _STATUSES else Status.UNKNOWN for name, word in words.items()}


def _troubles(seen: _Seen) -> list[str]:
    """The known codes: what another process wrote may hold anything."""
    told = seen.wire.get("troubles") if seen.wire else None
    codes = [each.get("code") for each in told if isinstance(each, dict)] if isinstance(told, list) else []
    return [code for code in codes if isinstance(code, str) and code in _TROUBLES]
