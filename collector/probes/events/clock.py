"""How far another machine's clock is from ours, by the stamps of its events. [pure]

A stamp is UTC whatever the sender's time zone is, so `utcoffset` plays no part; Celery's own receiver shifts stamps by
it, and older versions truncate it to whole hours (celery#2482).

A stamp is older than its arrival by the way of the event: the broker, the sender's batches, our pauses. Of several
events the fastest tells most.
"""

from collections import deque

EVENTS = 15
"""So many of the last events are compared: half a minute of heartbeats."""

AHEAD_S = 2.0
"""A stamp from the future has no other reason than the clocks; less is what hosts with NTP may have."""

BEHIND_S = 7.0
"""An event may be 5 s old before RabbitMQ drops it, and is read up to two seconds later."""


class Clock:
    """One sender's clock."""

    __slots__ = ("_fastest", "_leads")

    def __init__(self) -> None:
        self._leads: deque[float] = deque(maxlen=EVENTS)
        self._fastest: float | None = None

    def note(self, stamp_s: float, wall_s: float) -> None:
        """Note an event's stamp and when it came, by our clock."""
        self._leads.append(stamp_s - wall_s)
        self._fastest = None

    @property
    def skew_s(self) -> float | None:
        """Its clock less ours; None below what delays explain."""
        if not self._leads:
            return None
        if self._fastest is None:
            self._fastest = max(self._leads)
        return self._fastest if self._fastest > AHEAD_S or self._fastest < -BEHIND_S else None

    def corrected(self, stamp_s: float) -> float:
        """The stamp by our clock."""
        return stamp_s - (self.skew_s or 0.0)
