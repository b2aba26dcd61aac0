"""A thread that polls what is watched until it is stopped."""

import threading
from collections.abc import Callable


class PollingThread:
    """Runs one function in a daemon thread: a question that hangs must not keep the process from ending."""

    def __init__(
        self, name: str, run: Callable[[threading.Event], None], *, join_s: float, wake: Callable[[], object] = bool
    ) -> None:
        """`run` returns soon after the event it is given is set; `wake` ends its pause.

        join_s: how long `stop` waits for it.
        """
        self._name = name
        self._run = run
        self._join_s = join_s
        self._wake = wake
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; does nothing while it runs."""
        if self._thread is None:
            self._stopping = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(self._stopping,), name=self._name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop the thread; may be called twice."""
        self._stopping.set()
        self._wake()
        if self._thread is not None:
            self._thread.join(timeout=self._join_s)
            self._thread = None
