"""What other processes of this host report of their own containers (`collector.report`)."""

import logging

from collector.store.errors import BadEntry, StoreUnavailable
from collector.store.live import LiveStore
from collector.store.model import Container, parse_container

logger = logging.getLogger(__name__)


class ContainersProbe:
    """Reads the reports of one host from the store."""

    def __init__(self, store: LiveStore, host: str) -> None:
        self._store = store
        self._host = host

    def read(self) -> tuple[Container, ...]:
        """The containers by name; none when the store does not answer. Garbage is skipped."""
        try:
            reports = self._store.reports(self._host)
        except StoreUnavailable:
            return ()
        containers = []
        for report in reports:
            try:
                containers.append(parse_container(report.name, report.age_s, report.body))
            except BadEntry:
                logger.debug("skipped the report of %r", report.name)
        return tuple(containers)
