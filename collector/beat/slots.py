"""When a tick is due: once in every slot, at its beginning."""

import math
from datetime import datetime, timedelta

from celery.schedules import schedstate, schedule


class Slots(schedule):
    """A schedule whose entry is due once in each slot, from the slot's beginning.

    Slots are those of `Sample.slot`: floor(epoch seconds / length). A tick at the beginning of its slot may be late
    by almost the whole length, after a restart or over a slow link, and still be that slot's sample. Celery's own
    schedule counts from the start of beat: a tick near the end of its slot slips into the next one, and the tick after
    it passes for its double.
    """

    def __init__(self, length_s: float) -> None:
        # Relative: after a run the wait is for the next beginning, not for a whole length.
        super().__init__(length_s, relative=True)

    def is_due(self, last_run_at: datetime) -> tuple[bool, float]:
        """Returns whether the entry is due, and after how long to ask again (s).

        A due entry says 0: beat counts from the end of the sending, so an interval would make every tick late by the
        time the sending took, 0.6 s over a link with 0.3 s of latency.
        """
        wait_s = self.remaining_estimate(last_run_at).total_seconds()
        due: tuple[bool, float] = schedstate(is_due=wait_s <= 0, next=max(0.0, wait_s))
        return due

    def remaining_estimate(self, last_run_at: datetime) -> timedelta:
        """The time until the slot after the one of `last_run_at` begins; negative when it has."""
        length_s: float = self.seconds
        due_s = (math.floor(last_run_at.timestamp() / length_s) + 1) * length_s
        return timedelta(seconds=due_s - self.now().timestamp())
