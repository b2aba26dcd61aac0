"""The handler in services of its own: what they log arrives, and nothing that happens to the panel reaches them."""

import os
import subprocess
import sys
import textwrap

import pytest

from collector.store.live import redis_client
from collector.store.logs import LogStore
from tests.process import PATIENCE_S
from tests.services import CeleryWorker, RedisServer, wait_until
from tests.toxics import Link
from tests.web import ROOT

HEAD = """
import json, logging, os, sys, threading, time
from collector.logs import CriticalLogHandler
logging.basicConfig(level="INFO")
handler = CriticalLogHandler(sys.argv[1], "backend", "web-1")
logging.getLogger().addHandler(handler)
log = logging.getLogger("zapvoice.gateway")
"""


def start(redis_url, code, before="", **options):
    """A service that has attached the handler, and then does what `code` says."""
    command = [sys.executable, "-c", before + HEAD + textwrap.dedent(code), redis_url]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), **pipes, **options)


def run(redis_url, code, before=""):
    """The same, to its end: what it wrote to stdout and stderr."""
    process = start(redis_url, code, before)
    try:
        out, err = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, err
    return out, err


@pytest.fixture
def store(client):
    return LogStore(client)


@pytest.mark.live
def test_a_service_that_attaches_the_handler_and_ends_at_once_has_sent_what_it_logged(redis_url, store):
    run(redis_url, """
        log.warning("too little to be sent")
        for number in range(3):
            try:
                raise TimeoutError(f"gateway: +5511912345678, token=hunter2, try {number}")
            except TimeoutError:
                log.exception("voice message %d was not taken", number)
        log.critical("no gateway is left")
    """)  # fmt: skip

    # Which of the two is the newer one: they are a millisecond apart, and so is what their ways took.
    critical, failed = sorted(store.recent().groups, key=lambda group: group["level"])
    assert (critical["level"], critical["message"], critical["traceback"]) == ("critical", "no gateway is left", None)
    assert (failed["level"], failed["message"], failed["count"]) == ("error", "voice message 2 was not taken", 3)
    assert (failed["host"], failed["service"], failed["logger"]) == ("web-1", "backend", "zapvoice.gateway")
    assert failed["traceback"].startswith("Traceback (most recent call last):\n")
    assert failed["traceback"].endswith("TimeoutError: gateway: [redacted:phone], token=[redacted:secret] try 2\n")


@pytest.mark.live
def test_a_collector_that_its_watchdog_ends_has_said_so_on_the_panel(redis_url, store):
    ending = start(redis_url, "from collector.watchdog import end_process; end_process()")
    ending.communicate(timeout=PATIENCE_S)

    assert ending.returncode == 70
    assert [group["message"].split(":")[0] for group in store.recent().groups] == ["ticks are due and none is taken"]


@pytest.mark.live
def test_what_does_not_fit_is_dropped_and_counted_to_the_last_line(redis_url, store):
    run(redis_url, """
        logging.getLogger().handlers[:] = [handler]
        for number in range(20_000):
            log.error("flood %d", number)
    """)  # fmt: skip

    recent = store.recent()
    assert sum(group["count"] for group in recent.groups) + recent.dropped == 20_000
    assert recent.dropped > 10_000


@pytest.mark.live
def test_a_flood_from_one_place_leaves_room_for_the_others(redis_url, store):
    run(redis_url, """
        logging.getLogger().handlers[:] = [handler]
        for number in range(20_000):
            log.error("flood %d", number)
            if number % 5000 == 2500:
                log.critical("what matters")
    """)  # fmt: skip

    assert {group["message"]: group["count"] for group in store.recent().groups}["what matters"] == 4


@pytest.mark.live
@pytest.mark.parametrize("spoil", ["down", "black_hole"])
def test_a_service_never_waits_for_a_redis_that_is_away_or_silent(spoil):
    with RedisServer() as server, Link(("127.0.0.1", server.port)) as link:
        getattr(link, spoil)()
        # A command's deadline is 1 s: if a line waited for one, the service would not end for an hour.
        _, err = run(f"redis://:{server.password}@127.0.0.1:{link.port}/0", """
            root = logging.getLogger()
            for number in range(4000):
                try:
                    1 / 0
                except ZeroDivisionError:
                    root.handlers[-1].handle(log.makeRecord("x", 40, "f", 1, "m %d", (1,), sys.exc_info()))
                time.sleep(0.0005)
        """)  # fmt: skip

    assert err.count("cannot be sent, and wait") == 1
    assert server.password not in err


UNDER_GEVENT = """
from gevent import monkey; monkey.patch_all()
from collector.store.live import redis_client
redis_client.__kwdefaults__["timeout_s"] = 600  # What waits for Redis waits until the link is cut.
"""


@pytest.mark.live
def test_under_gevent_the_sending_holds_up_no_other_greenlet():
    with RedisServer() as server, Link(("127.0.0.1", server.port)) as link, redis_client(server.url) as client:
        link.black_hole()
        service = start(f"redis://:{server.password}@127.0.0.1:{link.port}/0", """
            log.error("from a greenlet")
            for _ in range(100):
                time.sleep(0.01)
            print("went on", flush=True)
            time.sleep(60)
        """, UNDER_GEVENT)  # fmt: skip
        try:
            assert service.stdout.readline() == "went on\n"
            link.down()
            link.heal()
            wait_until(lambda: LogStore(client).recent().groups, what="it is sent")
        finally:
            service.kill()
            service.communicate()


@pytest.mark.live
def test_lines_wait_for_a_redis_that_comes_back():
    with RedisServer() as server, Link(("127.0.0.1", server.port)) as link, redis_client(server.url) as client:
        link.down()
        service = start(f"redis://:{server.password}@127.0.0.1:{link.port}/0", """
            for number in range(400):
                log.error("while it was away %d", number)
            print("logged", flush=True)
            sys.stdin.read()
        """, stdin=subprocess.PIPE)  # fmt: skip
        try:
            assert service.stdout.readline() == "logged\n"
            link.heal()
            store = LogStore(client)
            wait_until(lambda: _total(store) == 400, 15, "everything is sent or counted")
            recent = store.recent()
        finally:
            service.kill()
            service.communicate()

    assert 400 - 128 - 50 <= recent.dropped <= 400 - 128
    assert recent.groups[0]["first_at"] < recent.now_s - 0.5


def _total(store):
    recent = store.recent()
    return sum(group["count"] for group in recent.groups) + recent.dropped


@pytest.mark.live
def test_a_forked_child_sends_its_own_lines_and_none_of_its_parents(redis_url, store):
    run(redis_url, """
        log.error("parent before")
        children = []
        for number in range(3):
            child = os.fork()
            if not child:
                log.error("child %d", number)
                handler.flush()
                os._exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)
        log.error("parent after")
    """)  # fmt: skip

    assert {group["message"].rstrip("012 "): group["count"] for group in store.recent().groups} == {
        "parent before": 1, "child": 3, "parent after": 1,
    }  # fmt: skip


@pytest.mark.live
def test_objects_that_misbehave_while_they_are_formatted_harm_nobody(redis_url, store):
    run(redis_url, """
        class Bad:
            def __str__(self):
                log.error("from inside")
                raise RuntimeError("no text")
        class Deep(Exception):
            pass
        def dive(depth):
            if not depth:
                raise Deep("x" * 1_000_000)
            dive(depth - 1)
        logging.getLogger().handlers[:] = [handler]
        log.error("%s", Bad())
        log.error("%d too few")
        log.error("too many", 1, 2)
        log.error(Bad())
        try:
            dive(500)
        except Deep:
            log.exception("deep")
        log.error("bytes \\udc80 \\x1b[31m \\u202e %r", b"\\xff")
        log.error("the last")
    """)  # fmt: skip

    recent = store.recent()
    messages = [group["message"] for group in recent.groups]
    assert "the last" in messages
    assert "from inside" not in messages
    assert recent.dropped == 3
    deep = next(group for group in recent.groups if group["message"] == "deep")
    assert len(deep["traceback"].encode()) <= 8192
    assert r"bytes \udc80 \x1b[31m \u202e b'\xff'" in messages


@pytest.mark.live
def test_a_signal_handler_may_log_whatever_it_interrupts(redis_url, store):
    run(redis_url, """
        import signal
        signal.signal(signal.SIGALRM, lambda *_: log.error("from the signal"))
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        for number in range(20_000):
            log.error("flood")
        signal.setitimer(signal.ITIMER_REAL, 0)
    """)  # fmt: skip

    assert _total(store) >= 20_000


@pytest.mark.live
def test_what_the_sending_itself_logs_is_not_sent(redis_url, store):
    run(redis_url, """
        import redis.connection
        send = redis.connection.Connection.send_packed_command
        def noisy(self, *arguments, **options):
            logging.getLogger("redis").error("a command is sent")
            return send(self, *arguments, **options)
        redis.connection.Connection.send_packed_command = noisy
        log.error("one")
        handler.flush()
        log.error("two")
    """)  # fmt: skip

    assert [group["message"] for group in store.recent().groups] == ["two", "one"]


def test_attaching_the_handler_loads_nothing_heavy_and_starts_nothing():
    code = """
import sys, threading, logging
from collector.logs import CriticalLogHandler
logging.getLogger().addHandler(CriticalLogHandler("redis://127.0.0.1:1/0", "x"))
heavy = {"psutil", "sqlalchemy", "celery", "kombu", "flask", "gevent"} & set(sys.modules)
assert not heavy, heavy
assert threading.active_count() == 1
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=PATIENCE_S)


TASKS = """
import logging, os, sys
sys.path.insert(0, {root!r})
from celery import Celery
from collector.logs import CriticalLogHandler, watch_task_failures
app = Celery("zapvoice", broker={broker!r})
app.conf.update(broker_connection_retry_on_startup=True, task_ignore_result=True)
watch_task_failures(CriticalLogHandler({redis!r}, "worker", "web-1"))

@app.task(name="zapvoice.send_voice")
def send_voice(number):
    raise TimeoutError("gateway did not take +5511912345678")

@app.task(name="zapvoice.complain")
def complain():
    logging.getLogger("zapvoice").error("a task has complained")

@app.task(name="zapvoice.crash")
def crash():
    os._exit(1)
"""


class ForkingWorker(CeleryWorker):
    """A stock worker with child processes, of an app that watches its failures."""

    def start(self):
        (self.directory / "zapvoice.py").write_text(
            TASKS.format(root=str(ROOT), broker=self._broker_url, redis=self._broker_url)
        )
        command = [self.program, "-m", "celery", "-A", "zapvoice", "worker", "-c", "2", "--without-mingle"]
        self._run([*command, "-l", "INFO"], {"PYTHONPATH": str(self.directory)})

    def is_ready(self):
        return " ready." in self.log.read_text()


@pytest.mark.live
def test_failed_tasks_of_forked_workers_arrive_once_with_their_name(redis_url, store):
    from celery import Celery

    with ForkingWorker(redis_url, "celery"), Celery(broker=redis_url) as app:
        for number in range(6):
            app.send_task("zapvoice.send_voice", (number,))
        app.send_task("zapvoice.complain")
        wait_until(lambda: _total(store) == 7, 20, "those came")
        app.send_task("zapvoice.crash")
        wait_until(lambda: "zapvoice.crash" in [group["task"] for group in store.recent().groups], 20, "that came")
        found = {group["message"]: group for group in store.recent().groups}

    failed = found["TimeoutError: gateway did not take [redacted:phone]"]
    assert (failed["task"], failed["count"], failed["level"]) == ("zapvoice.send_voice", 6, "error")
    assert failed["traceback"].endswith("TimeoutError: gateway did not take [redacted:phone]\n")
    assert found["a task has complained"]["task"] is None
    lost = [group for group in found.values() if group["task"] == "zapvoice.crash"]
    assert [group["message"].split(":")[0] for group in lost] == ["WorkerLostError"]
