"""When RabbitMQ renews its counters, found by polling, so that a poll comes right after it. [pure]

RabbitMQ renews all counters at once, every 5 s by default, and a count that was renewed is 0.1 s late. Polls at the
same interval and at any other moment get counts that are up to 5 s old, always by as much. So while messages come, each
poll is a little earlier than the interval. Once one finds nothing new, the counters are about to be renewed: it is
repeated shortly after, and what it then finds is as young as the repetition's pause.
"""

LATE_S = 6.0
"""So late a count may be where the moment of renewal is not known: RabbitMQ's interval, and the time of its work."""

REPEATS = 2
"""So often a poll that finds nothing new is repeated; then nothing comes any more."""

_SEARCH, _HOLD, _REPEAT = 0.2, 0.01, 0.1
"""Shares of the interval: how much earlier a poll is until the moment is found, and after; a repetition's pause."""


class Renewal:
    """Says when to poll next, from what the polls find."""

    def __init__(self, interval_s: float) -> None:
        """`interval_s`: RabbitMQ's, and that between two polls."""
        self._interval_s = interval_s
        self._published: int | None = None
        self._is_found = False
        self._is_flowing = False
        """Whether the poll before found something new."""
        self._repeats = 0
        self.pause_s = interval_s
        """Until the next poll."""
        self.late_s = LATE_S
        """How late the last poll's counts may be."""

    def is_due(self, published: int) -> bool:
        """Note a poll's count of all published messages. Returns True where the counters are about to be renewed: then
        the poll is repeated, and this one is worth nothing.
        """
        is_new = self._published is not None and published > self._published
        self._published = published
        if not is_new and self._is_flowing and self._repeats < REPEATS:
            self._repeats += 1
            self.pause_s = self._interval_s * _REPEAT
            return True
        is_found = is_new and (self._repeats > 0 or (self._is_flowing and self._is_found))
        self.late_s = min(LATE_S, 1.5 * _REPEAT * self._interval_s) if is_found else LATE_S
        earlier = (_HOLD if is_found else _SEARCH) if is_new else _REPEAT * self._repeats
        self.pause_s = self._interval_s * (1 - earlier)
        self._is_found, self._is_flowing, self._repeats = is_found, is_new, 0
        return False
