"""gunicorn: one gevent worker that holds every stream. Read in production as well as by `make run`."""

import os
from typing import Any

from app.server import startup
from app.server.worker import StreamWorker
from settings import settings_of_program

_settings = settings_of_program()
_host = f"[{_settings.bind_address}]" if ":" in _settings.bind_address else _settings.bind_address

bind = f"{_host}:{_settings.port}"
worker_class = StreamWorker
workers = 1  # The viewers of a process share one reader; a second process would read Redis a second time.
worker_connections = _settings.max_streams + 200  # Requests at once: all viewers who come back, and health checks.
preload_app = False  # gevent patches in the worker; what was imported before would stay half-patched.
max_requests = 0  # Recycling the worker would cut every stream.
keepalive = 5
graceful_timeout = 10
control_socket_disable = True  # gunicorn would put it under HOME, and nothing uses it.
accesslog = None
limit_request_line = 4094
limit_request_fields = 50
limit_request_field_size = 8190  # Room for the cookies of whatever else is served under the same name.
# No header changes what a request is. By default any client on this machine may set SCRIPT_NAME, PATH_INFO and the
# scheme, and so may every client of a proxy that runs here. app/web/proxies.py reads what a trusted proxy says.
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
    """Check and prepare, in the master."""
    startup.prepare(server.cfg, _settings)


def post_worker_init(worker: Any) -> None:
    """Start what runs beside the requests, in the worker."""
    startup.start(worker, _settings)
