"""The `Check` of a service from the outcome of one request: the rules that all network services share. [pure]"""

from store.samples.model import Check, Status

SLOW_MS = 500.0
"""A slower answer, in milliseconds, makes a service degraded."""

_OFFLINE = frozenset({"refused", "timeout"})


def judge(failure: str | None, latency_ms: float | None) -> Check:
    """The check after one request.

    failure: None = it answered. refused (unreachable) and timeout mean offline. denied, error and stuck mean unknown:
    something answered, or the fault may be ours.
    """
    if failure is not None:
        return Check(status=Status.OFFLINE if failure in _OFFLINE else Status.UNKNOWN, reason=failure)
    if latency_ms is None:
        return Check(status=Status.UNKNOWN, reason="first_look")
    rounded = round(latency_ms, 2)
    if latency_ms > SLOW_MS:
        return Check(status=Status.DEGRADED, reason="slow", latency_ms=rounded)
    return Check(status=Status.ONLINE, latency_ms=rounded)
