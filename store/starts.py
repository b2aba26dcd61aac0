"""How often a host's collector was started of late: a number in Redis; keys in `keys`.

Everything raises StoreUnavailable when Redis does not answer in time, or refuses.
"""

from typing import cast

from redis import Redis

from store import keys
from store.connection import translated


@translated
def count_start(client: "Redis", host: str) -> int:
    """How often a host's collector has been started within `STARTS_S`, this time included."""
    transaction = client.pipeline(transaction=True)  # A number that expired in between would be counted for ever.
    transaction.set(keys.starts(host), 0, nx=True, ex=keys.STARTS_S)
    transaction.incr(keys.starts(host))
    return cast(int, transaction.execute()[1])


@translated
def forget_starts(client: "Redis", host: str) -> None:
    """The collector has ended in good order: its next start says nothing of a fault."""
    client.delete(keys.starts(host))
