"""The request to Celery's workers: which answer, what it leaves behind, and that no healthy worker logs it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from collector.probes.workers.amqp_pidbox import AmqpPidbox
from collector.probes.workers.inspect_backoff import InspectTimes
from collector.probes.workers.interview import WorkerAnswers
from collector.probes.workers.pidbox import Answers, InspectError, Pidbox, new_reply_queue
from collector.probes.workers.redis_pidbox import RedisPidbox
from collector.probes.workers.worker_inspect import WorkerInspector
from settings.broker_options import BrokerOptions, parse_broker_options
from tests.celery_application import Application
from tests.celery_versions import PINNED, patience_s, python_of, versions_under_test
from tests.process import PATIENCE_S
from tests.services import RabbitServer, RedisServer, wait_until

pytestmark = [pytest.mark.live, pytest.mark.timeout(patience_s())]

OPTIONS: dict[str, dict[str, Any]] = {
    "kombu's own options": {},
    "other spellings of everything": {
        "sep": ":",
        "priority_steps": list(range(10)),
        "global_keyprefix": "zap:",
        "fanout_prefix": "/zap-{db}.",
        "fanout_patterns": False,
    },
    "no step 0": {"priority_steps": [2, 5]},
}
REQUESTS = 4


@contextmanager
def pidbox_of(url: str, options: dict[str, Any] | None = None) -> Iterator[Pidbox]:
    read = parse_broker_options(json.dumps(options or {}))
    pidbox: Pidbox
    if url.startswith("amqp"):
        pidbox = AmqpPidbox(url, timeout_s=3)
    else:
        pidbox = RedisPidbox(url, read, new_reply_queue(), timeout_s=3)
    try:
        yield pidbox
    finally:
        pidbox.close()


def ask_until_answered(pidbox: Pidbox) -> Answers:
    answers: list[Answers] = []

    def is_answered() -> bool:
        answers.append(pidbox.ask(2))
        return answers[-1].count > 0

    wait_until(is_answered, 15, "somebody answers")
    return answers[-1]


@contextmanager
def inspecting(url: str, queue: str) -> Iterator[WorkerInspector]:
    inspector = WorkerInspector(url, [queue], BrokerOptions(), InspectTimes(interval_s=0.2, retry_s=0.1))
    inspector.follow(0, is_worthwhile=True)
    inspector.start()
    try:
        yield inspector
    finally:
        inspector.stop()


def await_statistics(inspector: WorkerInspector, queue: str) -> WorkerAnswers:
    """What the worker of this queue has answered, once it has answered all that it is asked."""

    def answered() -> WorkerAnswers | None:
        ours = [worker for worker in inspector.answers().values() if queue in worker.queues and worker.stats]
        knows_more = [worker for worker in ours if worker.running or (worker.stats and not worker.stats.knows_safe)]
        return knows_more[0] if knows_more else None

    wait_until(lambda: answered() is not None, what="the worker has answered")
    found = answered()
    assert found is not None
    return found


def known_options(version: str, options: dict[str, Any]) -> dict[str, Any]:
    """kombu knows `global_keyprefix` since 5.2."""
    has_prefix = version == PINNED or version >= "5.2"
    return {name: value for name, value in options.items() if has_prefix or name != "global_keyprefix"}


@pytest.mark.parametrize("version", versions_under_test())
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_worker_on_redis_answers_and_logs_nothing(version: str, options: dict[str, Any], redis_url: str) -> None:
    options = known_options(version, options)
    settings = {"broker_transport_options": options}
    with Application(redis_url, "dispatch", settings, python=python_of(version)) as worker:
        with pidbox_of(redis_url, options) as pidbox:
            answers = [ask_until_answered(pidbox) for _ in range(REQUESTS)]

        assert [list(each.queues.values()) for each in answers] == [[frozenset({"dispatch"})]] * REQUESTS
        assert worker.trouble() == []


@pytest.mark.parametrize("version", versions_under_test())
def test_a_worker_on_rabbitmq_answers_and_logs_nothing(version: str, rabbitmq_server: RabbitServer) -> None:
    queue = f"queue-{uuid4().hex}"
    with Application(rabbitmq_server.url, queue, python=python_of(version)) as worker:
        with pidbox_of(rabbitmq_server.url) as pidbox:
            answers = [ask_until_answered(pidbox) for _ in range(REQUESTS)]

        assert all(frozenset({queue}) in each.queues.values() for each in answers)
        assert worker.trouble() == []


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
@pytest.mark.parametrize("version", versions_under_test())
def test_what_a_worker_does_is_read_without_its_tasks_arguments_and_logged_by_nobody(
    version: str, broker: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("redis_url") if broker == "redis" else request.getfixturevalue("rabbitmq_server").url
    queue, runs, until = f"queue-{uuid4().hex}", tmp_path / "runs", tmp_path / "until"
    with Application(url, queue, python=python_of(version), pool="prefork") as worker:
        worker.send(runs, until)
        wait_until(runs.exists, what="the task runs")
        with inspecting(url, queue) as inspector:
            known = await_statistics(inspector, queue)
        until.touch()

        assert known.stats is not None
        assert (known.stats.slots, known.stats.prefetch, known.stats.started) == (1, 1, {"work": 1})
        if version == PINNED or version >= "5.3":
            assert known.running is not None
            assert (known.running.busy, (known.running.oldest_s or 0) > 0) == (1, True)
        else:
            assert known.running is None
        assert str(tmp_path) not in repr(known)
        assert worker.trouble() == []


def test_where_neither_url_names_a_host_the_worker_logs_nothing(
    redis_url: str,
) -> None:
    url = redis_url.replace("@127.0.0.1:", "@:")
    with Application(url, "dispatch") as worker:
        with inspecting(url, "dispatch") as inspector:
            wait_until(lambda: (inspection := inspector.latest()) and inspection.served, what="the worker has answered")
            first_s = next(iter(inspector.answers().values())).at_s
            wait_until(lambda: next(iter(inspector.answers().values())).at_s > first_s, what="it has answered again")
            known = next(iter(inspector.answers().values()))

        assert (known.stats, known.running) == (None, None)
        assert worker.trouble() == []


@pytest.mark.parametrize("version", versions_under_test())
def test_a_worker_whose_own_serializer_is_pickle_is_asked_in_json_and_its_pickle_is_not_loaded(
    version: str, redis_url: str
) -> None:
    settings = {"task_serializer": "pickle", "accept_content": ["pickle", "json"]}
    with Application(redis_url, "dispatch", settings, python=python_of(version)) as worker:
        with pidbox_of(redis_url) as pidbox:
            answers = ask_until_answered(pidbox)

        assert answers.count == answers.listeners == 1
        assert worker.trouble() == []


def test_a_worker_without_remote_control_is_not_taken_for_silent(redis_url: str) -> None:
    settings = {"worker_enable_remote_control": False}
    with Application(redis_url, "dispatch", settings) as worker, pidbox_of(redis_url) as pidbox:
        assert [pidbox.ask(1) for _ in range(2)] == [Answers(listeners=0)] * 2
        assert worker.trouble() == []


def test_the_panel_leaves_one_key_of_its_own_in_redis_and_that_key_expires(redis_url: str) -> None:
    with Application(redis_url, "dispatch") as worker, redis.Redis.from_url(redis_url) as client:
        before = dump(client)
        with pidbox_of(redis_url) as pidbox:
            ask_until_answered(pidbox)
            worker.pause()  # Its answers come late, one of them after the panel has gone.
            assert pidbox.ask(0.2).count == 0
            worker.resume()
            wait_until(pidbox.has_news, 10, "the late answer has come")
            assert pidbox.ask(2).count == 1
            worker.pause()
            pidbox.ask(0.05)
        worker.resume()
        ours = [key.decode() for key in client.keys("zapvoice-monitor.*")]
        wait_until(lambda: client.llen(ours[0]) == 2, 10, "the last answer has come")

        assert len(ours) == 1
        assert client.ttl(ours[0]) > 0
        client.delete(ours[0])
        assert dump(client) == before


def dump(client: redis.Redis) -> dict[bytes, Any]:
    """All keys with their values, without the one that the worker itself renews."""
    return {key: client.dump(key) for key in client.keys("*") if key != b"_kombu.binding_deadlines"}


@pytest.mark.parametrize(
    ("rights", "reason"),
    [
        ("+@all -publish", "ask_denied"),
        ("+@all resetchannels", "ask_denied"),
        ("+@all resetkeys ~dispatch*", "ask_denied"),
        ("-@all", "ask_denied"),
    ],
)
def test_without_the_rights_on_redis_the_reason_is_denied_and_nothing_is_published(
    rights: str, reason: str, redis_server: RedisServer, redis_url: str
) -> None:
    user = f"user-{uuid4().hex}"
    with redis.Redis.from_url(redis_url) as client, client.pubsub() as heard:
        client.execute_command("ACL", "SETUSER", user, "on", ">secret", "~*", "&*", *rights.split())
        heard.psubscribe("*")
        heard.get_message(timeout=5)
        url = redis_url.replace(f":{redis_server.password}@", f"{user}:secret@")
        with pytest.raises(InspectError) as refused, pidbox_of(url) as pidbox:
            pidbox.ask(1)
        client.execute_command("ACL", "DELUSER", user)

        assert refused.value.reason == reason
        assert heard.get_message(timeout=0.1) is None
        assert client.keys("*") == []


def test_a_read_only_replica_has_a_reason_of_its_own_and_no_worker_is_asked() -> None:
    with RedisServer() as server, redis.Redis.from_url(server.url) as client, client.pubsub() as heard:
        heard.psubscribe("*")
        heard.get_message(timeout=5)
        client.replicaof("127.0.0.1", "1")
        with pytest.raises(InspectError) as refused, pidbox_of(server.url) as pidbox:
            pidbox.ask(1)

        assert refused.value.reason == "ask_read_only"
        assert heard.get_message(timeout=0.1) is None


class RedisWithoutPublish(RedisServer):
    more_configuration = 'rename-command PUBLISH ""\n'


def test_a_redis_without_a_command_of_the_request_has_a_reason_of_its_own() -> None:
    with RedisWithoutPublish() as server:
        with pytest.raises(InspectError) as refused, pidbox_of(server.url) as pidbox:
            pidbox.ask(1)

        assert refused.value.reason == "ask_unsupported"


def test_on_rabbitmq_a_late_answer_does_not_stand_for_the_next_one(rabbitmq_server: RabbitServer) -> None:
    queue = f"queue-{uuid4().hex}"
    with Application(rabbitmq_server.url, queue) as worker, pidbox_of(rabbitmq_server.url) as pidbox:
        [name] = [each for each, queues in ask_until_answered(pidbox).queues.items() if queue in queues]
        worker.pause()
        assert name not in pidbox.ask(0.2).queues
        worker.resume()
        assert name in pidbox.ask(PATIENCE_S).queues
        pidbox.ask(PATIENCE_S)
        worker.pause()
        assert name not in pidbox.ask(0.2).queues
        worker.resume()


def test_on_rabbitmq_no_connection_is_kept_idle_while_asking_is_not_worthwhile(rabbitmq_server: RabbitServer) -> None:
    queue = f"queue-{uuid4().hex}"
    with Application(rabbitmq_server.url, queue), inspecting(rabbitmq_server.url, queue) as inspector:
        wait_until(lambda: (inspection := inspector.latest()) and inspection.served, what="the worker has answered")
        logged_before = len(rabbitmq_server.log.read_text())
        inspector.follow(0, is_worthwhile=False)
        wait_until(
            lambda: re.search(
                "closing AMQP connection .* zapvoice-monitor", rabbitmq_server.log.read_text()[logged_before:]
            )
        )
