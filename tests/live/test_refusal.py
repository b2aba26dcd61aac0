"""A Redis that answers and takes nothing: why is told, and not that the collector is silent."""

from pathlib import Path

import pytest
import redis

from store.errors import Refusal, StoreUnavailable
from store.logs.log_store import LogStore
from store.samples.live import LiveStore, redis_client
from tests.builders import next_sample
from tests.services import RedisServer, wait_until
from tests.web import WebServer

pytestmark = pytest.mark.live


def fill(server, client):
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", 1)


def empty(server, client):
    client.config_set("maxmemory", 0)


def demote(server, client):
    client.replicaof("127.0.0.1", 1)  # Nobody is there.


def promote(server, client):
    client.replicaof("NO", "ONE")


def fill_the_disk(server, client):
    client.config_set("save", "3600 1")
    Path(server.directory, "dump.rdb").mkdir()  # The snapshot cannot be renamed onto a directory.
    (server.directory / "dump.rdb" / "full").touch()
    client.bgsave()


def free_the_disk(server, client):
    (server.directory / "dump.rdb" / "full").unlink()
    (server.directory / "dump.rdb").rmdir()
    client.bgsave()


def take_rights(server, client):
    client.execute_command("ACL", "SETUSER", "panel", "-@write")


def give_rights(server, client):
    client.execute_command("ACL", "SETUSER", "panel", "+@write")


CAUSES = {
    Refusal.FULL: (fill, empty),
    Refusal.READ_ONLY: (demote, promote),
    Refusal.DISK: (fill_the_disk, free_the_disk),
    Refusal.DENIED: (take_rights, give_rights),
}


@pytest.fixture(scope="module")
def panel():
    """A web process, and its Redis as an operator sees it; the panel has a user of its own there."""
    with RedisServer() as server, redis.Redis.from_url(server.url) as operator:
        operator.execute_command(
            "ACL", "SETUSER", "panel", "on", ">secret", "~*", "&*", "+@all", "-@admin", "-@dangerous"
        )
        url = server.url.replace("redis://:" + server.password, "redis://panel:secret")
        with WebServer(url, SAMPLE_INTERVAL_S="0.5") as web, redis_client(url) as client:
            yield server, operator, web, client


@pytest.mark.parametrize("refusal", CAUSES)
def test_why_redis_takes_nothing_is_told_to_machines_pages_and_the_collectors_log(panel, refusal):
    server, operator, web, client = panel
    store, (spoil, heal) = LiveStore(client), CAUSES[refusal]
    wait_until(lambda: store.append(next_sample()) and health(web).get("sample") == "fresh", 10)
    with web.stream() as stream:
        spoil(server, operator)

        wait_until(lambda: health(web).get("reasons") == [refusal], 20, "it is told")
        wait_until(lambda: health(web)["sample"] == "stale", 20)
        assert (health(web)["status"], health(web)["reasons"]) == ("fail", [refusal])
        while stream.next("hosts").json.get("refusal") != refusal:
            pass
        for write in (lambda: store.append(next_sample()), lambda: LogStore(client).write({}, batch_id="x", dropped=1)):
            with pytest.raises(StoreUnavailable) as caught:
                write()
            assert (caught.value.refusal, refusal.meaning in str(caught.value)) == (refusal, True)

        heal(server, operator)
        wait_until(lambda: is_written(store), 20, "it takes samples again")
        wait_until(lambda: "reasons" not in health(web), 10, "nothing more is told")
        while "refusal" in stream.next("hosts").json:
            pass


def is_written(store):
    try:
        return store.append(next_sample())
    except StoreUnavailable:
        return False


def health(web):
    return web.get("/healthz", role=None).json
