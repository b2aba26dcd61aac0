"""A viewer who watches how late its own events are while something else goes on."""

import json
import statistics
import threading
import time

from bench.faults.testbed import Testbed
from tests.builders import make_queue, make_sample
from tests.process import wait_until

FILLER = "filler"
"""The host that its samples seem to be of."""

SAMPLES_PER_S = 5
BASELINE_S = 6


class Witness:
    """Writes samples and reads them back from the stream, in two threads, until stopped."""

    def __init__(self, testbed: Testbed, *, queues: int) -> None:
        """`queues` make the samples long: 90 of them some 20 kB. Returns when there is a baseline."""
        self._testbed = testbed
        self._queues = tuple(make_queue(name=f"queue-{number}") for number in range(queues))
        self._stopping = threading.Event()
        self._delays: list[tuple[float, float]] = []
        """When an event came (monotonic s), and how late after the store took it (s)."""
        for job in (self._write, self._watch):
            threading.Thread(target=job, daemon=True).start()
        wait_until(lambda: len(self._delays) >= BASELINE_S * SAMPLES_PER_S, 30, "a baseline")

    def stop(self) -> None:
        """No more of its samples, and none to be seen."""
        self._stopping.set()
        self._testbed.store.forget_host(FILLER)

    def median_before_s(self, at: float) -> float:
        """The median delay before an instant (monotonic s)."""
        return statistics.median(late for came, late in self._delays if came < at)

    def delays_since(self, at: float) -> list[float]:
        """The delays since an instant."""
        return [late for came, late in self._delays if came >= at]

    def _write(self) -> None:
        store, slot = self._testbed.store, 0
        while not self._stopping.wait(1 / SAMPLES_PER_S):
            slot += 1
            store.append(make_sample(host=FILLER, slot=slot, queues=self._queues))

    def _watch(self) -> None:
        wall_lead_s = time.time() - time.monotonic()
        with self._testbed.stream(timeout_s=10) as stream:
            for event in stream:
                if self._stopping.is_set():
                    return
                if event.type == "system_stats" and event.id and json.loads(event.data)["host"] == FILLER:
                    now_s = time.monotonic()
                    self._delays.append((now_s, now_s + wall_lead_s - int(event.id.partition("-")[0]) / 1000))
