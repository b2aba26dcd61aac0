"""A service that logs at an odd moment of its end, or in a state in which nothing new can be had.

The argument names one of the functions.
"""

import atexit
import logging
import os
import sys
import threading
import time
from pathlib import Path

from tests.programs.attached import attach

log, handler = attach()


def at_exit() -> None:
    """Its first line, when everything but `atexit` is over: from Python 3.12 on no thread starts any more."""
    atexit.register(log.error, "the last words")


def without_a_thread() -> None:
    """The system refuses every thread: none has so large a stack."""
    threading.stack_size(1 << 46)
    for _ in range(3):
        log.error("the last words")
        time.sleep(0.01)


def at_once() -> None:
    """No `atexit`, no last words."""
    log.error("the last words")
    handler.flush()
    log.error("these may be lost")
    os._exit(0)


def with_busy_threads() -> None:
    """Threads log on while the process ends under them."""

    def work() -> None:
        while True:
            log.error("at work")

    for _ in range(4):
        threading.Thread(target=work, daemon=True).start()
    time.sleep(0.1)
    log.critical("the last words")


def after_each_other() -> None:
    """A handler that is closed, used again and closed again leaves no thread behind."""
    for _ in range(5):
        log.error("the last words")
        handler.flush()
        handler.close()
    while len(list(Path("/proc/self/task").iterdir())) > 1:
        time.sleep(0.01)


def with_a_full_queue() -> None:
    """More lines than wait at most, and of as many places."""
    for number in range(299):
        log.handle(log.makeRecord(log.name, logging.ERROR, __file__, number, "a line", (), None))
    log.error("the last words")


def with_nobody_reading() -> None:
    """Its stderr is a full pipe that nobody reads."""
    _reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 65536)
    except BlockingIOError:
        os.set_blocking(writing, True)
    os.dup2(writing, 2)
    log.error("the last words")
    print("the service goes on", flush=True)


globals()[sys.argv[2]]()
