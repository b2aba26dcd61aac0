"""A service that reports its container, and lives on until its stdin ends. The argument is as in `patched`."""

import importlib
import sys
import threading
import warnings

_, redis_url, argument = sys.argv
library, before = argument.split("-", maxsplit=1)


def patch() -> None:
    """As the library's documents say, but for the moment."""
    warnings.simplefilter("ignore")
    if library == "gevent":
        importlib.import_module("gevent.monkey").patch_all()
    if library == "eventlet":
        importlib.import_module("eventlet").monkey_patch()


if before == "nothing":
    patch()
report = importlib.import_module("collector.report")
if before == "import":
    patch()
if before == "no thread":
    threading.stack_size(1 << 46)  # None has so large a stack.
report.start(argument, redis_url=redis_url, host="web-1", interval_s=0.1)
if before == "a start":
    patch()
print("the service goes on", flush=True)
sys.stdin.read()
