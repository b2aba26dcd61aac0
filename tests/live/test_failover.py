"""Several addresses of one watched broker, as in Celery's own setting: while the first is away, the next is read."""

import amqp
import pytest

from collector.probes.broker import read_broker
from collector.probes.broker_connection import open_amqp
from collector.probes.departures import Departures
from collector.probes.failover import Failover, open_first
from collector.probes.queue_reader import AmqpReader
from collector.probes.queues import QueueWatch
from collector.store.model import Check, QueueState, Status
from tests.services import RabbitServer, RedisServer, free_port, wait_until

pytestmark = pytest.mark.live


def plain(check: Check) -> Check:
    return Check(status=check.status, reason=check.reason)


ANOTHER = Check(status=Status.DEGRADED, reason="failover")


def test_the_next_address_is_read_while_the_preferred_one_is_away_and_given_up_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("collector.probes.failover.RETURN_S", 0.2)
    with RedisServer() as first, RedisServer() as second:
        watch = QueueWatch(f"{first.url};{second.url}", ["dispatch"], read_interval_s=0.02)
        watch.start()
        try:
            wait_until(lambda: read_broker(watch.take()).status is Status.ONLINE, 5)
            first.kill9()
            wait_until(lambda: plain(read_broker(watch.take())) == ANOTHER, 5)
            second.kill9()
            wait_until(lambda: plain(read_broker(watch.take())) == Check(status=Status.OFFLINE, reason="refused"), 5)
            second.start()
            wait_until(lambda: plain(read_broker(watch.take())) == ANOTHER, 5)
            first.start()
            wait_until(lambda: read_broker(watch.take()).status is Status.ONLINE, 5)
        finally:
            watch.stop()


def test_rabbitmqs_next_address_is_read_where_nobody_listens_at_the_first(rabbitmq_server: RabbitServer) -> None:
    def open_reader(url: str) -> AmqpReader:
        return AmqpReader(open_amqp(url, timeout_s=2), Departures(is_certain=False))

    failover = Failover(f"amqp://nobody:x@127.0.0.1:{free_port()}//;{rabbitmq_server.url}", open_reader, longest_s=2)

    reader = failover.open()

    assert reader.read("absent").state is QueueState.MISSING
    assert failover.place == 1
    assert failover.reopen(reader) is reader
    reader.close()


def test_where_no_address_lets_us_in_the_preferred_ones_reason_is_told(rabbitmq_server: RabbitServer) -> None:
    denied = rabbitmq_server.url.replace(rabbitmq_server.password, "wrong")

    with pytest.raises(amqp.AccessRefused):
        open_first(f"{denied};amqp://nobody:x@127.0.0.1:{free_port()}//", lambda url: open_amqp(url, timeout_s=2))
