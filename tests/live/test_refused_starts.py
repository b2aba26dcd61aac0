"""What cannot work is told at the start, by every program, in one sentence and without a traceback."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from store.errors import Refusal, StoreUnavailable
from store.samples.live import LiveStore, redis_client
from tests.builders import make_sample
from tests.old_redis import OldRedis
from tests.process import PATIENCE_S, free_port
from tests.services import RedisServer, wait_until
from tests.web import ROOT, SECRET_KEY, WebServer

pytestmark = pytest.mark.live

WEB = ("gunicorn", "-c", "gunicorn.conf.py", "app:create_app()")
COLLECTORS = (
    ("collector", "beat"),
    ("collector", "worker"),
    ("collector", "worker", "--beat"),
    ("celery", "-A", "collector.celery_app", "beat"),
    ("celery", "-A", "collector.celery_app", "worker"),
)
OTHERS = (
    ("flask", "--app", "app", "users", "list"),
    ("standalone",),
    ("demo.burst", "1"),
)


@pytest.fixture(scope="module")
def old_redis() -> Iterator[OldRedis]:
    with OldRedis() as server:
        yield server


def start(arguments: tuple[str, ...], **environ: str) -> tuple[int, str]:
    """A program's exit code and all that it wrote."""
    own = {"SECRET_KEY": SECRET_KEY, "PORT": str(free_port()), "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        env={**os.environ, **own, **environ},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return done.returncode, done.stdout


def test_every_program_tells_a_faulty_setting_in_a_sentence_and_ends() -> None:
    programs = (WEB, *COLLECTORS, *OTHERS)
    environ = {"SAMPLE_INTERVAL_S": "never", "WATCHED_BROKER_URL": "redis://u:hunter2@host/0?foo=1"}

    with ThreadPoolExecutor(4) as pool:
        ended = dict(zip(programs, pool.map(lambda arguments: start(arguments, **environ), programs), strict=True))

    for arguments, (code, written) in ended.items():
        assert code != 0, arguments
        assert "SAMPLE_INTERVAL_S must be a number" in written, (arguments, written)
        assert "WATCHED_BROKER_URL has `foo`" in written, (arguments, written)
        assert "Traceback" not in written, (arguments, written)
        assert "hunter2" not in written, (arguments, written)


def test_a_key_that_is_none_ends_the_web_process_in_a_sentence_too(redis_url: str) -> None:
    key = {"MONITOR_JWT_ISSUER": "zapvoice", "MONITOR_JWT_KEY": "not a key", "REDIS_URL": redis_url}
    for arguments in (WEB, OTHERS[0]):
        code, written = start(arguments, **key)

        assert code != 0
        assert "The key does not fit RS256" in written
        assert "Traceback" not in written


def test_an_old_redis_is_refused_by_every_program_that_needs_it(old_redis: OldRedis, tmp_path) -> None:
    programs = (WEB, *COLLECTORS, ("standalone",))
    environ = {"REDIS_URL": old_redis.url, "MONITOR_DATA_DIR": str(tmp_path)}

    with ThreadPoolExecutor(4) as pool:
        ended = dict(zip(programs, pool.map(lambda arguments: start(arguments, **environ), programs), strict=True))

    for arguments, (code, written) in ended.items():
        assert code != 0, arguments
        assert "Redis 6.2 or newer is needed; the one that REDIS_URL names answers 5.0." in written, (
            arguments,
            written,
        )
        assert "Traceback" not in written, (arguments, written)
        assert old_redis.password not in written, (arguments, written)


def test_a_sample_that_an_old_redis_refuses_is_lost_for_that_reason(old_redis: OldRedis) -> None:
    needed = pytest.raises(StoreUnavailable, match=r"Redis 6\.2 or newer is needed")
    with redis_client(old_redis.url) as client, needed as caught:
        LiveStore(client).append(make_sample())

    assert caught.value.refusal is Refusal.OLD


def test_a_redis_that_becomes_an_old_one_under_a_running_panel_is_told_by_health() -> None:
    with RedisServer() as server:
        port, password = server.port, server.password
        with WebServer(server.url) as web:
            wait_until(lambda: web.get("/readyz", role=None).status == 200)
            server.kill9()
            with OldRedis() as old:
                old.kill9()
                old.port, old.password = port, password
                old.start()

                wait_until(lambda: web.get("/healthz", role=None).json.get("reasons") == ["store_old"])

            assert web.get("/healthz", role=None).status == 503
