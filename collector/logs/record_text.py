"""The texts of a log record or an exception, even if their objects raise while they are formatted."""

import copy
import logging
import traceback
from contextlib import suppress

from store.logs.log_group import cut

FRAMES = 30
"""Innermost frames kept of each exception's traceback."""

PIECES = (20, 60)
"""Pieces (a frame, an exception's own line) kept of a chain of exceptions, from its beginning and its end."""

PIECE_CHARACTERS = 2048

TRACE_CHARACTERS = sum(PIECES) * PIECE_CHARACTERS

_TRACE_BEGINS = "Traceback (most recent call last):\n"


def texts_of(record: logging.LogRecord, formatter: logging.Formatter | None) -> tuple[str, str | None]:
    """A record's message, and its traceback if it has one. `formatter`: the handler's, None for the message alone.

    A `QueueHandler` appends the traceback to the message; this takes them apart again.
    """
    message, trace = _message_of(record, formatter), _trace_of(record, formatter)
    return (message, trace) if trace else _apart(message)


def text_of_failure(exception: BaseException) -> str:
    """An exception's class and text."""
    name = type(exception).__name__
    try:
        return f"{name}: {plain(exception)}"
    except Exception as exc:  # noqa: BLE001
        return f"{name} [its text could not be had: {type(exc).__name__}]"


def trace_of_exception(exception: BaseException) -> str:
    """The traceback of an exception and of those it came from; the innermost frames of each."""
    try:
        pieces = [cut(piece, PIECE_CHARACTERS) for piece in traceback.format_exception(exception, limit=-FRAMES)]
    except Exception as exc:  # noqa: BLE001
        return f"{text_of_failure(exception)} [its traceback could not be had: {type(exc).__name__}]"
    if len(pieces) > sum(PIECES):
        pieces = [*pieces[: PIECES[0]], "…\n", *pieces[-PIECES[1] :]]
    return "".join(pieces)


def plain(value: object) -> str:
    """The text as a plain `str`: a subclass' methods would run later, in another thread."""
    return str.__str__(str(value))


def _message_of(record: logging.LogRecord, formatter: logging.Formatter | None) -> str:
    if formatter is not None:
        with suppress(Exception):
            return plain(formatter.format(_without_trace(record)))
    try:
        return plain(record.getMessage())
    except Exception as exc:  # noqa: BLE001
        return f"{_raw(record.msg)} [it could not be formatted: {type(exc).__name__}]"


def _raw(message: object) -> str:
    try:
        return plain(message)
    except Exception:  # noqa: BLE001
        return f"<{type(message).__name__}>"


def _without_trace(record: logging.LogRecord) -> logging.LogRecord:
    """Copy the record: a formatter changes what it formats, and other handlers have their own formatters."""
    bare = copy.copy(record)
    bare.exc_info = bare.exc_text = bare.stack_info = None
    return bare


def _trace_of(record: logging.LogRecord, formatter: logging.Formatter | None) -> str | None:
    exception = record.exc_info[1] if record.exc_info else None
    if exception is None:
        trace = record.exc_text or record.stack_info
        return plain(trace) if trace else None
    if formatter is not None and type(formatter).formatException is not logging.Formatter.formatException:
        with suppress(Exception):
            return plain(formatter.formatException(record.exc_info))  # type: ignore[arg-type]
    return trace_of_exception(exception)


def _apart(message: str) -> tuple[str, str | None]:
    at = message.find(_TRACE_BEGINS)
    line_begins = message.rfind("\n", 0, at) + 1
    if at < 0 or not line_begins:
        return message, None
    return message[: line_begins - 1], message[line_begins:]
