"""How a Python service sends its critical logs to the panel, by one line.

    import logging
    from collector.logs import CriticalLogHandler
    logging.getLogger().addHandler(CriticalLogHandler("redis://:password@redis:6379/0", "backend"))

and in a Celery worker, where failed tasks come with their names, by

    from collector.logs import watch_task_failures
    watch_task_failures(CriticalLogHandler("redis://:password@redis:6379/0", "worker"))

Logging never waits, raises or fails for the panel; a line costs some tens of microseconds, one too many some two: see
`collector.outbox`. Redaction happens in this process, before anything leaves it.
"""

import logging
import threading
import traceback
from typing import Any

from collector.outbox import Outbox, Source
from collector.store.live import redis_client
from collector.store.log_group import LOOKED_AT_CHARACTERS, Level, LogLine, cut
from collector.store.logs import LogStore
from settings import own_host_name

FLUSH_S = 2.0
"""Longest wait for the last lines when the process ends."""

FRAMES = 30
"""Frames of a traceback that are kept of each exception, the innermost."""

PIECES = (20, 60)
"""Pieces (a frame, an exception's own line) that are kept of a chain of exceptions: of its beginning, of its end."""

PIECE_CHARACTERS = 2048


class CriticalLogHandler(logging.Handler):
    """Sends what is logged at ERROR and above."""

    def __init__(self, redis_url: str, service: str, host: str | None = None, level: int = logging.ERROR) -> None:
        """`service`: the name it is shown under; `host`: this machine's, None for its own; `level`: ERROR or above."""
        super().__init__(max(level, logging.ERROR))
        self._service = service
        self._host = host or own_host_name()
        self._outbox = Outbox(lambda: LogStore(redis_client(redis_url, max_connections=1)))
        self._local = threading.local()

    def handle(self, record: logging.LogRecord) -> bool:
        """Without the lock that handlers hold: the queue needs none, and formatting would make other threads wait."""
        is_wanted = bool(self.filter(record))
        if is_wanted:
            self.emit(record)
        return is_wanted

    def emit(self, record: logging.LogRecord) -> None:
        """Put it into the queue, formatted, since what it speaks of may change; or count it as dropped."""
        source = (record.name, record.lineno)
        if record.levelno < logging.ERROR or not self._may_send(source):
            return
        try:
            self._local.is_inside = True
            exception = record.exc_info[1] if record.exc_info else None
            self._put(
                source,
                message=record.getMessage(),
                is_critical=record.levelno >= logging.CRITICAL,
                logger=record.name,
                trace=_format(exception) if exception else record.exc_text,
            )
        except Exception:  # noqa: BLE001  Whatever the service's objects do when they are formatted.
            self._outbox.drop(1)
        finally:
            self._local.is_inside = False

    def send_task_failure(self, task: str, exception: BaseException, trace: str | None) -> None:
        """A Celery task has failed. `trace`: its traceback, where the exception has lost it on its way here."""
        source = (task, 0)
        if not self._may_send(source):
            return
        try:
            self._local.is_inside = True
            self._put(
                source,
                message=f"{type(exception).__name__}: {exception}",
                is_critical=False,
                logger="celery.task",
                trace=_format(exception) if exception.__traceback__ else trace,
                task=task,
            )
        except Exception:  # noqa: BLE001
            self._outbox.drop(1)
        finally:
            self._local.is_inside = False

    def flush(self) -> None:
        """Wait until everything is sent, FLUSH_S at most. `logging` does so when the process ends."""
        self._outbox.flush(FLUSH_S)

    def _may_send(self, source: Source) -> bool:
        # Not what the sending itself logs, nor what is logged by an object while it is being formatted.
        if self._outbox.is_sender() or getattr(self._local, "is_inside", False):
            return False
        return self._outbox.has_room(source)

    def _put(
        self,
        source: Source,
        *,
        message: str,
        is_critical: bool,
        logger: str,
        trace: str | None,
        task: str | None = None,
    ) -> None:
        line = LogLine(
            host=self._host,
            service=self._service,
            level=Level.CRITICAL if is_critical else Level.ERROR,
            logger=logger,
            message=cut(message, LOOKED_AT_CHARACTERS),
            traceback=trace and cut(trace, sum(PIECES) * PIECE_CHARACTERS),
            task=task,
        )
        self._outbox.put(line, source)


def watch_task_failures(handler: CriticalLogHandler) -> None:
    """Send every failed task of this Celery process, and what its loggers say. Call it once, where the app is made.

    Celery takes away what is attached to the root logger before it sets up its own, hence it is attached here then.
    """
    from celery import signals  # noqa: PLC0415  Services without Celery need none.

    def send(sender: Any = None, exception: Any = None, einfo: Any = None, **_: Any) -> None:
        trace = getattr(einfo, "traceback", None)
        handler.send_task_failure(str(getattr(sender, "name", sender)), exception, trace and str(trace))

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
    """Celery logs each failed task as well, without its name as a field; it is sent once."""
    return not (record.name == "celery.app.trace" and hasattr(record, "data"))


def _format(exception: BaseException) -> str:
    pieces = [cut(piece, PIECE_CHARACTERS) for piece in traceback.format_exception(exception, limit=-FRAMES)]
    if len(pieces) > sum(PIECES):
        pieces = [*pieces[: PIECES[0]], "…\n", *pieces[-PIECES[1] :]]
    return "".join(pieces)
