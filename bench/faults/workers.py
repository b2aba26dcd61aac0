"""Faults of the application's own workers: a worker is there, messages wait, and none is finished.

The rows are the same on each broker: `workers_on_rabbitmq` and `workers_on_redis`. A real Celery worker with
SLOTS slots runs the messages, and at the end each of them must have been run exactly once.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from uuid import uuid4

from celery import Celery

from bench.faults.measure import DETECT_BAR_S, Fault, Row
from bench.faults.testbed import QUEUE, Testbed
from bench.faults.watch import Point, Sign, View, standstill
from tests.celery_application import Application
from tests.process import wait_until
from tests.services import RabbitServer, RedisServer

SLOTS = 4
WAITING = 20
"""More messages than the worker can be handed at once."""

STUCK_AFTER_S = 10.0
"""The least that the setting may be."""

STANDSTILL_BAR_S = STUCK_AFTER_S + DETECT_BAR_S

SLOW_BAR_S = 60.0 + DETECT_BAR_S
"""Where messages move, idle slots are seen as soon as a standstill is with the default STUCK_AFTER_S: workers are asked
for their slots each half minute."""

SLOW_TASKS = 150
TASK_S = 1.0
"""In one slot they take longer than twice that."""

OTHER_QUEUE = "invoices"


def make_testbed(broker: RabbitServer | RedisServer) -> Testbed:
    """A testbed with such a worker on this broker."""
    make_worker = partial(Application, pool="prefork", slots=SLOTS)
    return Testbed(broker=broker, make_worker=make_worker, STUCK_AFTER_S=f"{STUCK_AFTER_S:g}")


class Dispatch:
    """The messages of one fault."""

    def __init__(self) -> None:
        self._url = ""
        self._directory = Path()
        self._runs: list[Path] = []

    def prepare(self, testbed: Testbed) -> None:
        """Send nothing yet."""
        assert isinstance(testbed.worker, Application)
        self.worker = testbed.worker
        self._url, self._directory = testbed.broker.url, testbed.worker.directory / uuid4().hex
        self._directory.mkdir()
        (self._directory / "now").touch()

    def send(self, count: int, until: str = "now", takes_s: float = 0.0) -> None:
        """Send so many tasks that take so long; those `until="end"` end with `end`."""
        with Celery(broker=self._url, set_as_current=False) as app:
            for _ in range(count):
                self._runs.append(self._directory / f"runs-{len(self._runs)}")
                arguments = (str(self._runs[-1]), str(self._directory / until), takes_s)
                app.send_task("work", arguments, queue=QUEUE, ignore_result=True)

    def end(self) -> None:
        """Let the tasks end that do not end by themselves."""
        (self._directory / "end").touch()

    def judge(self, _testbed: Testbed, row: Row, _points: Sequence[Point]) -> None:
        """Whether each message was run, and once."""
        self.end()
        try:
            wait_until(lambda: all(runs.exists() for runs in self._runs), what="every message is run")
        except AssertionError:
            row.faults.append(f"{sum(not runs.exists() for runs in self._runs)} of {len(self._runs)} messages lost")
        doubled = sum(runs.exists() and runs.read_text() != "run\n" for runs in self._runs)
        if doubled:
            row.faults.append(f"{doubled} messages run twice")


def faults(broker: str) -> tuple[Fault, ...]:
    """The rows on this broker."""
    return (
        _fault(f"Worker on {broker}: SIGSTOP while messages wait", _freeze, _thaw, "worker_silent"),
        _fault(f"Worker on {broker}: every slot in a task that does not end", _fill_slots, Dispatch.end, "slots_held"),
        _fault(f"Worker on {broker}: alive, but consumes another queue", _leave, _return, "other_queue"),
        _fault(
            f"Worker on {broker}: a prefetch of 1 for {SLOTS} slots, and messages move",
            _slow_down,
            _hand_out,
            shows=_are_slots_idle,
            bar_s=SLOW_BAR_S,
            note="it calls for attention, with `prefetch_low` as its cause",
        ),
        _fault(
            f"Worker on {broker}: a prefetch of 1 for {SLOTS} slots, and its task does not end",
            _hold_back,
            _hand_out,
            "prefetch_low",
        ),
    )


def _fault(
    name: str,
    begin: Callable[[Dispatch], object],
    end: Callable[[Dispatch], object],
    cause: str = "",
    *,
    shows: Sign = standstill,
    bar_s: float = STANDSTILL_BAR_S,
    note: str = "",
) -> Fault:
    dispatch = Dispatch()
    return Fault(
        name=name,
        prepare=dispatch.prepare,
        strike=lambda _: begin(dispatch),
        heal=lambda _: end(dispatch),
        shows=shows,
        detect_bar_s=bar_s,
        cause=cause,
        check=dispatch.judge,
        note=note,
    )


def _are_slots_idle(view: View) -> bool:
    """They call for attention: messages go through, but slower than they could."""
    return view.state == "warn" or view.cause == "prefetch_low"


def _freeze(dispatch: Dispatch) -> None:
    dispatch.worker.pause()
    dispatch.send(WAITING)


def _thaw(dispatch: Dispatch) -> None:
    dispatch.worker.resume()


def _fill_slots(dispatch: Dispatch) -> None:
    dispatch.send(SLOTS, until="end")
    dispatch.send(WAITING)


def _leave(dispatch: Dispatch) -> None:
    dispatch.worker.consume(OTHER_QUEUE, instead_of=QUEUE)
    dispatch.send(WAITING)


def _return(dispatch: Dispatch) -> None:
    dispatch.worker.consume(QUEUE, instead_of=OTHER_QUEUE)


def _hold_back(dispatch: Dispatch) -> None:
    dispatch.worker.hand_out(1)
    dispatch.send(1, until="end")
    dispatch.send(WAITING)


def _slow_down(dispatch: Dispatch) -> None:
    dispatch.worker.hand_out(1)
    dispatch.send(SLOW_TASKS, takes_s=TASK_S)


def _hand_out(dispatch: Dispatch) -> None:
    """A task that does not end goes on: three slots are enough."""
    dispatch.worker.hand_out(SLOTS)
