"""How a Python process of the stack reports the CPU and RAM of its own container, by one line.

    import collector.report
    collector.report.start("backend", redis_url="redis://:password@redis:6379/0")

The process then shows on the page under that name, against its own cgroup's limits, without any privilege. A thread of
its own writes every few seconds; when Redis is away it says so once and tries again. It never raises into the service.
"""

import json
import logging
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from zlib import crc32

from collector.probes.resources import ResourcesProbe
from collector.store.errors import StoreUnavailable
from collector.store.live import LiveStore, redis_client
from settings import own_host_name

logger = logging.getLogger(__name__)


def start(name: str, *, redis_url: str, host: str | None = None, interval_s: float = 3.0) -> None:
    """Report from now on, as `name` (1 to 63 characters) on `host`, the name of the host's collector.

    Returns at once. `host` None: this machine's own name.
    """
    reporter = _Reporter(LiveStore(redis_client(redis_url, max_connections=1)), host or own_host_name(), name[:63])
    threading.Thread(target=reporter.run, args=(interval_s,), name="container-report", daemon=True).start()


def _source() -> str:
    """What tells this container from another that reports under the same name, and not from other processes of it.

    A container's host name is its id; without one a service's cgroup is its own.
    """
    cgroup = b""
    with suppress(OSError):
        cgroup = Path("/proc/self/cgroup").read_bytes()
    return f"{own_host_name()}.{crc32(cgroup):08x}"


class _Reporter:
    def __init__(self, store: LiveStore, host: str, name: str) -> None:
        self._store = store
        self._host = host
        self._name = name
        self._source = _source()
        self._probe = ResourcesProbe()
        self._is_failing = False

    def run(self, interval_s: float) -> None:
        while True:
            self._report()
            time.sleep(interval_s)

    def _report(self) -> None:
        seen = self._probe.read()
        try:
            body = json.dumps({"cpu": asdict(seen.cpu), "ram": asdict(seen.ram)})
            self._store.report(self._host, self._name, body, source=self._source)
        except StoreUnavailable as exc:
            if not self._is_failing:
                logger.warning("this container's CPU and RAM cannot be reported: %s", exc)
            self._is_failing = True
        else:
            self._is_failing = False
