"""Chooses which of a broker's addresses is read: the preferred one, or the next that accepts us.

The addresses of a list (`amqp://a;amqp://b`) belong to one broker: the nodes of a cluster, or a primary and its
standby. So the preferred one is read again as soon as it accepts us.
"""

import logging
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from collector.probes.backoff import DENIED_CAP_S, Backoff
from collector.probes.broker.broker_connection import close_quietly, reason_of
from settings.broker_url import addresses

log = logging.getLogger(__name__)

RETURN_S = 10.0
"""Pause between attempts at the preferred address while another one is read. It grows while access is denied, since the
broker logs each denial as an error."""


class Droppable(Protocol):
    """A reader of an open address."""

    def drop(self) -> None:
        """Close it without talking to the broker."""


T = TypeVar("T")
D = TypeVar("D", bound=Droppable)


def open_first(broker_url: str, open_one: Callable[[str], T]) -> tuple[int, T]:
    """Open the first address that accepts us: its index in the list, 0 the preferred one, and what `open_one` returned.

    Raises: what `open_one` raised for the preferred address.
    """
    failure: BaseException | None = None
    for address_index, url in enumerate(addresses(broker_url)):
        try:
            return address_index, open_one(url)
        except Exception as error:  # noqa: BLE001  Drivers raise outside their own trees, too.
            log.debug("address %d of the watched broker: %s", address_index + 1, reason_of(error))
            failure = failure or error
    assert failure is not None  # noqa: S101  For the type checker: there is one address at least.
    raise failure


class Failover(Generic[D]):
    """Opens one broker for reading. Not thread-safe except `address_index`."""

    def __init__(self, broker_url: str, open_one: Callable[[str], D], *, longest_s: float) -> None:
        """`longest_s`: how long `open_one` may take to connect."""
        self._urls = addresses(broker_url)
        self._broker_url = broker_url
        self._denied = Backoff(RETURN_S, DENIED_CAP_S)
        self._open_one = open_one
        self._return_at_s = 0.0
        """Next attempt at the preferred address, monotonic."""
        self.address_index = 0
        """The address that is read, or was read last; 0 is the preferred one."""
        self.longest_s = longest_s * len(self._urls)
        """How long `open` may take to connect."""

    def open(self) -> D:
        """See `open_first`."""
        address_index, opened = open_first(self._broker_url, self._open_one)
        if address_index != self.address_index:
            log.warning("the watched broker is read at address %d of %d", address_index + 1, len(self._urls))
        self._denied.reset()
        self.address_index, self._return_at_s = address_index, time.monotonic() + RETURN_S
        return opened

    def reopen(self, opened: D) -> D:
        """`opened`, or what replaces it: from time to time the preferred address is tried again."""
        if not self.address_index or time.monotonic() < self._return_at_s:
            return opened
        try:
            preferred = self._open_one(self._urls[0])
        except Exception as error:  # noqa: BLE001  Whatever it is, the other address is read on.
            pause_s = self._denied.next_s() if reason_of(error) == "denied" else RETURN_S
            self._return_at_s = time.monotonic() + pause_s
            return opened
        log.info("the watched broker is read at its preferred address again")
        close_quietly(opened.drop)
        self._denied.reset()
        self.address_index = 0
        return preferred
