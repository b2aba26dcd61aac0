"""The health checks as containers run them, against a real web process and a real Redis."""

import os
import socket
import subprocess
import sys

import pytest

from app.healthcheck import TIMEOUT_S
from collector.healthcheck import MAX_AGE_INTERVALS
from collector.store import keys
from collector.store.live import LiveStore, redis_client
from tests.builders import make_sample
from tests.deploy import compose
from tests.process import free_port, wait_until
from tests.services import RedisServer
from tests.web import ROOT, WebServer

pytestmark = pytest.mark.live


def check_web(url):
    return subprocess.run(
        [sys.executable, "-IS", "app/healthcheck.py", url], cwd=ROOT, capture_output=True, text=True, check=False
    )


def check_sampling(redis_url, **environ):
    environ = {**os.environ, "REDIS_URL": redis_url, "MONITOR_HOST": "web-1", **environ}
    command = [sys.executable, "-m", "collector.healthcheck"]
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
