"""The deployment for real: the replayed image and the commands, environments and secrets of docker-compose.yml."""

import contextlib
import subprocess

import pytest
import redis

from collector.store import keys
from tests.deploy.containers import Container, Deployment
from tests.process import wait_until

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def deployment():
    deployment = Deployment()
    try:
        deployment.start_servers()
        migrate = Container(deployment, "migrate")
        with contextlib.closing(contextlib.nullcontext()):
            starters = [migrate.popen(migrate.service["command"]) for _ in range(3)]
            outputs = [starter.communicate(timeout=60)[0] for starter in starters]
            assert [starter.returncode for starter in starters] == [0, 0, 0], outputs
        migrate.stop()
        yield deployment
    finally:
        deployment.stop()
