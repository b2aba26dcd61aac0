"""gunicorn: one gevent worker that holds every stream. Read in production as well as by `make run`."""

import gc
import logging
import os
import resource
import sys
from collections.abc import Callable
from typing import Any

from gunicorn.http.wsgi import Response
from gunicorn.workers.ggevent import GeventWorker

from settings import end_with, settings_of_program


class StreamWorker(GeventWorker):  # type: ignore[misc]  # untyped
    """gunicorn's gevent worker, made for streams.

    Those that come all at once wait before they are read (app/server/admission.py), and the connection of one that has
    been opened is let go of: it is the viewer's from then on (app/server/handover.py).
    """

    def run(self) -> None:
        """Serve; viewers, for whom gunicorn does not wait any more, are sent away before the process ends."""
        from app.server.admission import Gate, is_routed_to_stream  # noqa: PLC0415  It loads Flask, which the master has no use for.
        from app.server.scheduling import next_turn  # noqa: PLC0415

        self.gate, self.is_routed_to_stream, self.next_turn = Gate(), is_routed_to_stream, next_turn
        super().run()
        self.wsgi.extensions["hub"].dismiss()
        self.wsgi.extensions["audit"].finish()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve a new connection."""
        try:
            self.gate.pass_through(client)
        except OSError:
            client.close()  # Left, or silent for too long.
        else:
            super().handle(listener, client, addr)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        """Answer a request; after a stream its connection is not used again, and its head says so."""
        if self.is_routed_to_stream(req.path):
            self.gate.admit(sock)
            req.force_close()
        else:
            # A connection whose next request is there at once would be served again and again, and the others wait.
            self.next_turn()
        return super().handle_request(listener_name, req, sock, addr)

    def is_already_handled(self, respiter: Any) -> bool:
        """Hand over the connection where it is wanted. Raises: StopIteration, by which the worker leaves it."""
        if (take_over := getattr(respiter, "take_over", None)) is None:
            return False
        take_over()
        raise StopIteration


MASTER_SLEEP_S = 10.0
"""Longest sleep of gunicorn's master."""

_settings = settings_of_program()
_host = f"[{_settings.bind_address}]" if ":" in _settings.bind_address else _settings.bind_address

bind = f"{_host}:{_settings.port}"
worker_class = StreamWorker
workers = 1  # Viewers are shared out inside the process; a second one would read Redis a second time.
worker_connections = _settings.max_streams + 200  # Requests at once: those who all come back, and health checks.
preload_app = False  # gevent patches in the worker; what was imported before would stay half-patched.
max_requests = 0  # A worker that is recycled would cut every stream.
keepalive = 5
graceful_timeout = 10
control_socket_disable = True  # It would lie under HOME, for no use.
accesslog = None
limit_request_line = 4094
limit_request_fields = 50
limit_request_field_size = 8190  # Room for the cookies of whatever else is served under the same name.
# Nobody's word changes what a request is: by default anything on this machine may say SCRIPT_NAME, PATH_INFO and the
# scheme, and so may everybody whom a proxy here passes on. What a trusted proxy says is read in app/web/proxies.py.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
header_map = "drop"  # A name with an underscore could pass for another header's.
proxy_protocol = "off"
proxy_allow_ips = ""
protocol = "http"
http_protocols = "h1"
http2_cleartext = "off"
loglevel = _settings.log_level.lower()
if os.access("/dev/shm", os.W_OK):  # noqa: S108  # nosec B108  gunicorn makes its file there with mkstemp.
    worker_tmp_dir = "/dev/shm"  # noqa: S108  # nosec B108  In memory: on a slow disk the heartbeat itself would block.


def on_starting(server: Any) -> None:
    """Refuse to start without a secret or with debugging, and make room for the streams."""
    Response.default_headers = _without_server(Response.default_headers)
    # As flask.helpers.get_debug_flag has it, which would load Flask here, where nothing else needs it: 8 MB.
    if os.environ.get("FLASK_DEBUG", "").lower() not in ("", "0", "false", "no"):
        sys.exit("FLASK_DEBUG must not be set: its error pages show the code and let visitors run theirs.")
    if server.cfg.is_ssl:
        sys.exit("TLS ends at the proxy, not here: streams are written straight to their sockets (deploy/nginx.conf).")
    if _settings.secret_key is None:
        sys.exit("SECRET_KEY must be set, to at least 32 random characters: it signs the forms' CSRF tokens.")
    _raise_open_files_limit()


def when_ready(server: Any) -> None:
    """Let the master sleep: signals wake it, and a worker that hangs is given 30 s anyway.

    It would wake every second, which is a fifth of what the worker takes.
    """
    wait_for_signals = server.wait_for_signals
    server.wait_for_signals = lambda timeout: wait_for_signals(timeout=max(timeout, MASTER_SLEEP_S))


def _without_server(default_headers: Callable[[Response], list[str]]) -> Callable[[Response], list[str]]:
    """gunicorn names itself in every answer and has no setting against it."""
    return lambda response: [line for line in default_headers(response) if not line.startswith("Server:")]


def _raise_open_files_limit() -> None:
    """As far as it may be: a stream is a file, and a shell's limit is often 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _settings.max_streams + worker_connections + 200
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def post_worker_init(worker: Any) -> None:
    """Start what runs beside the requests, in the worker, where gevent has patched; viewers leave when it ends."""
    _set_up_logging()
    _refuse_old_redis(worker.wsgi.extensions["store"])
    # What is loaded stays, and a viewer is hundreds of objects that make no circles: without this the collector of
    # circles walks all of them again and again, 50 ms at a thousand viewers, while everybody waits.
    gc.freeze()
    gc.set_threshold(10_000, 20, 1000)
    for name in ("hub", "access", "audit", "refusal"):
        worker.wsgi.extensions[name].start(lambda: worker.alive)
    # Nobody is let in before the past has been read: `/healthz` would say that there is no sample.
    worker.wsgi.extensions["hub"].wait_for_past()
    if _settings.report_as:
        _report_container(_settings.report_as)


def _refuse_old_redis(store: Any) -> None:
    """End with a sentence where Redis answers and is too old. One that does not answer yet may come."""
    from store.errors import Refusal, StoreUnavailable  # noqa: PLC0415

    try:
        store.check_version()
    except StoreUnavailable as exc:
        if exc.refusal is Refusal.OLD:
            end_with(str(exc))


def _set_up_logging() -> None:
    """To stderr, which Python does by itself only while no handler is attached; what is grave, to the panel as well."""
    from collector.logs import CriticalLogHandler  # noqa: PLC0415

    logging.basicConfig(level=_settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler = CriticalLogHandler(_settings.redis_url, "web", _settings.monitor_host)
    logging.getLogger().addHandler(handler)
    logging.getLogger("gunicorn.error").addHandler(handler)


def _report_container(name: str) -> None:
    from collector import report  # noqa: PLC0415  psutil is loaded only where it is wanted.

    report.start(
        name,
        redis_url=_settings.redis_url,
        host=_settings.monitor_host,
        interval_s=_settings.sample_interval_s,
    )
