"""Since when a queue has had messages waiting without any sign that one was finished. [pure]"""

from collections.abc import Iterable
from dataclasses import dataclass

from collector.store.model import Queue, QueueState


@dataclass(frozen=True)
class _Mark:
    ready: int
    moved_at_s: float


class Progress:
    """Follows the queues from sample to sample."""

    def __init__(self) -> None:
        self._marks: dict[str, _Mark] = {}

    def fold(self, queues: Iterable[Queue], now_s: float) -> dict[str, float | None]:
        """Queue by queue, for how long nothing has been finished while messages waited; `now_s` is monotonic.

        0 = work goes on; None = nothing waits, or it is not known. Signs of work are messages finished, where the
        management API counts them, and fewer messages waiting than before. Without the API more messages waiting count
        as a sign, too: whether fewer were finished than came in, or none, cannot be told.
        """
        marks: dict[str, _Mark] = {}
        idle_s: dict[str, float | None] = {}
        for queue in queues:
            if queue.state != QueueState.OK or queue.ready is None:
                idle_s[queue.name] = None
                continue
            before = self._marks.get(queue.name)
            moves = before is None or not before.ready or _is_moving(queue, before.ready)
            mark = _Mark(queue.ready, now_s if before is None or moves else before.moved_at_s)
            marks[queue.name] = mark
            idle_s[queue.name] = now_s - mark.moved_at_s if queue.ready or queue.out_per_s else None
        self._marks = marks
        return idle_s


def _is_moving(queue: Queue, ready_before: int) -> bool:
    ready = queue.ready or 0
    if queue.out_per_s is None:
        return ready != ready_before
    return queue.out_per_s > 0 or ready < ready_before
