"""From the outcome of one question to a `Check`: the rules that every service answered over a network shares. [pure]"""

from store.samples.model import Check, Status

SLOW_MS = 500.0
"""An answer that takes longer, in milliseconds, makes a service degraded."""

_OFFLINE = frozenset({"refused", "timeout"})


def judge(failure: str | None, latency_ms: float | None) -> Check:
    """What is known of a service after one question.

    failure: None = it answered; refused (unreachable) and timeout say offline; denied, error and stuck leave it
    unknown, for then something answered, or the fault may be ours.
    """
    if failure is not None:
        return Check(status=Status.OFFLINE if failure in _OFFLINE else Status.UNKNOWN, reason=failure)
    if latency_ms is None:
        return Check(status=Status.UNKNOWN, reason="first_look")
    rounded = round(latency_ms, 2)
    if latency_ms > SLOW_MS:
        return Check(status=Status.DEGRADED, reason="slow", latency_ms=rounded)
    return Check(status=Status.ONLINE, latency_ms=rounded)
