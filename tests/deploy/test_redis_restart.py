"""The panel's Redis by deploy/redis.conf and the generated ACL, ended and started again: what it holds is kept."""

import pytest
import redis

from store.logs.log_group import Batch, Level, LogLine
from store.logs.log_store import LogStore
from store.samples.live import LiveStore, redis_client
from tests.builders import make_sample
from tests.deploy.containers import Deployment
from tests.process import wait_until

pytestmark = pytest.mark.live

LINE = LogLine(service="backend", host="web-1", level=Level.CRITICAL, logger="x", message="disk full")


@pytest.fixture(scope="module")
def deployment():
    deployment = Deployment()
    try:
        deployment.redis.start()
        yield deployment
    finally:
        deployment.stop()


@pytest.fixture
def client(deployment):
    with redis_client(deployment.localized(deployment.secret("redis_url"))) as client:
        yield client


def is_written(server, text):
    """Whether the append-only file holds the text: with a slow disk, Redis answers up to two seconds before."""
    return any(text.encode() in path.read_bytes() for path in server.directory.rglob("*.aof"))


def end_in_good_order(server):
    process = server._process
    process.terminate()
    process.wait(60)


def end_at_once(server):
    server.kill9()


@pytest.mark.parametrize("end", [end_in_good_order, end_at_once])
def test_a_restart_of_redis_keeps_samples_and_logs(deployment, client, end):
    store, logs = LiveStore(client), LogStore(client)
    before = len(store.newest(100))
    for slot in range(before, before + 5):
        store.append(make_sample(slot=slot))
    logs.write(Batch.gather([(LINE, 0.0)]), batch_id=f"batch-{before}")
    count = logs.recent().groups[0]["count"]

    wait_until(lambda: is_written(deployment.redis, f"batch-{before}"), what="the last of it is with the kernel")
    end(deployment.redis)
    deployment.redis.start()
    wait_until(lambda: deployment.redis.check() == 0)

    assert len(store.newest(100)) == before + 5
    assert [group["count"] for group in logs.recent().groups] == [count]


def test_the_rights_by_which_data_are_replayed_let_nobody_in(deployment):
    for credentials in ({}, {"password": ""}, {"username": "default", "password": "default"}):
        with (
            redis.Redis(port=deployment.redis.port, **credentials) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()
