"""Faults of the panel's own Redis, the store of the samples and the broker of the ticks."""

from pathlib import Path

import redis

from bench.faults.measure import Fault
from bench.faults.testbed import HOST, Testbed
from store import keys
from tests.process import wait_until


def client(testbed: Testbed) -> "redis.Redis":
    """A client past the link, with the server's first password."""
    return redis.Redis.from_url(testbed.redis.url, socket_timeout=5)


def configure(testbed: Testbed, **values: object) -> None:
    """CONFIG SET."""
    with client(testbed) as own:
        for name, value in values.items():
            own.config_set(name.replace("_", "-"), str(value))


def fill_the_disk(testbed: Testbed) -> None:
    """Snapshots that cannot be written make Redis refuse every write with MISCONF, as a full disk does."""
    with client(testbed) as own:
        own.config_set("save", "3600 1")
        Path(testbed.redis.directory, "dump.rdb").mkdir()  # The snapshot cannot be renamed onto a directory.
        (testbed.redis.directory / "dump.rdb" / "full").touch()
        own.bgsave()


def free_the_disk(testbed: Testbed) -> None:
    """Room again; Redis takes writes as soon as a snapshot has succeeded."""
    (testbed.redis.directory / "dump.rdb" / "full").unlink()
    (testbed.redis.directory / "dump.rdb").rmdir()
    with client(testbed) as own:
        own.bgsave()


def change_password(testbed: Testbed) -> None:
    """Another password, and everybody who came in by the old one is put out."""
    with client(testbed) as own:
        own.config_set("requirepass", "another")
        own.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def change_password_back(testbed: Testbed) -> None:
    """The first password again."""
    with redis.Redis(port=testbed.redis.port, password="another") as own:  # pragma: allowlist secret
        own.config_set("requirepass", testbed.redis.password)


def poison(testbed: Testbed) -> None:
    """Bytes that are no sample, no number and no report wherever one is expected; the types are left right."""
    with client(testbed) as own:
        own.xadd(keys.SAMPLES, {"host": b"\xff\xfe", "sample": b"\x00\x01garbage"})
        own.xadd(keys.SAMPLES, {"sample": b'{"v":1,"host":"x","at":"never","services":7}'})
        own.xadd(keys.SAMPLES, {"forgotten": b"\x00"})
        own.xadd(keys.SAMPLES, {b"\xff": b"\xff"})
        own.zadd(keys.HOSTS, {b"\xff\xfe": 1.0})
        own.hset(keys.containers(HOST), mapping={b"\xff": b"\xff", b"a": b"1 {}", b"b": b"99999999999999999999 {"})
        own.rpush(f"stats.{HOST}", b"not a message")


def unpoison(testbed: Testbed) -> None:
    """Take away the host that the garbage has made up."""
    with client(testbed) as own:
        own.zrem(keys.HOSTS, b"\xff\xfe")


def spoil_types(testbed: Testbed) -> None:
    """A plain string under the name of every key, the queue of the ticks among them."""
    with client(testbed) as own:
        wait_until(lambda: own.exists(keys.SAMPLES), 5)
        names = {*own.scan_iter("*"), f"stats.{HOST}", keys.containers(HOST)}
        for name in names:
            own.set(name, "x")


def unspoil_types(testbed: Testbed) -> None:
    """Delete them; nothing else has to be mended."""
    with client(testbed) as own:
        own.flushdb()


KILLED = Fault(
    name="Redis: `kill -9`, back and empty after it was seen",
    strike=lambda testbed: testbed.redis.kill9(),
    heal=lambda testbed: testbed.redis.start(),
    stops_samples=True,
)
HALF_OPEN = Fault(
    name="Redis: open connections fall silent for ever, new ones work",
    strike=lambda testbed: testbed.redis_link.half_open(),
    shows=None,
    stops_samples=True,
)
BLACK_HOLE = Fault(
    name="Redis: packets dropped in both directions",
    strike=lambda testbed: testbed.redis_link.black_hole(),
    heal=lambda testbed: testbed.redis_link.heal(),
    stops_samples=True,
)
WRONG_TYPES = Fault(
    name="Redis: a plain string under every key",
    strike=spoil_types,
    heal=unspoil_types,
    stops_samples=True,
)
POISON = Fault(
    name="Redis: garbage in each of our keys",
    strike=poison,
    heal=unpoison,
    shows=None,
    lasts_s=7,
)

FAULTS = (
    KILLED,
    Fault(
        name="Redis: `kill -9`, back and empty after 4 s",
        strike=lambda testbed: testbed.redis.kill9(),
        heal=lambda testbed: testbed.redis.start(),
        shows=None,
        lasts_s=4,
        stops_samples=True,
    ),
    Fault(
        name="Redis: connections refused for 60 s",
        strike=lambda testbed: testbed.redis_link.down(),
        heal=lambda testbed: testbed.redis_link.heal(),
        lasts_s=60,
        stops_samples=True,
    ),
    Fault(
        name="Redis: SIGSTOP for 30 s",
        strike=lambda testbed: testbed.redis.pause(),
        heal=lambda testbed: testbed.redis.resume(),
        lasts_s=30,
        stops_samples=True,
    ),
    BLACK_HOLE,
    HALF_OPEN,
    Fault(
        name="Redis: 300 ms latency, ± 100 ms",
        strike=lambda testbed: testbed.redis_link.delay(0.15, 0.05),  # Each way.
        heal=lambda testbed: testbed.redis_link.heal(),
        shows=None,
        lasts_s=15,
        must_stay_well=True,
    ),
    Fault(
        name="Redis: every connection reset",
        strike=lambda testbed: testbed.redis_link.reset(),
        heal=lambda testbed: testbed.redis_link.heal(),
        stops_samples=True,
    ),
    Fault(
        name="Redis: answers in pieces of 7 bytes, 1 ms apart",
        strike=lambda testbed: testbed.redis_link.slice(7, 0.001),
        heal=lambda testbed: testbed.redis_link.heal(),
        shows=None,
        lasts_s=12,
        must_stay_well=True,
    ),
    Fault(
        name="Redis: FLUSHALL",
        strike=lambda testbed: client(testbed).flushall(),
        shows=None,
    ),
    Fault(
        name="Redis: out of memory (OOM)",
        strike=lambda testbed: configure(testbed, maxmemory=1),
        heal=lambda testbed: configure(testbed, maxmemory=0),
        stops_samples=True,
    ),
    Fault(
        name="Redis: disk full (MISCONF)",
        strike=fill_the_disk,
        heal=free_the_disk,
        stops_samples=True,
    ),
    Fault(
        name="Redis: password changed, and changed back",
        strike=change_password,
        heal=change_password_back,
        stops_samples=True,
    ),
    POISON,
    WRONG_TYPES,
)
