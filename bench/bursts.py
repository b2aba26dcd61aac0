"""Whether a dispatch that drains between two samples is seen: `make bench-bursts`.

Of a watched RabbitMQ, and of a watched Redis. A message takes the demo's worker some time at the gateway; with as many
threads as here it drains 150 messages in about a second.
"""

import argparse
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack

from bench.table import Figure, keep
from tests.services import CeleryWorker, RabbitServer
from tests.stack import Stack
from tests.web import ROOT

BROKERS = ("amqp", "redis")

MOST_SAMPLES = 60
"""Samples waited for at most until a burst has drained: a queue that stays unknown must not hold the bench up."""

READING_S = 1.5
"""How much older than its sample the reading of a queue may be: the broker is asked within a second, or has failed."""


SENDING_S = 0.25
"""Longest that sending a burst may take: on a machine with no time for it, it drains while it is being sent, and is no
burst. It is left out then and sent again."""


THREADS = 32


class DemoWorker(CeleryWorker):
    """The demo's worker, quicker than the one of `make run`."""

    def __init__(self, environ: dict[str, str]) -> None:
        super().__init__(environ.get("WATCHED_BROKER_URL", ""), "dispatch")
        self._environ = environ

    def start(self) -> None:
        pool = ["-P", "threads", "-c", str(THREADS)]
        options = ["-A", "demo.app", "worker", *pool, "-n", "demo@test", "--without-mingle", "-l", "INFO"]
        self._run([self.program, "-m", "celery", *options], {**self._environ, "PYTHONPATH": str(ROOT)})


def main() -> int:
    """Send bursts at every phase of the tick and keep how many the samples have missed; 1 when there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brokers", nargs="*", choices=BROKERS, default=BROKERS)
    parser.add_argument("--bursts", type=int, default=100)
    parser.add_argument("--messages", type=int, default=150)
    parser.add_argument("--interval", type=float, default=3, help="s between two samples")
    arguments = parser.parse_args()
    least = 2 / 3 * arguments.messages
    figures, about = [], {}
    for broker in arguments.brokers:
        # A process of its own: the demo's app is bound to one broker for as long as it lives.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            measuring = process.submit(_measure, broker, arguments.bursts, arguments.messages, arguments.interval)
            peaks, drained, slow = measuring.result()
        missed = sum(peak < least for peak in peaks) + arguments.bursts - len(peaks)
        note = (
            f"{drained} drained between two samples; peaks {min(peaks, default=0)} to {max(peaks, default=0)}; "
            f"{slow} sent too slowly to count"
        )
        figures.append(Figure(name=f"bursts missed, {broker}", unit="count", ours=missed, bar=0, note=note))
        about[broker] = {"peaks": peaks, "drained_between_samples": drained, "too_slowly_sent": slow}
    title = f"{arguments.bursts} bursts of {arguments.messages} messages, samples every {arguments.interval:g} s"
    keep("bursts", title, figures, **about)
    return 0 if all(figure.is_met for figure in figures) else 1


def _measure(broker: str, bursts: int, messages: int, interval_s: float) -> tuple[list[int], int, int]:
    """The peak that the samples carried for each burst; of how many no sample has seen anything else; how many more
    were sent too slowly to count, as many again at most."""
    peaks, drained, slow = [], 0, 0
    with ExitStack() as everything:
        # The stream lasts as long as the bench: as a rule it would be sent round before a hundred bursts are over.
        environ = {"SAMPLE_INTERVAL_S": f"{interval_s:g}", "MAX_STREAM_MINUTES": "1440"}
        if broker == "amqp":
            environ["WATCHED_BROKER_URL"] = everything.enter_context(RabbitServer()).url
        stack = everything.enter_context(Stack(**environ))
        everything.enter_context(DemoWorker(stack.environ))
        os.environ.update(stack.environ)
        from demo.burst import send  # noqa: PLC0415  It reads the broker's address when it is loaded.

        stream = everything.enter_context(stack.stream(timeout_s=20))
        stream.next("system_stats")
        while len(peaks) < bursts and slow < bursts:
            begun_mono_s = time.monotonic()
            send(messages)
            took_s = time.monotonic() - begun_mono_s
            sent_at, samples = time.time(), []
            # Until one that was taken after the last message was sent finds the queue empty.
            while len(samples) < MOST_SAMPLES and (
                not samples or samples[-1]["at"] <= sent_at + READING_S or samples[-1]["queue_size"] != 0
            ):
                samples.append(stream.next("system_stats").json)
            if took_s > SENDING_S:
                slow += 1
                continue
            peaks.append(max(sample["queue_peak"] or 0 for sample in samples))
            drained += not any(sample["queue_size"] for sample in samples)
    return peaks, drained, slow


if __name__ == "__main__":
    sys.exit(main())
