"""The health checks as containers run them, against a real web process and a real Redis."""

import os
import shutil
import socket
import subprocess
import sys
import urllib.parse

import pytest
import redis

from app.server.healthcheck import TIMEOUT_S
from collector import healthcheck
from collector.healthcheck import MAX_AGE_INTERVALS
from settings import load_settings
from store import keys
from store.samples import entries
from store.samples.live import LiveStore, redis_client
from tests.builders import make_sample
from tests.certificates import Authority
from tests.deploy import compose
from tests.process import free_port, wait_until
from tests.services import RedisServer
from tests.tls_redis import ELSEWHERE, HERE, TlsRedis
from tests.web import ROOT, WebServer

pytestmark = pytest.mark.live


def check_web(url):
    return subprocess.run(
        [sys.executable, "-IS", "app/server/healthcheck.py", url], cwd=ROOT, capture_output=True, text=True, check=False
    )


def check_sampling(redis_url, *options, **environ):
    environ = {**os.environ, "REDIS_URL": redis_url, "MONITOR_HOST": "web-1", **environ}
    command = [sys.executable, *options, "-IS", "collector/healthcheck.py"]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture
def store(redis_url):
    with redis_client(redis_url) as client:
        yield LiveStore(client)


def make_older(redis_url, seconds):
    with redis_client(redis_url) as client:
        client.zincrby(keys.HOSTS, -seconds * 1000, "web-1")


def test_a_web_process_that_reaches_redis_is_healthy_and_one_that_does_not_is_not():
    with RedisServer() as server, WebServer(server.url) as web:
        wait_until(lambda: check_web(f"{web.url}/readyz").returncode == 0)

        server.kill9()

        wait_until(lambda: check_web(f"{web.url}/readyz").returncode == 1)
        assert check_web(f"{web.url}/livez").returncode == 0


def test_a_web_process_that_is_not_there_is_unhealthy():
    checked = check_web(f"http://127.0.0.1:{free_port()}/readyz")

    assert checked.returncode == 1
    assert "Connection refused" in checked.stdout


def test_a_web_process_that_never_answers_is_unhealthy_within_the_time_out():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        checked = check_web(f"http://127.0.0.1:{silent.getsockname()[1]}/readyz")

    docker = compose.load()["services"]["web"]["healthcheck"]["timeout"]
    assert (checked.returncode, "timed out" in checked.stdout) == (1, True), checked
    assert float(docker.removesuffix("s")) > TIMEOUT_S, "after Docker's own time-out nobody would be told why"


def test_a_fresh_sample_of_this_host_is_health(redis_url, store):
    store.append(make_sample(host="web-1"))

    assert check_sampling(redis_url).returncode == 0


def test_a_fresh_sample_is_health_while_redis_clock_is_ten_minutes_off(redis_url, store):
    store.append(make_sample(host="web-1"))
    make_older(redis_url, 600)
    assert check_sampling(redis_url).returncode == 1

    with redis_client(redis_url) as client:
        client.hset(keys.CLOCK, keys.OFFSET, -600_000)

    assert check_sampling(redis_url).returncode == 0


def test_a_sample_of_another_host_is_not(redis_url, store):
    store.append(make_sample(host="web-2"))

    checked = check_sampling(redis_url)

    assert checked.returncode == 1
    assert "web-1 has written no sample" in checked.stdout


@pytest.mark.parametrize(("over_s", "code"), [(-90, 0), (3, 1)])
def test_a_sample_is_too_old_after_some_intervals(redis_url, store, over_s, code):
    store.append(make_sample(host="web-1"))
    make_older(redis_url, MAX_AGE_INTERVALS * 60 + over_s)

    assert check_sampling(redis_url, SAMPLE_INTERVAL_S="60").returncode == code


def test_a_redis_that_does_not_answer_is_no_health(redis_server):
    checked = check_sampling(f"redis://127.0.0.1:{free_port()}/0")

    assert checked.returncode == 1
    assert "Redis" in checked.stdout


def test_a_faulty_setting_is_told_without_its_value():
    checked = check_sampling("http://user:hunter2@redis")

    assert checked.returncode == 1
    assert "REDIS_URL must be" in checked.stdout
    assert "hunter2" not in checked.stdout + checked.stderr


@pytest.mark.parametrize("form", ["tcp", "unix", "user", "other database"])
def test_redis_is_asked_under_every_form_of_its_url(redis_server, form):
    name, password = "check", "p@ss:w/ör?d"
    quoted = urllib.parse.quote(password, safe="")
    with redis.Redis.from_url(redis_server.url) as admin:
        admin.acl_setuser(name, enabled=True, passwords=[f"+{password}"], keys=["*"], commands=["+@all"])
    url = {
        "tcp": redis_server.url_of(9),
        "unix": redis_server.unix_url.replace("db=0", "db=9"),
        "user": f"redis://{name}:{quoted}@localhost:{redis_server.port}/9",
        "other database": redis_server.url_of(10),
    }[form]
    with redis_client(redis_server.url_of(9)) as client:
        LiveStore(client).append(make_sample(host="web-1"))
        checked = check_sampling(url)
        client.flushdb()

    assert (checked.returncode, checked.stderr) == (int(form == "other database"), ""), checked.stdout


def test_redis_is_asked_by_tls_as_the_settings_let_it_be(tmp_path):
    authority = Authority(tmp_path)
    (tmp_path / "hashed").mkdir()
    shutil.copy(authority.path, tmp_path / "hashed")
    subprocess.run(["openssl", "rehash", tmp_path / "hashed"], check=True)
    mine = authority.issue("mine", password="opens")
    client = f"ssl_certfile={mine.certificate}&ssl_keyfile={mine.key}&ssl_password=opens"
    with TlsRedis(authority.issue(HERE)) as server, redis_client(server.url) as plain:
        away = server.tls_url.replace(HERE, ELSEWHERE)
        urls = (
            server.tls_url,
            f"{server.tls_url}?ssl_ca_certs={authority.path}",
            f"{server.tls_url}?ssl_ca_path={tmp_path}/hashed",
            f"{server.tls_url}?ssl_ca_certs={authority.path}&{client}&ssl_ciphers=ECDHE%2BAESGCM",
            f"{server.tls_url}?ssl_cert_reqs=none",
            f"{away}?ssl_ca_certs={authority.path}",
            f"{away}?ssl_ca_certs={authority.path}&ssl_check_hostname=false",
        )
        codes = {}
        for slot, url in enumerate(urls):
            # Seven checks may take longer than a sample is fresh.
            LiveStore(plain).append(make_sample(host="web-1", slot=slot))
            assert load_settings({"REDIS_URL": url}).redis_url == url
            with redis_client(url) as client_of_it:
                answers = can_ping(client_of_it)
            checked = check_sampling(url)
            codes[url] = (answers, checked.returncode, server.password in checked.stdout + checked.stderr)

    assert list(codes.values()) == [
        (works, 0 if works else 1, False) for works in (False, True, True, True, True, False, True)
    ]


def can_ping(client):
    """Whether the panel's own client gets through."""
    try:
        return client.ping()
    except redis.ConnectionError:
        return False


@pytest.mark.parametrize("url", ["redis://:hunter2@127.0.0.1:{port}/0", "redis://127.0.0.1:{port}/0"])
def test_a_redis_that_refuses_is_no_health_and_the_password_is_not_repeated(redis_server, url):
    checked = check_sampling(url.format(port=redis_server.port))

    assert checked.returncode == 1
    assert checked.stdout.startswith("Redis refuses: ")
    assert "hunter2" not in checked.stdout + checked.stderr


def test_a_check_loads_next_to_nothing_which_is_what_it_costs(redis_url, store):
    store.append(make_sample(host="web-1"))

    checked = check_sampling(redis_url, "-X", "importtime")

    loaded = {line.rpartition("|")[2].strip() for line in checked.stderr.splitlines()}
    assert checked.returncode == 0
    assert "store.keys" in loaded
    assert not loaded & {"socket", "enum", "re", "encodings.idna", "redis", "celery", "sqlalchemy", "settings"}


def test_the_check_and_the_settings_have_the_same_defaults():
    assert load_settings({}).sample_interval_s == healthcheck.DEFAULT_INTERVAL_S == keys.INTERVAL_S
    assert healthcheck.CLOCK_SLACK_S == entries.CLOCK_SLACK_S
