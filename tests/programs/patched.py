"""A service whose threads gevent or eventlet turn into greenlets, at a chosen moment of its life.

The argument: the library, and what comes before its patching: nothing, the handler's import, its construction, a line.
"""

import importlib
import sys
import warnings
from collections.abc import Callable

_, redis_url, argument = sys.argv
library, before = argument.split("-", maxsplit=1)


def patch() -> None:
    """As the library's documents say, but for the moment."""
    warnings.simplefilter("ignore")  # Both say that it is late, or that they are old.
    if library == "gevent":
        importlib.import_module("gevent.monkey").patch_all()
    if library == "eventlet":
        importlib.import_module("eventlet").monkey_patch()


def in_an_os_thread(function: Callable[[], None]) -> None:
    """Call it in a thread of the system, and wait for it as the library does."""
    if library == "gevent":
        importlib.import_module("gevent").get_hub().threadpool.apply(function)
    if library == "eventlet":
        importlib.import_module("eventlet.tpool").execute(function)


if before == "nothing":
    patch()
logs = importlib.import_module("collector.logs")
importlib.import_module("tests.programs.attached").be_patient()
if before == "import":
    patch()
handler = logs.CriticalLogHandler(redis_url, argument, "web-1")
if before == "construction":
    patch()

import logging  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402

logging.getLogger().addHandler(handler)
log = logging.getLogger("zapvoice")
log.error("a first line")
if before == "a line":
    time.sleep(0.1)
    patch()

log.error("a line after patching")
thread = threading.Thread(target=log.error, args=("a line of a thread",))
thread.start()
thread.join()
in_an_os_thread(lambda: log.error("a line of an OS thread"))
for _ in range(20):
    log.error("a line among others")
    time.sleep(0.01)
print("the service goes on", flush=True)
