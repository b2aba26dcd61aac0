"""A collector whose beat fails in its thread, and whose main thread would wait for ever."""

import threading

from celery import Celery

from collector.beat import thread


class Broken:
    """A scheduler that cannot be made."""

    def __init__(self, *_: object, **__: object) -> None:
        raise RuntimeError("no schedule")


celery = Celery(broker="memory://")
celery.conf.beat_scheduler = Broken
thread.start(celery)
threading.Event().wait()
