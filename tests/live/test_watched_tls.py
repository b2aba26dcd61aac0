"""Watched services behind TLS: a private CA, and the reasons of refused certificates."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import amqp
import pytest
from kombu import Connection
from kombu.exceptions import OperationalError

from collector.probes.broker.broker import read_broker
from collector.probes.broker.management import ManagementWatch
from collector.probes.broker.queues import QueueWatch
from collector.probes.database import DatabaseProbe
from collector.probes.events.amqp_source import AmqpSource
from collector.probes.events.message import Message
from collector.probes.tls import certificate_fault
from collector.worker.transport import CarefulTransport
from settings import load_settings
from settings.broker_url import kombu_url, trusting
from store.samples.model import Check, Status
from tests.certificates import Authority, Files
from tests.process import PATIENCE_S
from tests.services import PostgresServer, RabbitServer, free_port, wait_until
from tests.tls_redis import ELSEWHERE, HERE, TlsRedis

pytestmark = pytest.mark.live


def is_open(end: tuple[str, int]) -> bool:
    """Whether a server listens there."""
    try:
        with socket.create_connection(end, timeout=PATIENCE_S):
            return True
    except OSError:
        return False


class TlsRabbit(RabbitServer):
    """RabbitMQ and its management API by TLS, on two addresses."""

    def __init__(self, files: Files, authority: Authority) -> None:
        super().__init__()
        self.tls_port, self.tls_management_port = free_port(), free_port()
        options = {"cacertfile": authority.path, "certfile": files.certificate, "keyfile": files.key}
        self.more_configuration = (
            f"listeners.ssl.1 = {HERE}:{self.tls_port}\nlisteners.ssl.2 = {ELSEWHERE}:{self.tls_port}\n"
            f"management.ssl.port = {self.tls_management_port}\n"
            "ssl_options.verify = verify_none\nssl_options.fail_if_no_peer_cert = false\n"
            + "".join(
                f"ssl_options.{name} = {path}\nmanagement.ssl.{name} = {path}\n" for name, path in options.items()
            )
        )

    def is_ready(self) -> bool:
        """Whether its listeners of TLS are there, too: RabbitMQ opens them after the plain one."""
        ends = [(HERE, self.tls_port), (ELSEWHERE, self.tls_port), (HERE, self.tls_management_port)]
        return super().is_ready() and all(map(is_open, ends))

    def tls_url(self, address: str) -> str:
        return f"amqps://monitor:{self.password}@{address}:{self.tls_port}//"

    def tls_management_url(self, address: str) -> str:
        return f"https://monitor:{self.password}@{address}:{self.tls_management_port}"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger")


@pytest.fixture(scope="module")
def rabbit(authority: Authority) -> Iterator[TlsRabbit]:
    with TlsRabbit(authority.issue(HERE), authority) as server:
        yield server


def look(url: str, trusted: Path | None) -> Check:
    """The broker's check after the first reading."""
    watch = QueueWatch(trusting(url, trusted and str(trusted)) or "", ["dispatch"], timeout_s=PATIENCE_S)
    watch.start()
    try:
        wait_until(lambda: read_broker(watch.take()).reason != "first_look")
        check = read_broker(watch.take())
    finally:
        watch.stop()
    return Check(status=check.status, reason=check.reason)


def refused(reason: str) -> Check:
    return Check(status=Status.UNKNOWN, reason=reason)


ONLINE = Check(status=Status.ONLINE)


@pytest.mark.usefixtures("patient_probes")
def test_redis_with_a_private_ca_is_read_and_every_certificate_fault_has_its_reason(
    authority: Authority, stranger: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    certificates = {
        "good": authority.issue(HERE),
        "expired": authority.issue(HERE, from_days=-1, to_days=-0.5),
        "early": authority.issue(HERE, from_days=0.5),
    }
    with ExitStack() as stack:
        good, expired, early = (stack.enter_context(TlsRedis(files)).tls_url for files in certificates.values())

        assert look(good, authority.path) == ONLINE
        assert look(good, None) == refused("certificate_authority")
        assert look(good, stranger.path) == refused("certificate_authority")
        assert look(good.replace(HERE, ELSEWHERE), authority.path) == refused("certificate_name")
        assert look(expired, authority.path) == refused("certificate_expired")
        assert look(early, authority.path) == refused("certificate_early")
        assert look(f"{good}?ssl_ca_certs={authority.path}", stranger.path) == ONLINE
        assert look(f"{good.replace(HERE, ELSEWHERE)}?ssl_check_hostname=false", authority.path) == ONLINE
        assert look(f"{good}?ssl_cert_reqs=CERT_NONE", None) == ONLINE
        passwords = [url.split("@")[0].rsplit(":", 1)[1] for url in (good, expired, early)]

    assert not [password for password in passwords if password in caplog.text]


def test_the_collector_takes_no_ticks_from_a_redis_with_an_untrusted_certificate(authority: Authority) -> None:
    with TlsRedis(authority.issue(HERE)) as server:
        strange = Connection(kombu_url(server.tls_url), transport=CarefulTransport, connect_timeout=1)
        known = Connection(kombu_url(f"{server.tls_url}?ssl_ca_certs={authority.path}"), transport=CarefulTransport)

        with strange, pytest.raises(OperationalError) as caught:
            strange.default_channel.client.ping()
        with known:
            assert known.default_channel.client.ping()

    assert certificate_fault(caught.value) == "certificate_authority"


@pytest.mark.usefixtures("patient_probes")
def test_rabbitmq_with_a_private_ca_is_read_and_every_certificate_fault_has_its_reason(
    rabbit: TlsRabbit, authority: Authority, stranger: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    assert look(rabbit.tls_url(HERE), authority.path) == ONLINE
    assert look(rabbit.tls_url(HERE), None) == refused("certificate_authority")
    assert look(rabbit.tls_url(HERE), stranger.path) == refused("certificate_authority")
    assert look(rabbit.tls_url(ELSEWHERE), authority.path) == refused("certificate_name")
    assert look(f"{rabbit.tls_url(ELSEWHERE)}?ssl_check_hostname=false", authority.path) == ONLINE
    assert look(f"{rabbit.tls_url(HERE)}?heartbeat=20&ssl_ca_certs={authority.path}", stranger.path) == ONLINE
    assert rabbit.password not in caplog.text


def test_events_on_rabbitmq_are_heard_by_tls(rabbit: TlsRabbit, authority: Authority) -> None:
    body, heard = b"[%s]" % (b"7," * 50_000 + b"7"), list[Message]()  # Several of TLS' records.
    with amqp.Connection(f"{HERE}:{rabbit.port}", "monitor", rabbit.password) as connection:
        channel = connection.channel()
        channel.exchange_declare("celeryev", "topic", durable=True, auto_delete=False)
        source = AmqpSource(trusting(rabbit.tls_url(HERE), str(authority.path)) or "", "celeryev", timeout_s=3)
        for route in ("task.multi", "worker.heartbeat", "elsewhere"):
            channel.basic_publish(amqp.Message(body, content_type="application/json"), "celeryev", route)
        wait_until(lambda: heard.extend(source.read()) or len(heard) == 2, 10)
        source.drop()

    assert [message.body for message in heard] == [body, body]


def test_the_management_api_with_a_private_ca_is_read_and_every_certificate_fault_has_its_reason(
    rabbit: TlsRabbit, authority: Authority, stranger: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    def ask(address: str, trusted: Path) -> ManagementWatch:
        url = trusting(rabbit.tls_management_url(address), str(trusted)) or ""
        watch = ManagementWatch(url, rabbit.url, ["dispatch"], interval_s=0.2)
        watch.start()
        return watch

    answered = ask(HERE, authority.path)
    wait_until(lambda: answered.get() is not None, 10)
    answered.stop()
    for address, trusted, reason in (
        (HERE, stranger.path, "certificate_authority"),
        (ELSEWHERE, authority.path, "certificate_name"),
    ):
        watch = ask(address, trusted)
        wait_until(lambda reason=reason: f"does not answer: {reason} " in caplog.text, 10)
        watch.stop()
    assert rabbit.password not in caplog.text


def test_an_unusable_certificate_file_is_logged_and_the_api_is_read_once_it_is_repaired(
    rabbit: TlsRabbit, authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trusted = tmp_path / "ca.pem"
    trusted.write_text("no certificate\n")
    url = trusting(rabbit.tls_management_url(HERE), str(trusted)) or ""
    watch = ManagementWatch(url, rabbit.url, ["dispatch"], interval_s=0.2)
    watch.start()
    try:
        wait_until(lambda: "does not answer: error (SSLError)" in caplog.text, 10)
        assert watch.get() is None

        shutil.copy(authority.path, trusted)

        wait_until(lambda: watch.get() is not None, 10)
    finally:
        watch.stop()
    assert rabbit.password not in caplog.text


@pytest.mark.usefixtures("patient_probes")
def test_postgresql_with_a_private_ca_is_read_by_the_keys_of_its_url(authority: Authority, stranger: Authority) -> None:
    files = authority.issue(HERE)
    server = PostgresServer()
    named = {"ssl": "on"}
    for name, path in (("ssl_cert_file", files.certificate), ("ssl_key_file", files.key)):
        named[name] = shutil.copy(
            path, server.directory / name
        )  # PostgreSQL runs as another user and insists on a private key file.
        Path(named[name]).chmod(0o600)
        if server.user:
            shutil.chown(named[name], server.user, server.user)
    server.more_options = tuple(part for name, value in named.items() for part in ("-c", f"{name}={value}"))

    def ask(host: str, trusted: Path) -> Check:
        url = f"{server.url.replace(HERE, host)}?sslmode=verify-full&sslrootcert={trusted}"
        taken = load_settings({"WATCHED_DATABASE_URL": url}).watched_database_url or ""
        with closing(DatabaseProbe(taken)) as probe:
            check = probe.read()
        return Check(status=check.status, reason=check.reason)

    with server:
        assert ask(HERE, authority.path) == ONLINE
        assert ask(HERE, stranger.path) == refused("certificate")
        assert ask("localhost", authority.path) == refused("certificate_name")
