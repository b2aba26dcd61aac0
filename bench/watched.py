"""What the panel watches while it is measured: RabbitMQ with its management API, PostgreSQL, a worker, one viewer."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.services import CeleryWorker, PostgresServer, RabbitServer
from tests.stack import Stack

QUEUE = "dispatch"


@contextmanager
def watching_stack(**environ: str) -> Iterator[Stack]:
    """The stack as `make run` starts it, watching services of its own, every probe on."""
    with ExitStack() as services:
        rabbitmq = services.enter_context(RabbitServer())
        postgresql = services.enter_context(PostgresServer())
        services.enter_context(CeleryWorker(rabbitmq.url, QUEUE))
        yield services.enter_context(
            Stack(
                WATCHED_BROKER_URL=rabbitmq.url,
                RABBITMQ_MANAGEMENT_URL=rabbitmq.management_url,
                WATCHED_DATABASE_URL=postgresql.url,
                WATCHED_QUEUES=QUEUE,
                **{"MAX_STREAM_MINUTES": "1440", **environ},  # The one viewer stays for as long as is measured.
            )
        )


@contextmanager
def one_viewer(stack: Stack) -> Iterator[list[str]]:
    """Somebody looks; the ids of the samples that have come so far."""
    ids: list[str] = []
    stream = stack.stream(timeout_s=30)

    def view() -> None:
        try:
            for event in stream:
                if event.type == "system_stats":
                    ids.append(str(event.id))
        except (OSError, ValueError, AttributeError):
            pass  # The stack has ended, or the stream was closed under us.

    threading.Thread(target=view, daemon=True).start()
    yield ids
