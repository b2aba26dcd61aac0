"""The error tree.

MonitorError
├── StoreUnavailable    Redis or the SQL database did not answer within its deadline, or refused
├── Unstorable          a value that SQL cannot hold: a NUL in a text, a number beyond its range
└── BadEntry            an entry that is no sample or log group of ours
"""

from enum import StrEnum


class Refusal(StrEnum):
    """Why a Redis that answers takes no writes: a code that the page translates."""

    FULL = "store_full"
    READ_ONLY = "store_read_only"
    DISK = "store_disk"
    DENIED = "store_denied"
    OLD = "store_old"

    @property
    def meaning(self) -> str:
        """Its meaning and the cure, for the log."""
        return _MEANINGS[self]


_MEANINGS = {
    Refusal.FULL: "it is full (OOM): raise maxmemory, or find out what else fills it",
    Refusal.READ_ONLY: "it is a read-only replica (READONLY): give REDIS_URL the primary",
    Refusal.DISK: "it cannot write to its disk and takes nothing (MISCONF): make room there",
    Refusal.OLD: "it is older than 6.2: give REDIS_URL a newer one",
    Refusal.DENIED: "its user may not do that (NOPERM): look at the ACL",
}


class MonitorError(Exception):
    """Anything this project raises on purpose."""


class StoreUnavailable(MonitorError):
    """The store did not answer within its deadline, or refused the command."""

    def __init__(self, message: str = "", *, refusal: Refusal | None = None) -> None:
        super().__init__(message)
        self.refusal = refusal
        """Why Redis refuses, if it answers."""


class Unstorable(MonitorError):
    """The SQL database cannot hold such a value, so it can neither write nor find it."""


class BadEntry(MonitorError):
    """A stream entry cannot be read as a sample."""
