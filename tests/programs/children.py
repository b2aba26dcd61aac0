"""A service whose children log one line each and end, in the way that the argument names. It logs before and after."""

import ctypes
import multiprocessing
import os
import sys
import time

from tests.programs.attached import attach

log, handler = attach()
CHILDREN = 3


def work(number: int) -> None:
    """What a child does."""
    log.error("child %d", number)


def work_and_drop(number: int) -> None:
    """What a child does that loses a line as well, and has no other after it."""
    log.error("child %d", number)
    handler._outbox.drop()


def fork(number: int) -> None:
    """By hand; it ends without `atexit`, having waited for its lines."""
    if not os.fork():
        work(number)
        handler.flush()
        os._exit(0)


def fork_unseen(number: int) -> None:
    """By C, as a server does that runs Python inside: no hook of Python's is called."""
    if not ctypes.PyDLL(None).fork():
        work(number)
        handler.flush()
        os._exit(0)


def main(way: str) -> None:
    """Start them all, and wait for them."""
    log.error("parent before")
    time.sleep(0.05)  # The parent's thread is at work, and connected, when the children are made.
    if way in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(way)
        processes = [context.Process(target=work_and_drop, args=(number,)) for number in range(CHILDREN)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
    elif way == "pool":
        with multiprocessing.get_context("fork").Pool(2) as pool:
            pool.map(work, range(CHILDREN))
            pool.close()
            pool.join()
    else:
        for number in range(CHILDREN):
            {"os.fork": fork, "unseen": fork_unseen}[way](number)
        for _ in range(CHILDREN):
            os.wait()
    log.error("parent after")


if __name__ == "__main__":
    main(sys.argv[2])
