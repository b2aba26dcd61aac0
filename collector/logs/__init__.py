"""How a Python service sends its critical logs to the panel, by one line.

    import logging
    from collector.logs import CriticalLogHandler
    logging.getLogger().addHandler(CriticalLogHandler("redis://:password@redis:6379/0", "backend"))

and in a Celery worker, where failed tasks come with their names, by

    from collector.logs import watch_task_failures
    watch_task_failures(CriticalLogHandler("redis://:password@redis:6379/0", "worker"))

Logging never waits, raises or fails for the panel, wherever it is done: in threads, greenlets and coroutines, before
and after gevent or eventlet has patched, in forked and spawned children, in a signal's handler, while the process ends.
A line costs some tens of microseconds, and two where the queue is full: see `collector.logs.outbox`. Redaction
happens in this process, before anything leaves it.
"""

from collector.logs.handler import CriticalLogHandler, watch_task_failures

__all__ = ["CriticalLogHandler", "watch_task_failures"]
