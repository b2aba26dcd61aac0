"""How every web process learns at once that somebody's access has changed. Redis only; keys in `keys`.

An entry says that the accounts should be asked again, and not what has changed. What lies in Redis lets nobody in or
out: an entry that is lost or made up costs one question.
"""

from typing import Any, cast

from redis import Redis

from store import keys
from store.connection import translated


class AccessChanges:
    """A short stream of changes. Every method raises StoreUnavailable when Redis refuses or does not answer in time."""

    def __init__(self, client: "Redis", waiting: "Redis") -> None:
        """`waiting`: a client whose time-out is longer than the longest wait."""
        self._redis = client
        self._waiting = waiting

    @translated
    def announce(self) -> None:
        """Tell every process that waits."""
        self._redis.xadd(keys.ACCESS_CHANGES, {"rung": 1}, maxlen=keys.ACCESS_CHANGES_KEPT, approximate=True)

    @translated
    def newest_id(self) -> str:
        """The id of the newest change, `NO_ID` where there is none."""
        newest = cast(list[tuple[bytes, Any]], self._redis.xrevrange(keys.ACCESS_CHANGES, count=1))
        return newest[0][0].decode() if newest else keys.NO_ID

    @translated
    def wait(self, after: str, *, block_ms: int) -> str | None:
        """Wait for a change after the id `after`. Returns the newest one's id, None when none came within `block_ms`.

        A stream that has begun anew, by a clock that was set back, has lower ids: that is a change as well.
        """
        answer = cast(list[Any], self._waiting.xread({keys.ACCESS_CHANGES: after}, block=block_ms))
        if answer:
            return cast(bytes, answer[0][1][-1][0]).decode()
        newest = self.newest_id()
        return newest if newest != after else None
