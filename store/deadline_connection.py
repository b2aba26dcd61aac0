"""psycopg's connection with a deadline for every wait. Import it late: psycopg is 5 MB."""

from contextlib import suppress
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

CANCEL_S = 0.25
"""Longest wait for a server to take a cancellation: a frozen one never does."""


class DeadlineConnection(psycopg.Connection[Any]):
    """Gives up a server that does not answer for `answer_s`: a frozen one does not keep its own deadline."""

    answer_s: float | None = None
    """None: wait without end."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """See psycopg. Raises: OperationalError once the time is up; the connection is then closed."""
        try:
            return super().wait(gen, interval, timeout or self.answer_s)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                with suppress(psycopg.Error):  # Otherwise the server would work on for nobody.
                    self.cancel_safe(timeout=CANCEL_S)
                self.pgconn.finish()  # A late answer must not pass for that of the next statement.
            raise
