"""kombu's Redis transport, which does not trust the queue it reads.

As shipped, an entry that is no message (kombu 5.7.0: no JSON, no properties, no delivery tag) ends the worker. So does
a message whose body is not that of a task (celery 5.7.0), and the dying worker puts it back: it ends every next one,
too. Here both are refused: taken off the queue, logged in one line, forgotten.
"""

import base64
import json
import logging
from typing import Any

from kombu.transport import redis

logger = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 64 * 1024
"""A tick is less than one kilobyte."""

MALFORMED = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""Errors that an entry of another shape raises when it is read. A connection raises none of these."""


class Refused(ValueError):
    """The entry is no tick of beat's; the message says what is wrong."""


class _BoundedAnswers:
    """Mixed into redis-py's client: checks an entry's length before anyone reads it as JSON."""

    def parse_response(self, connection: Any, command_name: str, **options: Any) -> Any:
        answer = super().parse_response(connection, command_name, **options)  # type: ignore[misc]
        if command_name == "BRPOP" and answer and len(answer[1]) > MAX_MESSAGE_BYTES:
            raise Refused(f"{len(answer[1])} bytes")
        return answer


class CarefulChannel(redis.Channel):
    """Goes on after a refused entry."""

    def _get_client(self) -> Any:
        client = super()._get_client()  # type: ignore[no-untyped-call]
        return type("BoundedRedis", (_BoundedAnswers, client), {})

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]
        except MALFORMED as exc:
            _tell(exc)
            return True


class CarefulTransport(redis.Transport):
    """The transport of the collector's broker connection."""

    Channel = CarefulChannel

    def _deliver(self, message: Any, queue: str) -> None:
        try:
            check_message(message)
        except MALFORMED as exc:
            _tell(exc)
            return
        super()._deliver(message, queue)  # type: ignore[no-untyped-call]


def check_message(message: Any) -> None:
    """Refuse a message that is no task of beat's: JSON only, not compressed, without an ETA.

    Source: Celery's message protocol, version 2; kombu/transport/virtual/base.py, `Message`. Raises: Refused.
    """
    parts = message if isinstance(message, dict) else {}
    headers, properties = parts.get("headers"), parts.get("properties")
    if not isinstance(headers, dict) or not isinstance(properties, dict):
        raise Refused("no message")
    if not isinstance(properties.get("delivery_tag"), str) or not isinstance(properties.get("delivery_info"), dict):
        raise Refused("no delivery")
    if parts.get("content-type") != "application/json" or properties.get("body_encoding") != "base64":
        raise Refused("not JSON")
    if not isinstance(headers.get("task"), str) or headers.get("eta") or headers.get("compression"):
        raise Refused("no task")
    body = json.loads(base64.b64decode(parts.get("body") or "", validate=True))
    if not isinstance(body, list) or [type(part) for part in body] != [list, dict, dict]:
        raise Refused("no arguments")


def _tell(exc: Exception) -> None:
    logger.warning("refused a message: %s", exc if isinstance(exc, Refused) else type(exc).__name__)
