"""A Celery worker whose tasks take as long as they are told: `celery -A tests.programs.paced worker`."""

import os
import time
from pathlib import Path

from celery import Celery

app = Celery("paced", broker=os.environ["PACED_BROKER_URL"])
app.conf.update(broker_connection_retry_on_startup=True, task_acks_late=True, task_ignore_result=True)


@app.task(name="paced.work")
def work(seconds: float) -> None:
    """Write down when it starts, by the machine's monotonic clock, and take so long."""
    with Path(os.environ["PACED_STARTS"]).open("a") as starts:
        starts.write(f"{time.monotonic()}\n")
    time.sleep(seconds)
