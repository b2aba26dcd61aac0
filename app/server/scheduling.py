"""Letting everybody else have their turn, those included who have yet to be let in. Runs under gevent."""

import gevent

_AT_ONCE_S = 1e-9


def next_turn() -> None:
    """Go on once the sockets have been looked at and who was ready has run.

    A sleep of 0 is not it: gevent then first runs what else is ready to run, and looks at the clock, and at the
    sockets, only after each fifty of that. That is a whole fan-out, or fifty requests of two busy connections.
    """
    gevent.sleep(_AT_ONCE_S)
