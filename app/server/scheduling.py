"""How a greenlet with much to do lets the others run. Runs under gevent."""

import gevent

_AT_ONCE_S = 1e-9


def yield_to_others() -> None:
    """Yield until sockets are polled and ready greenlets have run.

    `sleep(0)` is not enough: gevent first runs whatever is ready, and reads the clock and polls the sockets only after
    every fifty of those. Fifty may be a whole fan-out, or fifty requests of two busy connections.
    """
    gevent.sleep(_AT_ONCE_S)
