"""Debian's nginx by deploy/nginx.conf in front of the real web process, asked by curl over TLS and HTTP/2.

In production the panel's heartbeat comes after some 10 s of silence and nginx gives up after 60 s. Here both are
quicker, by the same ratio or a worse one: nothing in either grows with time, so a stream that outlives nginx's patience
twice on heartbeats alone is as safe for 30 minutes. That nginx does give up without them is shown as well.
"""

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import warnings

import psutil
import pytest

from app.live import hub
from store.samples.live import LiveStore, redis_client
from tests.builders import make_sample
from tests.logins import PASSWORD, csrf_token
from tests.process import PATIENCE_S, Service, free_port, wait_until
from tests.services import RedisServer
from tests.web import ROOT, WebServer

pytestmark = pytest.mark.live

NAME = "monitor.example.org"
READ_TIMEOUT_S = 4
HEARTBEAT_S = 0.5
"""The panel looks for silent streams once a second, so the comments come every second."""


class Nginx(Service):
    """nginx with our server block between the settings of its own that Debian has."""

    program = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin") or "nginx"

    def __init__(self, web_port: int) -> None:
        super().__init__()
        self.plain_port = free_port()
        self._web_port = web_port
        self.certificate = self.directory / "certificate.pem"

    @property
    def url(self) -> str:
        """The address as a browser has it; `curl` connects it to the port."""
        return f"https://{NAME}"

    def start(self) -> None:
        """Make a certificate and start nginx."""
        subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
        files = ["-keyout", str(self.directory / "key.pem"), "-out", str(self.certificate)]
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
        subprocess.run(["openssl", "req", "-x509", *kind, *subject, *files], check=True, capture_output=True)
        (self.directory / "site.conf").write_text(self._site())
        directories = "".join(
            f"{each}_temp_path {self.directory}/{each};\n"
            for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config = self.directory / "nginx.conf"
        config.write_text(
            f"daemon off;\npid {self.directory}/pid;\nerror_log stderr;\nevents {{}}\n"
            f"http {{\ngzip on;\naccess_log off;\n{directories}include {self.directory}/site.conf;\n}}\n"
        )
        self._run([self.program, "-c", str(config), "-p", str(self.directory), "-e", "stderr"])

    def _site(self) -> str:
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        for ours, here in (
            ("listen 80;", f"listen 127.0.0.1:{self.plain_port};"),
            ("listen 443 ", f"listen 127.0.0.1:{self.port} "),
            ("/etc/ssl/monitor/fullchain.pem", str(self.certificate)),
            ("/etc/ssl/monitor/privkey.pem", str(self.directory / "key.pem")),
            ("http://127.0.0.1:8000", f"http://127.0.0.1:{self._web_port}"),
            ("proxy_read_timeout 60s", f"proxy_read_timeout {READ_TIMEOUT_S}s"),
        ):
            assert ours in text
            text = text.replace(ours, here)
        return text

    def is_ready(self) -> bool:
        """Whether the panel answers through nginx."""
        return self.curl("/livez").returncode == 0

    def command(self, path: str, *options: str) -> list[str]:
        """A curl command that trusts the certificate and knows the name."""
        to_us = ["--connect-to", f"{NAME}:443:127.0.0.1:{self.port}"]
        return ["curl", "-fsS", "--http2", "--cacert", str(self.certificate), *to_us, *options, self.url + path]

    def curl(self, path: str, *options: str) -> "subprocess.CompletedProcess[str]":
        """Make one request and return its whole answer."""
        return subprocess.run(self.command(path, "-m", "60", *options), capture_output=True, text=True, check=False)


class QuickWebServer(WebServer):
    """The web process with a heartbeat of our choice."""

    def __init__(self, redis_url: str, heartbeat_s: float) -> None:
        super().__init__(redis_url, {"app.live.hub.HEARTBEAT_S": heartbeat_s}, SECURE_COOKIES="true")

    def open_connections(self) -> int:
        """The number of open connections, from any client."""
        return sum(
            link.status == psutil.CONN_ESTABLISHED and link.laddr.port == self.port
            for process in self._processes()
            for link in process.net_connections("tcp")
        )


@pytest.fixture(scope="module")
def panel():
    with (
        RedisServer() as server,
        QuickWebServer(server.url, HEARTBEAT_S) as web,
        Nginx(web.port) as nginx,
        redis_client(server.url) as client,
    ):
        yield web, nginx, LiveStore(client)


class Viewer:
    """A curl that reads the stream line by line."""

    def __init__(self, nginx, web):
        token = f"Authorization: Bearer {web.tokens['super_admin']}"
        command = nginx.command("/stream", "-N", "-i", "-H", token)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def read_until(self, start):
        """The next line with this beginning."""
        for line in self.process.stdout:
            if line.startswith(start):
                return line.strip()
        raise AssertionError(f"the stream ended without {start!r}: {self.process.stderr.read()}")


def test_events_arrive_one_by_one_over_http_2(panel):
    web, nginx, store = panel

    with Viewer(nginx, web) as viewer:
        assert viewer.read_until("HTTP/") == "HTTP/2 200"
        viewer.read_until("event: hello")
        viewer.read_until(":")  # The first heartbeat: from now on the stream is quiet.
        told = []
        for slot in range(5):  # The next one is written when the one before has arrived: nothing waits for company.
            store.append(make_sample(slot=slot))
            viewer.read_until("event: system_stats")
            told.append(json.loads(viewer.read_until("data:").removeprefix("data:"))["slot"])

    assert told == list(range(5))


def test_an_idle_stream_outlives_nginxs_patience_by_heartbeats(panel):
    web, nginx, _ = panel

    with Viewer(nginx, web) as viewer:
        viewer.read_until("event: hello")
        for _ in range(2 * READ_TIMEOUT_S):  # One a second at most.
            viewer.read_until(":")
        assert viewer.process.poll() is None


def test_without_heartbeats_nginx_would_cut_it(redis_url):
    with (
        QuickWebServer(redis_url, 10 * READ_TIMEOUT_S) as web,
        Nginx(web.port) as nginx,
        Viewer(nginx, web) as viewer,
    ):
        viewer.read_until("event: hello")

        assert viewer.process.wait(PATIENCE_S) != 0


def test_a_viewer_who_leaves_is_let_go_by_the_panel_too(panel):
    web, nginx, _ = panel
    wait_until(lambda: web.open_connections() == 0)
    with Viewer(nginx, web) as viewer:
        viewer.read_until("event: hello")
        assert web.open_connections() == 1

    wait_until(lambda: web.open_connections() == 0)


def test_one_logs_in_by_cookie_and_form_through_it(panel, tmp_path):
    _, nginx, _ = panel
    jar = ["-c", str(tmp_path / "jar"), "-b", str(tmp_path / "jar")]
    token = csrf_token(nginx.curl("/login", *jar).stdout)
    fields = {"csrf_token": token, "email": "admin@example.org", "password": PASSWORD}
    options = [option for name, value in fields.items() for option in ("--data-urlencode", f"{name}={value}")]

    answer = nginx.curl("/login", *jar, "-e", f"{nginx.url}/login", "-w", "%{http_code} %{http_version}", *options)

    assert answer.stdout.endswith("303 2"), answer
    assert nginx.curl("/monitor", *jar, "-w", "%{http_code}").stdout.endswith("200")
    assert "__Host-" in (tmp_path / "jar").read_text()


def test_plain_http_is_sent_to_https(panel):
    _, nginx, _ = panel

    plain = ["curl", "-sS", "-m", "60", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}"]
    answer = subprocess.run(
        [*plain, "-H", f"Host: {NAME}", f"http://127.0.0.1:{nginx.plain_port}/monitor"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert answer.stdout == f"301 {nginx.url}/monitor"


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3"])
def test_of_tls_nginx_speaks_1_2_and_1_3_alone(panel, version):
    _, nginx, _ = panel
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(nginx.certificate)
    context.set_ciphers("ALL:@SECLEVEL=0")  # So that it is not our own side that refuses the old ones.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]

    with socket.create_connection(("127.0.0.1", nginx.port), timeout=PATIENCE_S) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=NAME) as encrypted:
                spoken = encrypted.version()
        except (ssl.SSLError, ConnectionError):
            spoken = None

    assert spoken == {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}.get(version)


def test_nginx_waits_for_several_heartbeats():
    block = (ROOT / "deploy" / "nginx.conf").read_text().partition("location = /stream")[2]

    assert int(re.search(r"proxy_read_timeout (\d+)s;", block)[1]) >= 4 * hub.HEARTBEAT_S
