"""What the newest samples say, and how old they are by the monotonic clock. [pure]

Freshness is the only truth of "live": that a connection stands or a process runs proves nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from collector.store.model import Status

STALE_AFTER_INTERVALS = 3
"""A host whose newest sample is older than so many intervals is silent."""

_WORST_FIRST = (Status.OFFLINE, Status.UNKNOWN, Status.DEGRADED, Status.ONLINE, Status.DISABLED)
_STATUSES = frozenset(Status)


@dataclass(frozen=True, slots=True)
class _Seen:
    wire: Mapping[str, Any]
    id: str
    taken_mono_s: float


class Freshness:
    """The newest sample of each host."""

    def __init__(self, interval_s: float, monotonic: Callable[[], float]) -> None:
        self._stale_after_s = STALE_AFTER_INTERVALS * interval_s
        self._monotonic = monotonic
        self._hosts: dict[str, _Seen] = {}

    def see(self, entry_id: str, wire: Mapping[str, Any], age_s: float) -> None:
        """Note a host's newest sample, `age_s` old at this moment."""
        self._hosts[str(wire["host"])] = _Seen(wire, entry_id, self._monotonic() - age_s)

    def forget(self) -> None:
        """Forget everything: the stream has begun anew."""
        self._hosts.clear()

    def newest(self, host: str | None) -> dict[str, Any] | None:
        """A host's newest sample, {"id", "sample"}; None where there is none."""
        seen = self._hosts.get(host) if host is not None else None
        return {"id": seen.id, "sample": seen.wire} if seen else None

    def age_s(self) -> float | None:
        """Age of the newest sample of all hosts (s), None before the first."""
        ages = [self._age_s(seen) for seen in self._hosts.values()]
        return min(ages) if ages else None

    def is_fresh(self) -> bool:
        """Whether at least one host is not silent."""
        return any(self._age_s(seen) <= self._stale_after_s for seen in self._hosts.values())

    def services(self) -> dict[str, Status]:
        """Each service's worst status among the hosts that are not silent; `unknown` where every host is."""
        fresh = [seen for seen in self._hosts.values() if self._age_s(seen) <= self._stale_after_s]
        if not fresh:
            return {name: Status.UNKNOWN for seen in self._hosts.values() for name in seen.wire["services"]}
        worst: dict[str, Status] = {}
        for seen in fresh:
            for name, word in seen.wire["services"].items():
                status = Status(word) if word in _STATUSES else Status.UNKNOWN
                worst[name] = min(status, worst.get(name, Status.DISABLED), key=_WORST_FIRST.index)
        return worst

    def _age_s(self, seen: _Seen) -> float:
        return max(0.0, self._monotonic() - seen.taken_mono_s)
