"""The error tree.

MonitorError
├── StoreUnavailable    Redis or the SQL database did not answer within its deadline, or refused
├── Unstorable          a value that the SQL database does not know: a NUL in a text, a number beyond its range
└── BadEntry            a stream entry that is not a sample of ours
"""


class MonitorError(Exception):
    """Anything this project raises on purpose."""


class StoreUnavailable(MonitorError):
    """The store did not answer within its deadline, or refused the command."""


class Unstorable(MonitorError):
    """The SQL database knows no such value, so nothing of the kind can be written, or found."""


class BadEntry(MonitorError):
    """A stream entry cannot be read as a sample."""
