"""A service whose Redis client logs an error at every command."""

import logging
import sys

import redis.connection

from tests.programs.attached import attach

log, handler = attach()
send = redis.connection.AbstractConnection.send_packed_command


def noisy(self: object, *arguments: object, **options: object) -> object:
    """Send it, and say so."""
    logging.getLogger("redis").error("a command is sent")
    return send(self, *arguments, **options)


redis.connection.AbstractConnection.send_packed_command = noisy
known = set(sys.modules)
log.error("one, of 529.982.247-25")
handler.flush()
log.error("two")
handler.flush()
print(sorted(set(sys.modules) - known))
