"""Threads of the operating system, whatever gevent or eventlet patches, and whenever.

Those libraries replace threads and locks in modules. A lock from before and a thread from after then wait for each
other for ever. This module uses one kind only: a private copy of the built-in `_thread`, and `_queue.SimpleQueue`,
written in C, which no library replaces and whose `put` never waits, even in a signal handler.
"""

import importlib.util
from _queue import SimpleQueue
from collections.abc import Callable
from importlib.machinery import BuiltinImporter
from types import ModuleType

__all__ = ["SimpleQueue", "start_thread"]


def _copy(name: str) -> ModuleType:
    spec = BuiltinImporter.find_spec(name)
    if spec is None:
        raise ImportError(f"this Python has no built-in {name}: only CPython is supported")
    module = importlib.util.module_from_spec(spec)
    BuiltinImporter.exec_module(module)
    return module


_thread = _copy("_thread")


def start_thread(run: Callable[[], object]) -> bool:
    """Call `run` in a thread that does not keep the process alive.

    Returns False if the system refuses a thread: it has too many, or Python is ending.
    """
    try:
        _thread.start_new_thread(run, ())
    except RuntimeError:
        return False
    return True
