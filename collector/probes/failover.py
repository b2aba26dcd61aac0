"""Which of a broker's addresses is read: the preferred one, or while it does not let us in the next that does.

The addresses of a list (`amqp://a;amqp://b`) are taken for one broker: nodes of a cluster, or a primary and its
stand-in. So the preferred one is read again as soon as it lets us in.
"""

import logging
import time

from kombu.connection import Connection

from broker_url import addresses
from collector.probes.broker_connection import drop, open_connection, open_first

log = logging.getLogger(__name__)

RETURN_S = 10.0
"""How often, while another address than the preferred one is read, that one is tried again."""


class Failover:
    """Opens connections to one broker. Not thread-safe but for `place`."""

    def __init__(self, broker_url: str, *, timeout_s: float, return_s: float | None = None) -> None:
        self._urls = addresses(broker_url)
        self._broker_url = broker_url
        self._timeout_s = timeout_s
        self._return_s = RETURN_S if return_s is None else return_s
        self._return_at_s = 0.0
        """When the preferred address is tried again, monotonic."""
        self.place = 0
        """The address that is read, or was last: 0 is the preferred one."""
        self.longest_s = timeout_s * len(self._urls)
        """How long `open` may take to connect."""

    def open(self) -> Connection:
        """See `open_connection`."""
        place, connection = open_first(self._broker_url, timeout_s=self._timeout_s)
        if place != self.place:
            log.warning("the watched broker is read at address %d of %d", place + 1, len(self._urls))
        self.place, self._return_at_s = place, time.monotonic() + self._return_s
        return connection

    def reopen(self, connection: Connection) -> Connection:
        """`connection`, or a new one in its place when the preferred address, tried now and then, lets us in again."""
        if not self.place or time.monotonic() < self._return_at_s:
            return connection
        self._return_at_s = time.monotonic() + self._return_s
        try:
            preferred = open_connection(self._urls[0], timeout_s=self._timeout_s)
        except Exception:  # noqa: BLE001  Whatever it is, the other address goes on being read.
            return connection
        log.info("the watched broker is read at its preferred address again")
        drop(connection)
        self.place = 0
        return preferred
