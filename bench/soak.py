"""A day in a quarter of an hour, and nothing may grow: `make soak`.

28,800 samples are a day of them; by default one comes every 30 ms. What is kept for an hour is kept for as many
samples: this program trims the stream to 1,200, since Redis does it by its clock; or to as many as there are when it
begins to count, so that it has stopped growing. Every slot must have its sample, in Redis and at a viewer; memory and
open files of every process, Redis' memory and keys are looked at every few seconds.
The first 9,000 samples, or the first third, do not count: the web process fills its ring of 8,192, and pools fill.

`SOAK=--quick` takes two minutes, `SOAK=--real` an hour at 3 s, kept as `soak_hour`.
"""

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import redis

from bench.meter import pss_mb
from bench.table import Figure, keep, show
from bench.watched import one_viewer, watching_stack
from store import keys
from store.samples.entries import parse_entry
from store.samples.wire import parse_wire
from tests.stack import Stack

NAMES = ("collector", "web", "redis")
HOUR_SAMPLES = 1200
LOOK_S = 5.0

Look = dict[str, float]


class Slots:
    """Which slots have a sample, read from the stream as it goes by."""

    def __init__(self) -> None:
        self._after = "-"
        self._seen: set[int] = set()

    def read(self, client: "redis.Redis") -> None:
        """Note what is new. Often enough, or what was trimmed would count as missing."""
        while page := client.xrange(keys.SAMPLES, min=self._after, count=500):
            for entry in map(parse_entry, page):
                self._seen.add(int(parse_wire(entry.sample)["slot"]))
                self._after = f"({entry.id}"

    def begin(self) -> None:
        """Forget what was seen so far, the newest aside."""
        self._seen = {max(self._seen)}

    @property
    def due(self) -> int:
        """How many slots there were from the first to the last."""
        return max(self._seen) - min(self._seen) + 1

    @property
    def missing(self) -> int:
        """How many of them have no sample."""
        return self.due - len(self._seen)


def look(stack: Stack, client: "redis.Redis") -> Look:
    """Of each program its PSS (MB) and open files, by `<name> memory` and `<name> files`; Redis' keys and memory."""
    found: Look = {}
    for name in NAMES:
        pids = [process.pid for process in stack.processes(name)]
        found[f"{name} files"] = sum(psutil.Process(pid).num_fds() for pid in pids)
        if name != "redis":
            found[f"{name} memory"] = sum(map(pss_mb, pids))
    found["keys"] = sum(1 for _ in client.scan_iter(count=1000))
    found["redis memory"] = client.info("memory")["used_memory"] / 2**20
    return found


@contextmanager
def looking(stack: Stack, interval_s: float, kept_samples: int, slots: Slots) -> Iterator[list[Look]]:
    """Look again and again, and keep so many samples in the stream, until the block ends."""
    looks: list[Look] = []
    leaving = threading.Event()
    failed: list[Exception] = []

    def run() -> None:
        try:
            with redis.Redis.from_url(stack.redis_url) as client:
                while not leaving.wait(min(LOOK_S, kept_samples / 4 * interval_s)):
                    slots.read(client)
                    client.xtrim(keys.SAMPLES, maxlen=kept_samples, approximate=True)
                    looks.append(look(stack, client))
        except Exception as error:  # noqa: BLE001  It is raised in the thread that waits for this one.
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield looks
    finally:
        leaving.set()
        thread.join()
    if failed:
        raise failed[0]


def main() -> int:
    """Print the table and keep it; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=864)
    parser.add_argument("--interval", type=float, default=0.03, help="s between two samples")
    parser.add_argument("--quick", action="store_true", help="two minutes, nothing is kept")
    parser.add_argument("--real", action="store_true", help="an hour at 3 s")
    options = parser.parse_args()
    seconds, interval_s = (3600.0, 3.0) if options.real else (options.seconds, options.interval)
    if options.quick:
        seconds, interval_s = 150.0, 0.05
    warm_s = max(seconds / 3, min(9000 * interval_s, seconds / 2))
    slots = Slots()
    with (
        watching_stack(SAMPLE_INTERVAL_S=str(interval_s)) as stack,
        one_viewer(stack) as ids,
        looking(stack, interval_s, min(HOUR_SAMPLES, int(warm_s / interval_s)), slots) as looks,
    ):
        time.sleep(warm_s)
        slots.begin()
        first, begun = len(looks), time.time()
        time.sleep(seconds - warm_s)
        ended = time.time()
    came = sum(begun <= keys.id_seconds(entry_id) < ended - 1 for entry_id in ids)
    due_at_viewer = int((ended - 1 - begun) / interval_s)
    figures = [
        Figure(name="samples missing in Redis", unit="%", ours=slots.missing / slots.due * 100, bar=0.1),
        Figure(name="samples missing on the stream", unit="%", ours=max(0.0, 1 - came / due_at_viewer) * 100, bar=0.1),
        *_gains(looks[first:]),
    ]
    title = f"{slots.due} samples in {seconds - warm_s:.0f} s, one every {interval_s:g} s, after {warm_s:.0f} s"
    if options.quick:
        print(show(title, figures))
    else:
        keep("soak_hour" if options.real else "soak", title, figures, looks=looks[:: max(1, len(looks) // 30)])
    return 0 if all(figure.is_met for figure in figures) else 1


def _gains(looks: list[Look]) -> list[Figure]:
    """Each figure's middle value of the last fifth against that of the first: one look may fall on a busy moment."""
    share = max(1, len(looks) // 5)
    figures = []
    for name in looks[0]:
        before, after = (statistics.median(row[name] for row in part) for part in (looks[:share], looks[-share:]))
        note = f"{before:.4g} to {after:.4g}"
        if name.endswith("memory"):
            gain = (after / before - 1) * 100
            figures.append(Figure(name=f"{name} gained", unit="%", ours=gain, bar=5, note=note))
        else:
            figures.append(Figure(name=f"{name} gained", unit="count", ours=after - before, bar=2, note=note))
    return figures


if __name__ == "__main__":
    sys.exit(main())
