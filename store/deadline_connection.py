"""psycopg's connection, made to end every wait for the server. Import it late: psycopg is 5 MB."""

from contextlib import suppress
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

CANCEL_S = 0.25
"""How long it may take to tell a server that nobody waits for its answer any more: a frozen one never hears it."""


class DeadlineConnection(psycopg.Connection[Any]):
    """Gives up a server that answers nothing at all for `answer_s`: one that is frozen keeps no deadline of its own."""

    answer_s: float | None = None
    """None: it is waited for without end."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """As psycopg's own. Raises: OperationalError once the time is up, and the connection is closed then."""
        try:
            return super().wait(gen, interval, timeout or self.answer_s)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                with suppress(psycopg.Error):  # The server is told, or it would work on for nobody.
                    self.cancel_safe(timeout=CANCEL_S)
                self.pgconn.finish()  # The answer may still come, and must not be taken for the next one's.
            raise
