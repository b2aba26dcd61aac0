"""The collector's use of RabbitMQ's management API, on a real one."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import amqp
import pytest

from collector.probes.backoff import DENIED_CAP_S
from collector.probes.broker import management, queue_reader
from collector.probes.broker.management import Answer, ManagementWatch, open_management
from collector.probes.broker.queues import QueueWatch
from collector.probes.workers.worker import WorkerProbe
from store.samples.model import Check, Queue, QueueState, Status
from tests.queue_watch import publish
from tests.services import RabbitServer, free_port, wait_until

pytestmark = pytest.mark.live


@contextmanager
def managing(server: RabbitServer, *names: str, url: str | None = None) -> Iterator[ManagementWatch]:
    """A started watch that polls more often than in production, so that the tests are short."""
    watch = ManagementWatch(url or server.management_url, server.url, names, interval_s=0.3)
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


@contextmanager
def watching(server: RabbitServer, management: ManagementWatch, *names: str) -> Iterator[QueueWatch]:
    watch = QueueWatch(server.url, names, management=management, read_interval_s=0.02)
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


def await_answer(watch: ManagementWatch, is_wanted: Callable[[Answer], object], deadline_s: float = 8.0) -> Answer:
    """The first answer that is as wanted."""
    answers: list[Answer] = []

    def get() -> object:
        answer = watch.get()
        answers.extend([answer] if answer else [])
        return answer is not None and is_wanted(answer)

    wait_until(get, deadline_s, "an answer as wanted")
    return answers[-1]


def names_of(watch: QueueWatch) -> set[str]:
    return {queue.name for queue in watch.take().queues}


def state_of(watch: QueueWatch, name: str) -> Queue:
    return next(queue for queue in watch.take().queues if queue.name == name)


def test_publish_and_finish_rates_and_unacknowledged_messages_reach_the_sample(
    rabbitmq_server: RabbitServer, channel: amqp.Channel, name: str
) -> None:
    channel.queue_declare(name, auto_delete=False)
    with managing(rabbitmq_server, name) as management, watching(rabbitmq_server, management, name) as watch:
        await_answer(management, lambda answer: answer.figures[name].in_per_s == 0)

        publish(channel, name, 30)
        for tag in range(1, 11):
            message = channel.basic_get(name)
            if tag <= 6:
                channel.basic_ack(message.delivery_tag)

        seen: list[Queue] = []

        def is_told() -> bool:
            seen.append(state_of(watch, name))
            return seen[-1].unacked == 4 and most(seen, "in_per_s") > 0 and most(seen, "out_per_s") > 0

        wait_until(is_told, what="the rates, and the unacknowledged ones")

    assert (seen[-1].ready, seen[-1].unacked) == (20, 4)
    assert most(seen, "in_per_s") > most(seen, "out_per_s"), "more was published than finished"


def most(queues: list[Queue], rate: str) -> float:
    return max(getattr(queue, rate) or 0.0 for queue in queues)


def test_a_quorum_queue_in_which_messages_overtake_each_other_is_noticed(
    rabbitmq_server: RabbitServer, channel: amqp.Channel, name: str
) -> None:
    version = channel.connection.server_properties["version"]
    channel.queue_declare(name, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    for priority in (0, 0, 9):
        channel.basic_publish(amqp.Message("work", priority=priority), routing_key=name)

    with managing(rabbitmq_server, name) as management:
        # A queue's first figures are its depths alone.
        answer = await_answer(
            management, lambda answer: (answer.figures[name].ready, answer.figures[name].consumers) == (3, 0)
        )

    obeys = int(version.partition(".")[0]) >= 4  # Without being declared with priorities.
    assert answer.figures is not None
    assert answer.figures[name].has_priorities is obeys


class UncountedRabbit(RabbitServer):
    """A RabbitMQ that counts depths but no messages."""

    more_configuration = "management.rates_mode = none\n"


class UnmeasuredRabbit(RabbitServer):
    """A RabbitMQ whose API reports depths without statistics."""

    more_configuration = (
        "management_agent.disable_metrics_collector = true\n"
        "management.disable_stats = true\nmanagement.enable_queue_totals = true\n"
    )


@pytest.mark.parametrize("make_server", [UncountedRabbit, UnmeasuredRabbit])
def test_where_rabbitmq_counts_no_messages_rates_are_not_known_and_a_queue_that_grows_is_not_stuck(
    make_server: type[RabbitServer], name: str
) -> None:
    with (
        make_server() as server,
        amqp.Connection(f"127.0.0.1:{server.port}", "monitor", server.password, confirm_publish=True) as connection,
        managing(server, name) as management,
        watching(server, management, name) as watch,
    ):
        channel = connection.channel()
        channel.queue_declare(name, auto_delete=False)
        channel.basic_qos(0, 1, False)
        channel.basic_consume(name, callback=lambda message: None)
        probe = WorkerProbe(server.url, [name], stuck_s=0.5)
        seen: list[tuple[Queue, Check]] = []

        def grow() -> bool:
            publish(channel, name, 1)
            reading = watch.take()
            seen.append((reading.queues[0], probe.read(reading)))
            known = management.get()
            return bool(known and known.figures and (known.figures[name].ready or 0) > 30)

        wait_until(grow, 15, "a queue that has grown")

    told = [queue for queue, _ in seen if queue.unacked is not None]
    assert told
    assert {(queue.in_per_s, queue.out_per_s) for queue in told} == {(None, None)}
    assert {check.reason for _, check in seen} <= {None, "first_look", "no_consumers"}
    assert seen[-1][1].status == Status.ONLINE


def test_a_monitoring_user_without_rights_is_enough(
    rabbitmq_server: RabbitServer, channel: amqp.Channel, name: str
) -> None:
    channel.queue_declare(name, auto_delete=False)
    user, secret = f"looker-{name}", "p@ss/w:rd"
    rabbitmq_server.ctl("add_user", user, secret)
    rabbitmq_server.ctl("set_user_tags", user, "management")
    rabbitmq_server.ctl("set_permissions", user, "^$", "^$", "^$")
    url = rabbitmq_server.management_url.replace(f"monitor:{rabbitmq_server.password}", f"{user}:p%40ss%2Fw%3Ard")

    with managing(rabbitmq_server, name, url=url) as management:
        answer = await_answer(management, lambda answer: answer.figures[name].ready == 0)

    assert answer.alarm is None


def test_discovered_queues_come_and_go(rabbitmq_server: RabbitServer, channel: amqp.Channel, name: str) -> None:
    channel.queue_declare(f"{name}-old", auto_delete=False)
    left_out = {f"{name}.celery.pidbox", f"celeryev.{name}", f"{name}-exclusive", f"{name}-temporary"}
    channel.queue_declare(f"{name}.celery.pidbox", auto_delete=False)
    channel.queue_declare(f"celeryev.{name}", auto_delete=False)
    channel.queue_declare(f"{name}-exclusive", exclusive=True, auto_delete=False)
    channel.queue_declare(f"{name}-temporary", auto_delete=True)
    server_named = channel.queue_declare("", auto_delete=False).queue

    with managing(rabbitmq_server, "*") as management, watching(rabbitmq_server, management, "*") as watch:
        wait_until(lambda: f"{name}-old" in names_of(watch), 5)
        channel.queue_declare(f"{name}-new", auto_delete=False)
        publish(channel, f"{name}-new", 3)
        wait_until(lambda: f"{name}-new" in names_of(watch), 5)
        wait_until(lambda: state_of(watch, f"{name}-new").ready == 3, 5)
        channel.queue_delete(f"{name}-old")
        wait_until(lambda: f"{name}-old" not in names_of(watch), 5)
        found = names_of(watch)

    assert not found & (left_out | {server_named})
    assert state_of(watch, f"{name}-new").state == QueueState.OK


def test_discovery_is_bounded_and_says_so(
    rabbitmq_server: RabbitServer, channel: amqp.Channel, name: str,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(management, "MAX_DISCOVERED", 1)
    channel.queue_declare(f"{name}-a", auto_delete=False)
    channel.queue_declare(f"{name}-b", auto_delete=False)

    with managing(rabbitmq_server, "*") as watch:
        answer = await_answer(watch, lambda answer: answer.discovered)

    assert len(answer.discovered) == 1
    assert "queues of the virtual host are not watched: 1 is the most" in caplog.text


@pytest.mark.parametrize(
    ("wrong", "reason"), [("password", "denied"), ("port", "refused"), ("path", "status 404"), ("server", "refused")]
)
def test_an_api_that_does_not_answer_is_logged_once_without_its_address(
    wrong: str, reason: str, rabbitmq_server: RabbitServer, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    password, port = rabbitmq_server.password, f":{rabbitmq_server.management_url.rpartition(':')[2]}"
    url = {
        "password": rabbitmq_server.management_url.replace(password, "wrong-secret"),
        "port": rabbitmq_server.management_url.replace(port, f":{free_port()}"),
        "path": rabbitmq_server.management_url + "/elsewhere",
        "server": rabbitmq_server.management_url.replace(port, f":{rabbitmq_server.port}"),  # AMQP's, not HTTP's.
    }[wrong]

    with caplog.at_level(logging.INFO), managing(rabbitmq_server, "dispatch", url=url) as watch:
        with monkeypatch.context() as patch:
            polls: list[str] = []
            ask = watch._ask

            def noted_ask(path: str, **options: bool) -> object:
                polls.append(path)
                return ask(path, **options)

            patch.setattr(watch, "_ask", noted_ask)
            wait_until(lambda: len(polls) >= 3, 10)

        assert watch.get() is None

    told = [record.getMessage() for record in caplog.records if record.name == management.__name__]
    assert len(told) == 1
    assert f"does not answer: {reason}" in told[0]
    assert not [secret for secret in (password, "wrong-secret", "127.0.0.1") if secret in caplog.text]


def test_without_a_url_or_without_rabbitmq_there_is_no_watch() -> None:
    assert open_management(None, "amqp://", ["dispatch"]) is None
    assert open_management("http://localhost:15672", "redis://", ["dispatch"]) is None
    assert open_management("http://localhost:15672", None, ["dispatch"]) is None


def test_starting_and_stopping_twice_is_harmless(rabbitmq_server: RabbitServer) -> None:
    watch = ManagementWatch(rabbitmq_server.management_url, rabbitmq_server.url, ["dispatch"])

    watch.start()
    watch.start()
    await_answer(watch, lambda answer: True)
    watch.stop()
    watch.stop()


def test_a_missing_queue_is_no_line_in_rabbitmqs_log_and_is_found_once_it_is_there(
    rabbitmq_server: RabbitServer, channel: amqp.Channel, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_reader, "ABSENT_PAUSE_S", 0.02)

    with managing(rabbitmq_server, name) as management:
        first = await_answer(management, lambda answer: answer.figures == {})
        with watching(rabbitmq_server, management, name) as watch:
            wait_until(lambda: state_of(watch, name).state == QueueState.MISSING, 8, "it is missing")
            await_answer(management, lambda answer: answer is not first)  # Many polls later.
            refused = [line for line in rabbitmq_server.log.read_text().splitlines() if name in line]
            channel.queue_declare(name, auto_delete=False)
            wait_until(lambda: state_of(watch, name).state == QueueState.OK, 8, "it is found")

    assert refused == []


def test_a_denied_user_asks_the_api_less_and_less_often(rabbitmq_server: RabbitServer, name: str) -> None:
    wrong = rabbitmq_server.management_url.replace(rabbitmq_server.password, "wrong")

    with managing(rabbitmq_server, name, url=wrong) as watch:
        wait_until(lambda: watch._failure == "denied", 8, "it is refused")
        pauses_s = [watch._denied.next_s() for _ in range(9)]

    assert pauses_s[0] < pauses_s[1] < pauses_s[2]
    assert pauses_s[-1] == DENIED_CAP_S
