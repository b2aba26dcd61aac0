"""The error tree.

MonitorError
├── StoreUnavailable    Redis or the SQL database did not answer within its deadline, or refused
├── Unstorable          a value that the SQL database does not know: a NUL in a text, a number beyond its range
└── BadEntry            a stream entry that is not a sample of ours
"""

from enum import StrEnum


class Refusal(StrEnum):
    """Why a Redis that answers takes nothing: a code that the page translates."""

    FULL = "store_full"
    READ_ONLY = "store_read_only"
    DISK = "store_disk"
    DENIED = "store_denied"
    OLD = "store_old"

    @property
    def meaning(self) -> str:
        """What it means and what to do about it, for the log."""
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
        """Why, where it answers and takes nothing."""


class Unstorable(MonitorError):
    """The SQL database knows no such value, so nothing of the kind can be written, or found."""


class BadEntry(MonitorError):
    """A stream entry cannot be read as a sample."""
