"""What the listener reads from: one open connection to the watched broker."""

from typing import Protocol

from collector.probes.events.message import Message

EXCHANGE = "celeryev"
"""Celery's default `event_exchange`."""

ROUTES = ("task.#", "worker.#")
"""The routing keys of the events: `worker.heartbeat`, `task.started`, and `task.multi` for several in one message."""


class NoExchangeError(Exception):
    """No worker has sent an event through this broker yet."""


class Source(Protocol):
    """Messages with events."""

    def read(self) -> list[Message]:
        """What has come since the last call, or a part of it. Returns at once.

        Raises: what its driver raises when the connection is broken.
        """

    def drop(self) -> None:
        """Close it without talking to the broker."""
