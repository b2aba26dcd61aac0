"""The error tree.

MonitorError
├── StoreUnavailable    Redis or the SQL database did not answer within its deadline, or refused
└── BadEntry            a stream entry that is not a sample of ours
"""


class MonitorError(Exception):
    """Anything this project raises on purpose."""


class StoreUnavailable(MonitorError):
    """The store did not answer within its deadline, or refused the command."""


class BadEntry(MonitorError):
    """A stream entry cannot be read as a sample."""
