"""The newest events in memory, so that a viewer who was away resumes without asking Redis. [pure]"""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from store import keys

CAPACITY = 8192
"""Events held at most, some 9 MB: more than an hour of one host, half a minute at two hundred."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event: its stream id, the host it is of, and the bytes on the wire."""

    id: str
    host: str
    data: bytes


class Resume(Enum):
    """Why there is nothing to replay."""

    RESET = "reset"
    """What came after the cursor is not all held any more, or the cursor is not of this stream."""


class Ring:
    """Frames in the order of their ids, and the id after which none is missing."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque(maxlen=CAPACITY)
        self._floor = keys.NO_ID

    def begin(self, floor: str) -> None:
        """Forget everything and begin anew: of what comes after the id `floor`, nothing will be missing."""
        self._frames.clear()
        self._floor = floor

    def append(self, frame: Frame) -> None:
        """Add a frame newer than all others; the oldest gives way when the ring is full."""
        if len(self._frames) == CAPACITY:
            self._floor = self._frames[0].id
        self._frames.append(frame)

    def after(self, cursor: str, hosts: Collection[str] = ()) -> list[Frame] | Resume:
        """The frames after `cursor`, oldest first, of some hosts or of all; RESET when one of them may be missing."""
        if not self._frames:
            return Resume.RESET
        cursor_key = keys.id_key(cursor)
        if not keys.id_key(self._floor) <= cursor_key <= keys.id_key(self._frames[-1].id):
            return Resume.RESET
        missed = []
        for frame in reversed(self._frames):
            if keys.id_key(frame.id) <= cursor_key:
                break
            if not hosts or frame.host in hosts:
                missed.append(frame)
        return missed[::-1]
