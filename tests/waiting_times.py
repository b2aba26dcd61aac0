"""Messages that wait in real queues at known times, and what a watch tells of them meanwhile."""

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import NamedTuple

from celery import Celery

from collector.probes.broker.queues import QueueWatch
from collector.probes.broker.reading import Reading
from store.samples.model import Queue
from tests.queue_watch import await_reading
from tests.services import CeleryWorker
from tests.web import ROOT

CLOSE_S = 6.0
"""So close to the truth is what is told as a value."""

AROUND_S = 6.0
"""When a burst ends or a queue is purged, the truth jumps; what is told follows within this time. A bound is true of
the last look: messages are looked at every second, on a busy machine later.
"""


class PacedWorker(CeleryWorker):
    """A Celery worker that holds one message at a time, and writes down when it starts each."""

    application = ("-A", "tests.programs.paced")
    options = ("--prefetch-multiplier", "1", "--without-mingle", "--without-gossip", "--without-heartbeat")

    @property
    def environ(self) -> dict[str, str]:
        starts = str(self.directory / "starts")
        return {"PACED_BROKER_URL": self.url, "PACED_STARTS": starts, "PYTHONPATH": str(ROOT)}

    def starts(self) -> list[float]:
        """When each message left the queue, in the order of the queue."""
        path = self.directory / "starts"
        return [float(line) for line in path.read_text().split()] if path.exists() else []


@dataclass
class Message:
    """One message, and the times in which it waited."""

    came_at_s: float
    spans: list[tuple[float, float]] = field(default_factory=list)


@dataclass
class History:
    """The messages of one queue, the first to come first."""

    messages: list[Message] = field(default_factory=list)

    def came(self) -> None:
        """Note a message that comes now."""
        now_s = time.monotonic()
        self.messages.append(Message(now_s, [(now_s, float("inf"))]))

    def left(self, at_s: Iterable[float]) -> None:
        """Note when the first of those that wait left, in their order."""
        waiting = [message for message in self.messages if message.spans[-1][1] == float("inf")]
        for message, end_s in zip(waiting, at_s, strict=False):
            message.spans[-1] = (message.spans[-1][0], end_s)

    def expire(self, after_s: float) -> None:
        """Note that each left so long after it came."""
        self.left([message.came_at_s + after_s for message in self.messages])

    def given_back(self, at_s: float, count: int) -> None:
        """Note that the last to leave wait again."""
        gone = [message for message in self.messages if message.spans[-1][1] < float("inf")]
        for message in gone[-count:]:
            message.spans.append((at_s, float("inf")))

    def oldest_s(self, at_s: float) -> float:
        """The age of the oldest message that waited at an instant; 0 = none did."""
        ages = [
            at_s - message.came_at_s
            for message in self.messages
            if any(since_s <= at_s < until_s for since_s, until_s in message.spans)
        ]
        return max(ages, default=0.0)

    def about(self, at_s: float, before_s: float, after_s: float) -> tuple[float, float]:
        """The lowest and the highest truth around an instant."""
        steps = [at_s - before_s + number * 0.1 for number in range(int((before_s + after_s) * 10) + 1)]
        truths = [self.oldest_s(each) for each in steps]
        return min(truths), max(truths)


class Told(NamedTuple):
    """What a watch told of a queue at an instant."""

    at_s: float
    queue: Queue


class Recorder:
    """Does things at their times, and takes what the watches tell meanwhile, every second."""

    def __init__(self, *watches: QueueWatch) -> None:
        self.readings: list[list[tuple[float, Reading]]] = [[] for _ in watches]
        self._watches = watches
        self._due: list[tuple[float, Callable[[], object]]] = []

    def at(self, at_s: float, action: Callable[[], object]) -> None:
        """Do it so many seconds after the beginning."""
        self._due.append((at_s, action))

    def every(self, pause_s: float, since_s: float, until_s: float, action: Callable[[], object]) -> None:
        """Do it again and again."""
        for number in range(int((until_s - since_s) / pause_s)):
            self.at(since_s + number * pause_s, action)

    def run(self, for_s: float) -> None:
        """Do all of it."""
        began_s = time.monotonic()
        for second in range(1, int(for_s)):
            self.at(float(second), self._take)
        for at_s, action in sorted(self._due, key=lambda due: due[0]):
            time.sleep(max(0.0, began_s + at_s - time.monotonic()))
            action()

    def told(self, name: str, watch: int = 0) -> list[Told]:
        """What one watch told of one queue."""
        return [
            Told(at_s, queue)
            for at_s, reading in self.readings[watch]
            for queue in reading.queues
            if queue.name == name
        ]

    def _take(self) -> None:
        for watch, readings in zip(self._watches, self.readings, strict=True):
            readings.append((time.monotonic(), watch.take()))


class Run(NamedTuple):
    """What happened, and what was told of it."""

    histories: dict[str, History]
    recorder: Recorder

    def told(self, name: str, watch: int = 0) -> list[Told]:
        """What one watch told of one queue."""
        return self.recorder.told(name, watch)


class Publisher:
    """Sends tasks as an application does."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self.histories: dict[str, History] = {}

    def send(self, queue: str, count: int = 1, *, seconds: float = 0.0, **options: object) -> None:
        """Send so many tasks that take so many seconds."""
        history = self.histories.setdefault(queue, History())
        for _ in range(count):
            self._app.send_task("paced.work", (seconds,), queue=queue, **options)
            history.came()


class Scenario:
    """Queues of one broker with paced workers on some of them, and two watches, of which one is started later."""

    def __init__(
        self, app: Celery, broker_url: str, watch_of: Callable[[], QueueWatch], served: Iterable[str], stack: ExitStack
    ) -> None:
        """`served`: the queues with a worker. What runs ends with `stack`."""
        self._workers = {name: stack.enter_context(PacedWorker(broker_url, name)) for name in served}
        self.watch, self.late = watch_of(), watch_of()
        for each in (self.watch, self.late):
            stack.callback(each.stop)
        self.publisher, self.recorder = Publisher(app), Recorder(self.watch, self.late)
        self.histories = self.publisher.histories

    def start(self, is_known: Callable[[Reading], object]) -> None:
        """Start the first watch, and return once its reading is such."""
        self.watch.start()
        await_reading(self.watch, is_known)

    def run(self, for_s: float) -> Run:
        """Do all that the recorder was told, and take down what the workers did."""
        self.recorder.run(for_s)
        for name, worker in self._workers.items():
            self.histories[name].left(worker.starts())
        return Run(self.histories, self.recorder)


def misses(told: list[Told], history: History) -> list[tuple[float, Queue, tuple[float, float]]]:
    """What was told as a value and was not close to the truth, or as a bound and was above it."""
    wrong = []
    for at_s, queue in told:
        if queue.wait_s is None:
            continue
        if queue.wait_is_bound:
            low, high = history.about(at_s, AROUND_S, 0.0)
            is_wrong = queue.wait_s > high
        else:
            low, high = history.about(at_s, AROUND_S, AROUND_S)
            is_wrong = not low - CLOSE_S <= queue.wait_s <= high + CLOSE_S
        if is_wrong:
            wrong.append((at_s, queue, (low, high)))
    return wrong
