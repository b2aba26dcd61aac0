"""The one line by which a service attaches the handler."""

import logging
import sys

from collector.logs import CriticalLogHandler


def attach(service: str = "backend") -> tuple[logging.Logger, CriticalLogHandler]:
    """Of the Redis of the first argument: the service's logger, and the handler alone at the root."""
    handler = CriticalLogHandler(sys.argv[1], service, "web-1")
    logging.getLogger().addHandler(handler)
    return logging.getLogger("zapvoice.gateway"), handler
