"""The oldest Redis that can keep what is recorded. An older one answers, and takes no sample."""

from redis import Redis
from redis.exceptions import ResponseError

from collector.store.connection import translated
from collector.store.errors import Refusal, StoreUnavailable

OLDEST = (6, 2)
"""The first with `XADD … MINID`, by which the stream of samples keeps its length."""


@translated
def check_version(client: "Redis") -> None:
    """Raises: StoreUnavailable; its `refusal` is OLD where Redis answers and is too old.

    Who may not ask for the version is not told it either.
    """
    try:
        told = str(client.info("server").get("redis_version", ""))
    except ResponseError:
        return
    parts = tuple(int(part) for part in told.split(".")[:2] if part.isdecimal())
    if len(parts) == 2 and parts < OLDEST:
        needed = ".".join(map(str, OLDEST))
        raise StoreUnavailable(
            f"Redis {needed} or newer is needed; the one that REDIS_URL names answers {told}.", refusal=Refusal.OLD
        )
