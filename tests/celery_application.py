"""A watched application: a Celery app of its own with settings, tasks and workers, of any Celery version."""

import json
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from celery import Celery

from tests.process import PATIENCE_S, Service

APPLICATION = '''\
import json, pathlib, time
from celery import Celery
from celery.worker.control import control_command

app = Celery("application")
app.conf.update(json.loads(pathlib.Path("settings.json").read_text()))


@app.task(name="work", acks_late=True, ignore_result=True)
def work(runs, until, takes_s=0):
    """Write down that it runs, and run so long, and until a file is there."""
    with open(runs, "a") as file:
        file.write("run\\n")
    time.sleep(takes_s)
    while not pathlib.Path(until).exists():
        time.sleep(0.02)


@app.task(name="send", ignore_result=True)
def send():
    """Succeed."""


@app.task(name="fail", ignore_result=True)
def fail(text):
    raise ValueError(text)


@app.task(name="again", ignore_result=True, bind=True)
def again(self):
    """Succeed at the second time."""
    if not self.request.retries:
        raise self.retry(countdown=0)


@control_command(args=[("count", int)])
def hand_out(state, count, is_known=True):
    """Be handed so many messages at once: fewer than there are slots, and without knowing it, as after celery#10253."""
    qos = state.consumer.qos
    qos.set(count)
    if is_known:
        qos.value = count
    else:
        qos.prev = qos.value
        state.consumer.task_consumer.cancel()  # RabbitMQ 4 applies it to later consumers only.
        state.consumer.task_consumer.consume()
    return {"ok": count}
'''

TROUBLE = ("WARNING", "ERROR", "CRITICAL", "Traceback")
"""What a line of a worker's log has that was not told of its ordinary work."""


class Application(Service):
    """One worker of an application; `settings` are Celery's, as JSON."""

    program = sys.executable

    def __init__(
        self,
        broker_url: str,
        queue: str,
        settings: Mapping[str, Any] | None = None,
        *,
        python: str = sys.executable,
        pool: str = "solo",
        slots: int = 1,
    ) -> None:
        super().__init__()
        self._broker_url = broker_url
        self._queue = queue
        self._pool = pool
        self._python = python
        self._ready_at = 0
        (self.directory / "application.py").write_text(APPLICATION)
        self._slots = slots
        own = {"broker_url": broker_url, "worker_hijack_root_logger": True}
        settings = {**own, **(settings or {})}
        (self.directory / "settings.json").write_text(json.dumps(settings))

    @property
    def url(self) -> str:
        """The URL of its broker."""
        return self._broker_url

    def start(self) -> None:
        """Start the worker and return once it consumes."""
        name = f"{secrets.token_hex(4)}@test"
        command = [self._python, "-m", "celery", "-A", "application", "worker", "-Q", self._queue, "-P", self._pool]
        options = ["-c", str(self._slots), "-n", name, "-l", "INFO", "--prefetch-multiplier", "1"]
        # C_FORCE_ROOT: as root Celery refuses to accept pickles, which some applications do.
        self._run([*command, *options], {"C_FORCE_ROOT": "1"})
        self._ready_at = len(self.log.read_text())

    def is_ready(self) -> bool:
        """Whether its log says that it is ready."""
        return " ready." in self.log.read_text()

    def trouble(self) -> list[str]:
        """The lines of trouble in its log since it was ready."""
        lines = self.log.read_text()[self._ready_at :].splitlines()
        return [line for line in lines if any(word in line for word in TROUBLE)]

    def send(self, runs: Path, until: Path, *, count: int = 1, queue: str | None = None) -> None:
        """Send the task that waits so many times, as the application would."""
        sent = f"a.work.apply_async(({str(runs)!r}, {str(until)!r}), queue={queue or self._queue!r})"
        self.run(f"[{sent} for _ in range({count})]")

    def hand_out(self, count: int, *, is_known: bool = True) -> None:
        """Let the worker be handed so many messages at once, whether it knows or not; at first it is one a slot."""
        self.tell("hand_out", count=count, is_known=is_known)

    def consume(self, queue: str, *, instead_of: str) -> None:
        """Let the worker take messages from another queue, and no more from that one."""
        self.tell("add_consumer", queue=queue)
        self.tell("cancel_consumer", queue=instead_of)

    def tell(self, command: str, **arguments: Any) -> None:
        """Have the worker do a command of remote control. Returns when it has."""
        with Celery(broker=self._broker_url, set_as_current=False) as app:
            answers = app.control.broadcast(command, arguments=arguments, reply=True, limit=1, timeout=PATIENCE_S)
        assert answers, f"the worker has not answered to {command}"

    def run(self, code: str) -> None:
        """Run code of the application, which it knows as `a`, in a process of its own."""
        code = f"import application as a; a.app.conf.task_default_queue = {self._queue!r}; {code}"
        subprocess.run([self._python, "-c", code], cwd=self.directory, check=True, timeout=PATIENCE_S)
