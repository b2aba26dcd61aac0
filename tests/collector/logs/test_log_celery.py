"""The handler in Celery's workers, of every pool: failed tasks arrive once, by their names."""

import sys

import pytest
from celery import Celery

from store.logs.log_store import LogStore
from tests.services import CeleryWorker, wait_until
from tests.web import ROOT

pytestmark = pytest.mark.live


class WatchedWorker(CeleryWorker):
    """A stock worker of an app that watches its failures."""

    def __init__(self, redis_url, pool):
        super().__init__(redis_url, "celery")
        self._pool = pool

    def start(self):
        command = [sys.executable, "-m", "celery", "-A", "tests.programs.celery_app", "worker", "-P", self._pool]
        environ = {"PYTHONPATH": str(ROOT), "PANEL_REDIS_URL": self.url}
        self._run([*command, "-c", "2", "--without-mingle", "-l", "INFO"], environ)


@pytest.mark.parametrize("pool", ["prefork", "gevent", "eventlet", "threads"])
def test_failed_tasks_arrive_once_with_their_name(redis_url, client, pool):
    store = LogStore(client)

    def found():
        return {group["message"]: group for group in store.recent().groups}

    with WatchedWorker(redis_url, pool), Celery(broker=redis_url) as app:
        for number in range(3):
            app.send_task("zapvoice.send_voice", (number,))
        app.send_task("zapvoice.complain")
        app.send_task("zapvoice.fail_without_words")
        wait_until(lambda: sum(group["count"] for group in found().values()) == 6, what="those came")
        if pool == "prefork":
            app.send_task("zapvoice.crash")
            wait_until(lambda: "zapvoice.crash" in [group["task"] for group in found().values()], what="that came")

    groups = found()
    failed = groups["TimeoutError: gateway did not take [redacted:phone]"]
    assert (failed["task"], failed["count"], failed["level"]) == ("zapvoice.send_voice", 3, "error")
    assert failed["traceback"].endswith("TimeoutError: gateway did not take [redacted:phone]\n")
    assert groups["a task has complained"]["task"] is None
    assert "%d complaints [it could not be formatted: TypeError]" in groups
    assert groups["Unspeakable [its text could not be had: RuntimeError]"]["task"] == "zapvoice.fail_without_words"
    lost = [message.split(":")[0] for message, group in groups.items() if group["task"] == "zapvoice.crash"]
    assert lost == (["WorkerLostError"] if pool == "prefork" else [])
    assert store.recent().dropped == 0
