"""Failed tasks among the critical logs of a real Redis: once each, redacted, and not when the service tells of them."""

import json
from dataclasses import dataclass, field

import pytest

from collector.probes.events.failure_log import HELD_S, FailureLog
from collector.probes.events.failures import Failures
from store.errors import StoreUnavailable
from store.logs.log_group import Batch, Level, LogLine
from store.logs.log_store import LogStore

TRACE = 'Traceback (most recent call last):\n  File "send.py", line 3, in send\nValueError: no\n'


@dataclass
class Listener:
    """The failures that wait, and a clock."""

    failures: Failures = field(default_factory=Failures)
    now_s: float = 1000.0

    def has_failures(self):
        return bool(self.failures)

    def take_failures(self, least_age_s):
        return self.failures.take(self.now_s - least_age_s)

    def fail(self, exception="ValueError('no')", *, worker="celery@one", task="send", traceback=TRACE):
        self.failures.add(worker, task, exception, traceback, self.now_s)


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def store(client):
    return LogStore(client)


@pytest.fixture
def failure_log(store, listener):
    return FailureLog(store, listener, host="host-1", monotonic=lambda: listener.now_s)


def later(listener, failure_log):
    listener.now_s += HELD_S + 0.1
    failure_log.write()


def of_service(store, *, task="send", message="ValueError: no", logger="celery.task"):
    line = LogLine(host="host-1", service="dispatch", level=Level.ERROR, logger=logger, task=task, message=message)
    store.write(Batch.gather([(line, 0.0)]), batch_id=f"{task}{message}{logger}")


def test_a_failed_task_is_a_critical_log_of_its_worker(store, listener, failure_log):
    listener.fail()
    listener.fail()
    later(listener, failure_log)

    [group] = store.recent().groups
    assert (group["service"], group["host"], group["task"], group["count"]) == ("celery@one", "host-1", "send", 2)
    assert (group["level"], group["message"], group["traceback"]) == ("error", "ValueError('no')", TRACE)


def test_a_failure_is_held_back_for_a_moment_and_told_once(store, listener, failure_log):
    listener.fail()
    failure_log.write()
    assert store.recent().groups == []
    assert failure_log.is_due()

    later(listener, failure_log)
    later(listener, failure_log)
    assert [group["count"] for group in store.recent().groups] == [1]
    assert not failure_log.is_due()


def test_a_failure_that_the_service_tells_of_itself_is_not_told_again(store, listener, failure_log):
    listener.fail()
    of_service(store)
    later(listener, failure_log)

    assert [group["service"] for group in store.recent().groups] == ["dispatch"]


@pytest.mark.parametrize(
    "told",
    [
        {"task": "report"},
        {"message": "KeyError: 'no'"},
        {"logger": "dispatch"},
    ],
    ids=["another task", "another class", "another logger"],
)
def test_what_a_service_tells_of_something_else_does_not_count(store, listener, failure_log, told):
    listener.fail()
    of_service(store, **told)
    later(listener, failure_log)

    assert {group["service"] for group in store.recent().groups} == {"celery@one", "dispatch"}


def test_what_a_service_told_long_ago_does_not_count(store, listener, failure_log):
    line = LogLine(
        host="h", service="dispatch", level=Level.ERROR, logger="celery.task", task="send", message="ValueError: no"
    )
    store.write(Batch.gather([(line, 60.0)]), batch_id="old")
    listener.fail()
    later(listener, failure_log)

    assert {group["service"] for group in store.recent().groups} == {"celery@one", "dispatch"}


def test_secrets_and_personal_data_are_redacted(store, listener, failure_log):
    secret = "token=EAAG" + 40 * "1"
    listener.fail(f"GatewayTimeout('POST https://a/b {secret}')", traceback=f"{TRACE}x.GatewayTimeout: {secret}\n")
    later(listener, failure_log)

    assert "EAAG1" not in json.dumps(store.recent().groups)


def test_a_workers_name_with_a_domain_is_no_address(store, listener, failure_log):
    listener.fail(worker="celery@web-1.example.org")
    later(listener, failure_log)

    assert [group["service"] for group in store.recent().groups] == ["celery @ web-1.example.org"]


def test_failures_that_differ_by_numbers_alone_are_one_group(store, listener, failure_log):
    for number in range(3):
        listener.fail(f"ValueError('message {number}')")
    later(listener, failure_log)

    assert [group["count"] for group in store.recent().groups] == [3]


def test_while_the_store_is_away_failures_wait_and_are_written_once(store, listener, failure_log, monkeypatch):
    listener.fail()
    write, answers = store.write, []

    def lost_answer(*arguments, **options):
        write(*arguments, **options)
        if not answers:
            answers.append("lost")
            raise StoreUnavailable("the answer is lost")

    monkeypatch.setattr(store, "write", lost_answer)
    later(listener, failure_log)
    assert failure_log.is_due()
    later(listener, failure_log)

    assert [group["count"] for group in store.recent().groups] == [1]
    assert not failure_log.is_due()
