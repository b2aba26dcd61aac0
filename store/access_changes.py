"""How every web process hears at once that somebody's access has changed. Redis only; keys in `keys`.

A ring says that there is something to ask the accounts about, not what: nobody is let in or shut out by what lies in
Redis, and a ring that is lost or made up costs a question.
"""

from typing import Any, cast

from redis import Redis

from store import keys
from store.connection import translated


class Doorbell:
    """Rings and hears. Every method raises StoreUnavailable when Redis does not answer in time, or refuses."""

    def __init__(self, client: "Redis", waiting: "Redis") -> None:
        """`waiting`: a client whose time-out is longer than the longest wait."""
        self._redis = client
        self._waiting = waiting

    @translated
    def ring(self) -> None:
        """Tell every process that listens."""
        self._redis.xadd(keys.DOORBELL, {"rung": 1}, maxlen=keys.DOORBELL_RINGS, approximate=True)

    @translated
    def last(self) -> str:
        """The id of the last ring, `NO_ID` where there is none."""
        newest = cast(list[tuple[bytes, Any]], self._redis.xrevrange(keys.DOORBELL, count=1))
        return newest[0][0].decode() if newest else keys.NO_ID

    @translated
    def wait(self, after: str, *, block_ms: int) -> str | None:
        """Wait for a ring after the id `after`; the newest one's id, None when there was none within `block_ms`.

        A bell that has begun anew, by a clock that was set back, has lower ids: that is a ring as well.
        """
        answer = cast(list[Any], self._waiting.xread({keys.DOORBELL: after}, block=block_ms))
        if answer:
            return cast(bytes, answer[0][1][-1][0]).decode()
        newest = self.last()
        return newest if newest != after else None
