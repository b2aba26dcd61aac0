"""The deployment for real: the replayed image and the commands, environments and secrets of docker-compose.yml."""

import json
import re
import urllib.error
import urllib.request

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from store import keys
from tests.deploy.containers import Container, Deployment
from tests.process import give_up, wait_until

# The image is made anew, by pip and npm.
pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def deployment():
    deployment = Deployment()
    try:
        deployment.start()
        yield deployment
    finally:
        deployment.stop()


@pytest.fixture(scope="module")
def migrations(deployment):
    """Three containers that migrate at once: exit codes and outputs."""
    migrate = Container(deployment, "migrate")
    starters = [migrate.popen(migrate.service["command"]) for _ in range(3)]
    try:
        outputs = [starter.communicate(timeout=60)[0] for starter in starters]
    finally:
        migrate.stop()
    return [starter.returncode for starter in starters], outputs


@pytest.fixture(scope="module")
def containers(deployment, migrations):
    """Every long-running service of the panel, and the demo."""
    containers = {}
    try:
        for name in ("web", "beat", "collector", "demo"):
            containers[name] = Container(deployment, name)
            containers[name].launch()
        for container in containers.values():
            container.wait_until_healthy()
        yield containers
    finally:
        for container in containers.values():
            container.stop()


def test_the_image_is_made_by_the_dockerfile_but_for_what_changes_its_base(deployment):
    (left_out,) = deployment.image.left_out

    assert left_out.text.startswith("groupadd --gid 10001 monitor && useradd --uid 10001 ")


def test_the_image_holds_nothing_that_it_does_not_run(deployment):
    monitor, demo = (deployment.image.stages[name] for name in ("monitor", "demo"))

    assert {path.name for path in monitor.path(".").iterdir()} - {"__pycache__"} == {
        "app", "celeryconfig.py", "collector", "gunicorn.conf.py", "migrations", "settings", "static", "store",
    }  # fmt: skip
    assert {path.name for path in demo.path(".").iterdir()} - {path.name for path in monitor.path(".").iterdir()} == {
        "demo",
    }
    assert not {"pip", "npm", "pytest"} & {path.name for path in monitor.path("/opt/venv/bin").iterdir()}
    assert {path.name for path in monitor.path("static/vendor").iterdir()} == {"uPlot.iife.min.js"}


def test_several_migrations_at_once_all_succeed(migrations):
    codes, outputs = migrations

    assert codes == [0, 0, 0], outputs


@pytest.mark.parametrize("name", ["redis", "rabbitmq", "postgres"])
def test_the_servers_health_checks_pass(deployment, name):
    assert getattr(deployment, name).check() == 0


def test_the_processes_run_as_the_images_user(deployment, containers):
    if deployment.user is None:
        give_up("only root can run them as somebody else, by an interpreter that everybody may read")

    assert {container.uid for container in containers.values()} == {10001}


def test_machines_are_told_that_all_is_well(containers):
    web = containers["web"]

    # "warn": a machine that runs tests has a full CPU for minutes.
    wait_until(lambda: web.get("/healthz", role=None).status == 200, 30, web.get("/healthz", role=None).body)


def test_a_dispatch_is_counted_on_rabbitmq_and_shown_to_the_first_user(containers):
    web = containers["web"]
    email = "admin@example.org"
    created = web.exec(["flask", "--app", "app", "users", "create", email, "--role", "super_admin", "--generate"])
    assert created.returncode == 0, created.stderr
    web.tokens["super_admin"] = web.exec(["flask", "--app", "app", "tokens", "create", email]).stdout.strip()

    with web.stream() as stream:
        stream.next("system_stats")
        sent = containers["demo"].exec(["python", "-m", "demo.burst", "150"])
        assert sent.returncode == 0, sent.stderr
        sample = stream.next("system_stats").json
        while (sample["queue_peak"] or 0) < 100:  # Samples from before the dispatch come first.
            sample = stream.next("system_stats").json

    assert sample["host"] == "zapvoice"
    assert sample["services"]["rabbitmq"] in ("online", "degraded")  # As quick as the machine is now.


def test_the_page_and_its_chart_library_are_served(containers):
    web = containers["web"]

    login = web.get("/login", role=None)

    assert login.status == 200
    assert re.search(rb'src="/static/[0-9a-f]{12}-[0-9a-f]{8}/js/account_pages[.]js"', login.body), "the page is built"
    assert web.get("/static/vendor/uPlot.iife.min.js", role=None).status == 200


def test_the_watching_user_sees_the_management_api_and_may_change_nothing(deployment):
    url = deployment.localized(deployment.secret("rabbitmq_management_url"))
    user, address = url.removeprefix("http://").split("@")
    request = urllib.request.Request(f"http://{address}/api/permissions/zapvoice/monitor")
    opener = urllib.request.build_opener(_with_password(f"http://{address}", *user.split(":")))

    with opener.open(f"http://{address}/api/queues/zapvoice", timeout=60) as answer:
        assert isinstance(json.load(answer), list)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        opener.open(request, timeout=60)


def test_nobody_gets_into_rabbitmq_as_guest(deployment):
    assert not deployment.rabbitmq.lets_in("guest", "guest")


def test_redis_gives_strangers_nothing_the_health_check_a_ping_and_the_panel_no_administration(deployment):
    address = {"host": "127.0.0.1", "port": deployment.redis.port, "retry": Retry(NoBackoff(), 0)}

    with redis.Redis(**address) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    with redis.Redis(**address, username="health", password="-") as health:
        assert health.ping()
        with pytest.raises(redis.exceptions.NoPermissionError):
            health.get(keys.SAMPLES)
    with redis.Redis.from_url(deployment.localized(deployment.secret("redis_url"))) as panel:
        for forbidden in (panel.flushall, panel.shutdown, lambda: panel.config_set("maxmemory", 0)):
            with pytest.raises(redis.exceptions.NoPermissionError):
                forbidden()


# The last three: they break what the others need, and what those before them have broken stays so.


def test_the_demos_health_check_fails_without_its_broker(deployment, containers):
    deployment.rabbitmq.kill9()

    wait_until(lambda: containers["demo"].check() == 1, 10)
    assert containers["collector"].check() == 0  # It outlives its patient.


def test_the_panels_health_checks_fail_without_redis(deployment, containers):
    deployment.redis.kill9()

    assert deployment.redis.check() != 0
    assert {name: containers[name].check() for name in ("collector", "beat")} == {"collector": 1, "beat": 1}
    wait_until(lambda: containers["web"].check() == 1, 10)


def test_every_container_ends_within_its_grace_period_though_its_servers_are_gone(containers):
    codes = {name: container.terminate() for name, container in containers.items()}

    assert codes == dict.fromkeys(containers, 0)


def _with_password(url, user, password):
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, url, user, password)
    return urllib.request.HTTPBasicAuthHandler(passwords)
