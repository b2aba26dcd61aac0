"""The oldest Redis that takes samples. An older one answers, but refuses them."""

from typing import Any, cast

from redis import Redis
from redis.exceptions import NoPermissionError, ResponseError

from store.connection import translated
from store.errors import Refusal, StoreUnavailable

OLDEST = (6, 2)
"""The first with `XADD … MINID`, which bounds the stream of samples."""


@translated
def check_version(client: "Redis") -> None:
    """Raises: StoreUnavailable; its `refusal` is OLD if Redis answers and is too old.

    Everybody may send HELLO, but not INFO. A Redis without HELLO is older than 6.0, and has no rights to deny INFO.
    """
    try:
        told = _version_of(cast(list[Any], client.execute_command("HELLO")))  # type: ignore[no-untyped-call]
    except NoPermissionError:
        return
    except ResponseError:
        told = str(client.info("server")["redis_version"])
    parts = tuple(int(part) for part in told.split(".")[:2] if part.isdecimal())
    if len(parts) == 2 and parts < OLDEST:
        needed = ".".join(map(str, OLDEST))
        raise StoreUnavailable(
            f"Redis {needed} or newer is needed; the one that REDIS_URL names answers {told}.", refusal=Refusal.OLD
        )


def _version_of(hello: "list[Any]") -> str:
    """The version in HELLO's answer, which alternates names and values."""
    named = dict(zip(hello[::2], hello[1::2], strict=False))
    return bytes(named.get(b"version", b"")).decode(errors="replace")
