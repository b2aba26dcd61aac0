"""How a Python service sends its critical logs to the panel, by one line.

    import logging
    from collector.logs import CriticalLogHandler
    logging.getLogger().addHandler(CriticalLogHandler("redis://:password@redis:6379/0", "backend"))

and in a Celery worker, where failed tasks come with their names, by

    from collector.logs import watch_task_failures
    watch_task_failures(CriticalLogHandler("redis://:password@redis:6379/0", "worker"))

The panel never makes a logging call wait, raise or fail: in threads, greenlets and coroutines, before and after gevent
or eventlet patches, in forked and spawned children, in signal handlers, while the process ends. A line costs some tens
of microseconds, and two when the queue is full (`collector.logs.outbox`). This process redacts each line before it
leaves.
"""

from collector.logs.handler import CriticalLogHandler, watch_task_failures

__all__ = ["CriticalLogHandler", "watch_task_failures"]
