"""Finds out why no sample arrives though Redis answers: full, read-only, disk trouble, missing rights. Under gevent.

The collector cannot tell, because it cannot write. This process uses the same Redis and tries a write of its own, once
a second while every host is late, and only then.
"""

import logging
from collections.abc import Callable

import gevent

from app.live.freshness import Freshness
from store.errors import Refusal, StoreUnavailable
from store.samples.live import LiveStore

logger = logging.getLogger(__name__)

TRIAL_S = 1.0
"""Time between two trial writes while every host is late."""


class RefusalWatch:
    """Tells `freshness` why no sample arrives, for as long as none does."""

    def __init__(self, store: LiveStore, freshness: Freshness, interval_s: float) -> None:
        self._store = store
        self._interval_s = interval_s
        self._freshness = freshness

    def start(self, is_alive: Callable[[], bool]) -> None:
        """Start watching, until `is_alive` turns false."""
        gevent.spawn(self._run, is_alive)

    def _run(self, is_alive: Callable[[], bool]) -> None:
        while is_alive():
            is_late = self._freshness.is_late()
            self._freshness.refusal = self._find() if is_late else None
            gevent.sleep(TRIAL_S if is_late else self._interval_s)

    def _find(self) -> Refusal | None:
        try:
            self._store.try_writing()
        except StoreUnavailable as exc:
            return exc.refusal
        except Exception:  # The watch must not end: the page would never learn of a cause again.
            logger.exception("the search for why no sample arrives stumbled")
        return None
