"""A service that logs by a queue, whose listener has the handler, and in coroutines."""

import asyncio
import logging
import queue
import sys
from logging.handlers import QueueHandler, QueueListener

from collector.logs import CriticalLogHandler
from tests.programs.attached import be_patient


async def work(number: int) -> None:
    """One of many at once."""
    await asyncio.sleep(0)
    try:
        raise TimeoutError(f"no gateway {number}")
    except TimeoutError:
        logging.exception("message %d was not taken", number)


async def main() -> None:
    """All of them."""
    await asyncio.gather(*map(work, range(50)))


be_patient()
records: "queue.SimpleQueue[logging.LogRecord]" = queue.SimpleQueue()
logging.getLogger().addHandler(QueueHandler(records))
listener = QueueListener(records, CriticalLogHandler(sys.argv[1], "backend"))
listener.start()
asyncio.run(main())
listener.stop()
