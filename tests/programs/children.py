"""A service whose children log one line each and end, in the way that the argument names. It logs before and after."""

import logging
import multiprocessing
import os
import sys
import time


def log_in_hook() -> None:
    """As another library may, whose hook was there before ours."""
    if sys.argv[2:] == ["hook"]:
        logging.error("child 0")


os.register_at_fork(after_in_child=log_in_hook)

from tests.programs.attached import attach  # noqa: E402

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
        if sys.argv[2:] != ["hook"]:
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
            fork(number)
        for _ in range(CHILDREN):
            os.wait()
    log.error("parent after")


if __name__ == "__main__":
    main(sys.argv[2])
