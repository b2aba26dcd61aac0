"""A Celery app that watches its failed tasks: `celery -A tests.programs.celery_app worker`."""

import logging
import os

from celery import Celery

from collector.logs import CriticalLogHandler, watch_task_failures

app = Celery("zapvoice", broker=os.environ["PANEL_REDIS_URL"])
app.conf.update(broker_connection_retry_on_startup=True, task_ignore_result=True)
watch_task_failures(CriticalLogHandler(os.environ["PANEL_REDIS_URL"], "worker", "web-1"))


class Unspeakable(Exception):
    """An error that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


@app.task(name="zapvoice.send_voice")
def send_voice(number):
    """Fail."""
    raise TimeoutError("gateway did not take +5511912345678")


@app.task(name="zapvoice.complain")
def complain():
    """Log, well and badly."""
    logging.getLogger("zapvoice").error("a task has complained")
    logging.getLogger("zapvoice").error("%d complaints", "many")


@app.task(name="zapvoice.fail_without_words")
def fail_without_words():
    """Fail, and be unable to say how."""
    raise Unspeakable


@app.task(name="zapvoice.crash")
def crash():
    """End the process."""
    os._exit(1)
