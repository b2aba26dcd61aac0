"""How the panel's Redis is asked: the client, its deadlines, and the one place where redis-py's errors become ours."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from store.errors import Refusal, StoreUnavailable

P = ParamSpec("P")
R = TypeVar("R")

COMMAND_TIMEOUT_S = 1.0
"""Deadline of one command. A healthy Redis answers in well under a millisecond."""

_REFUSALS = {
    "OOM command": Refusal.FULL,
    "READONLY": Refusal.READ_ONLY,
    "MISCONF": Refusal.DISK,
    "NOPERM": Refusal.DENIED,
    "The user executing the script": Refusal.DENIED,
}
"""Why a Redis that answers refuses, by words in its answer: anywhere within, where it refused a script."""


def redis_client(
    url: str, *, timeout_s: float = COMMAND_TIMEOUT_S, max_connections: int = 20, **options: Any
) -> "Redis":
    """A client whose every command ends within `timeout_s`, connecting included. `options`: redis-py's own.

    One retry at once, for a pooled connection that the server closed; none after a time-out, which would double the
    deadline. RESP2 is fixed because the shape of XREAD's answer depends on the protocol.
    """
    return Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        max_connections=max_connections,
        protocol=2,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        **options,
    )


def reason_of(error: BaseException) -> str:
    """What a log may say of an error of Redis'. Its own text stays out: it can hold the URL's password."""
    refusal = _refusal(error)
    return refusal.meaning if refusal else type(error).__name__


def translated(function: Callable[P, R]) -> Callable[P, R]:
    """Raises Redis' errors as StoreUnavailable, with the reason where it is known."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except RedisError as exc:
            raise StoreUnavailable(f"Redis: {reason_of(exc)}", refusal=_refusal(exc)) from exc

    return call


def _refusal(error: BaseException) -> Refusal | None:
    text = f"{getattr(error, 'status_code', None) or ''} {error}"  # redis-py takes the code off some errors.
    return next((refusal for mark, refusal in _REFUSALS.items() if mark in text), None)
