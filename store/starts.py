"""Counts the recent starts of a host's collector in Redis; keys in `keys`.

Every function raises StoreUnavailable when Redis does not answer in time, or refuses.
"""

from typing import cast

from redis import Redis

from store import keys
from store.connection import translated


@translated
def count_start(client: "Redis", host: str) -> int:
    """Returns how often a host's collector was started within `STARTS_S`, this start included."""
    transaction = client.pipeline(transaction=True)  # If the number expired in between, it would then last for ever.
    transaction.set(keys.starts(host), 0, nx=True, ex=keys.STARTS_S)
    transaction.incr(keys.starts(host))
    return cast(int, transaction.execute()[1])


@translated
def forget_starts(client: "Redis", host: str) -> None:
    """Forget the starts after an orderly end: the next start is no sign of a fault."""
    client.delete(keys.starts(host))
