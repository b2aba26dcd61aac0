"""Containers of this host that report themselves (`collector.report`)."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from store.errors import BadEntry, StoreUnavailable
from store.samples.entries import Report
from store.samples.reports import ReportStore
from store.samples.resources import Container, parse_container

logger = logging.getLogger(__name__)

FRESH_S = 9.0
"""An older report is out of date."""


class ContainersProbe:
    """Reads the reports of one host from the store."""

    def __init__(self, store: ReportStore, host: str) -> None:
        self._store = store
        self._host = host

    def read(self) -> tuple[Container, ...]:
        """The containers, by name; empty if the store does not answer. Malformed reports are skipped."""
        try:
            reports = self._store.read(self._host)
        except StoreUnavailable:
            return ()
        return tuple(filter(None, map(_container, _by_name(reports))))


def _by_name(reports: Sequence[Report]) -> list[list[Report]]:
    named: dict[str, list[Report]] = {}
    for report in reports:
        named.setdefault(report.name, []).append(report)
    return list(named.values())


def _container(reports: list[Report]) -> Container | None:
    """The container of one name; None if its report is malformed.

    If several report under one name, always the same one is chosen: figures that alternate between two would jump.
    """
    fresh = [report for report in reports if report.age_s <= FRESH_S]
    chosen = fresh[0] if fresh else min(reports, key=lambda report: report.age_s)
    try:
        container = parse_container(chosen.name, chosen.age_s, chosen.body)
    except BadEntry:
        logger.debug("skipped the report of %r", chosen.name)
        return None
    return replace(container, sources=len(fresh)) if len(fresh) > 1 else container
