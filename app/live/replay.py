"""The newest events in memory, so that a returning viewer resumes without asking Redis. [pure]"""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

from store import keys

CAPACITY = 8192
"""Events held at most, some 9 MB: more than an hour of one host, half a minute of two hundred."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event: its stream id, its host, and its bytes on the wire."""

    id: str
    host: str
    data: bytes


class ReplayBuffer:
    """Frames in the order of their ids, and the id after which none is missing."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque(maxlen=CAPACITY)
        self._floor = keys.NO_ID

    def begin(self, floor: str) -> None:
        """Forget everything and begin again; from now on nothing after the id `floor` is missing."""
        self._frames.clear()
        self._floor = floor

    def append(self, frame: Frame) -> None:
        """Add a frame newer than all others. A full buffer drops its oldest."""
        if len(self._frames) == CAPACITY:
            self._floor = self._frames[0].id
        self._frames.append(frame)

    def after(self, cursor: str, hosts: Collection[str] = ()) -> list[Frame] | None:
        """The frames after the id `cursor`, oldest first, of these hosts or of all.

        None when one of them may be missing: the buffer has dropped it, or the cursor belongs to another stream.
        """
        if not self._frames:
            return None
        cursor_key = keys.id_key(cursor)
        if not keys.id_key(self._floor) <= cursor_key <= keys.id_key(self._frames[-1].id):
            return None
        missed = []
        for frame in reversed(self._frames):
            if keys.id_key(frame.id) <= cursor_key:
                break
            if not hosts or frame.host in hosts:
                missed.append(frame)
        return missed[::-1]
