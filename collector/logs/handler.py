"""A handler for Python's logging, and for Celery's task failures, that sends errors to the panel."""

import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from collector.logs.native_redis import check_url, native_redis_client
from collector.logs.outbox import FLUSH_S, Outbox, Source, is_sending
from collector.logs.record_text import TRACE_CHARACTERS, plain, text_of_failure, texts_of, trace_of_exception
from settings import own_host_name
from store.logs.log_group import LOOKED_AT_CHARACTERS, Level, LogLine, cut
from store.logs.log_store import LogStore

DEEPEST = 2
"""Nesting of lines that are sent. An object may log while it is formatted, without end."""


class CriticalLogHandler(logging.Handler):
    """Sends what is logged at ERROR and above. Formatter, level and filters work as on any handler."""

    def __init__(self, redis_url: str, service: str, host: str | None = None, level: int | str = logging.ERROR) -> None:
        """`service`: the name it is shown under; `host`: this machine's, None for its own; `level`: ERROR or above.

        Connects to nothing. Raises: ValueError when `redis_url` is no URL of a Redis.
        """
        super().__init__(level)
        check_url(redis_url)
        self._service = str(service)
        self._host = str(host or own_host_name())
        self._outbox = Outbox(lambda: LogStore(native_redis_client(redis_url)))

    def handle(self, record: logging.LogRecord) -> bool:
        """Take no lock, as other handlers do: the queue needs none, and other threads would wait while one formats."""
        try:
            kept = self.filter(record)
            if kept:
                self.emit(kept if isinstance(kept, logging.LogRecord) else record)
        except Exception:  # noqa: BLE001  Filters and the record's own objects may raise anything.
            self._outbox.drop()
            return False
        return bool(kept)

    def emit(self, record: logging.LogRecord) -> None:
        """Format the record now, since its objects may change, and queue it; or count it as dropped."""
        if record.levelno < max(self.level, logging.ERROR):
            return
        level = Level.CRITICAL if record.levelno >= logging.CRITICAL else Level.ERROR

        def make() -> LogLine:
            message, trace = texts_of(record, self.formatter)
            return self._line(message, trace, level=level, logger=plain(record.name))

        self._send((record.name, record.lineno), make)

    def send_task_failure(self, task: str, exception: BaseException, trace: object = None) -> None:
        """Send a failed Celery task. `trace`: its traceback, for an exception that has lost its own."""

        def make() -> LogLine:
            found = trace_of_exception(exception) if exception.__traceback__ else plain(trace or "")
            text = text_of_failure(exception)
            return self._line(text, found or None, level=Level.ERROR, logger="celery.task", task=task)

        self._send((task, 0), make)

    def flush(self) -> None:
        """Wait until everything is sent, FLUSH_S at most. `logging` calls this when the process ends.

        This blocks the whole thread, with any event loop in it.
        """
        self._outbox.flush(FLUSH_S)

    def close(self) -> None:
        """End thread and connection once everything logged is sent."""
        self._outbox.close()
        super().close()

    def _send(self, source: Source, make: Callable[[], LogLine]) -> None:
        depth = _depth.get()
        if is_sending():
            return
        if depth >= DEEPEST:
            self._outbox.drop()
            return
        if not self._outbox.has_room(source):
            return
        try:
            _depth.set(depth + 1)
            self._outbox.put(make())
        except BaseException as exc:
            self._outbox.drop()
            if not isinstance(exc, Exception):  # Raised by a signal handler, or by a deadline of the service.
                raise
        finally:
            _depth.set(depth)

    def _line(self, message: str, trace: str | None, *, level: Level, logger: str, task: str | None = None) -> LogLine:
        return LogLine(
            host=self._host,
            service=self._service,
            level=level,
            logger=logger,
            message=cut(message, LOOKED_AT_CHARACTERS),
            traceback=trace and cut(trace, TRACE_CHARACTERS),
            task=task,
        )


_depth: ContextVar[int] = ContextVar("depth", default=0)
"""Lines that this context formats within each other. Greenlets and coroutines each have their own."""


def watch_task_failures(handler: CriticalLogHandler) -> None:
    """Send every failed task of this Celery process, and its loggers' errors. Call it once, where the app is made.

    Celery removes the root logger's handlers before it adds its own, so this attaches the handler afterwards.
    """
    from celery import signals  # noqa: PLC0415  Services without Celery need none.

    def send(sender: Any = None, exception: Any = None, einfo: Any = None, **_: Any) -> None:
        handler.send_task_failure(str(getattr(sender, "name", sender)), exception, getattr(einfo, "traceback", None))

    def attach(logger: logging.Logger, **_: Any) -> None:
        logger.addHandler(handler)

    def flush(**_: Any) -> None:
        handler.flush()

    handler.addFilter(_is_no_task_failure)
    signals.task_failure.connect(send, weak=False)
    signals.after_setup_logger.connect(attach, weak=False)
    signals.after_setup_task_logger.connect(attach, weak=False)
    signals.worker_process_shutdown.connect(flush, weak=False)


def _is_no_task_failure(record: logging.LogRecord) -> bool:
    """Celery also logs each failed task, without its name as a field; the panel gets it once."""
    return not (record.name == "celery.app.trace" and hasattr(record, "data"))
