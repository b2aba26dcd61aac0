"""How a Python process of the stack reports the CPU and RAM of its own container, by one line.

    import collector.report
    collector.report.start("backend", redis_url="redis://:password@redis:6379/0")

The page then shows the process under that name, against its own cgroup's limits. It needs no privilege. A native
thread, which gevent and eventlet do not patch, writes every few seconds. When Redis is away it says so once on stderr
and retries. It never raises into the service.

A forked child does not report: one process of a container is enough. A service that becomes a daemon, or runs in uWSGI,
calls this in the process that stays.
"""

import json
from _queue import Empty
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from zlib import crc32

from collector.logs.native_redis import native_redis_client
from collector.logs.native_thread import SimpleQueue, start_thread
from collector.logs.stderr import complain
from collector.probes.resources.resources import ResourcesProbe
from settings import own_host_name
from store.errors import StoreUnavailable
from store.samples.reports import ReportStore


def start(name: str, *, redis_url: str, host: str | None = None, interval_s: float = 3.0) -> None:
    """Report from now on, as `name` (1 to 63 characters), for `host`, as its collector is named.

    Returns at once. `host` None: this machine's own name. Raises: ValueError when `redis_url` is no URL of a Redis.
    """
    reporter = _Reporter(ReportStore(native_redis_client(redis_url)), host or own_host_name(), name[:63])
    if not start_thread(lambda: reporter.run(interval_s)):
        complain("this container is not reported: the system refuses a thread")


def _source() -> str:
    """An id of this container, the same for all its processes, to tell it from others with the same name.

    A container's host name is its id; without containers, each service has its own cgroup.
    """
    cgroup = b""
    with suppress(OSError):
        cgroup = Path("/proc/self/cgroup").read_bytes()
    return f"{own_host_name()}.{crc32(cgroup):08x}"


class _Reporter:
    def __init__(self, store: ReportStore, host: str, name: str) -> None:
        self._store = store
        self._host = host
        self._name = name
        self._source = _source()
        self._probe = ResourcesProbe()
        self._complaint = ""

    def run(self, interval_s: float) -> None:
        never: SimpleQueue[None] = SimpleQueue()
        while True:
            self._report()
            with suppress(Empty):  # Not `time.sleep`, which may be patched.
                never.get(timeout=interval_s)

    def _report(self) -> None:
        complaint = ""
        try:
            seen = self._probe.read()
            body = json.dumps({"cpu": asdict(seen.cpu), "ram": asdict(seen.ram)})
            self._store.write(self._host, self._name, body, source=self._source)
        except StoreUnavailable as exc:
            complaint = str(exc)
        except Exception as exc:  # noqa: BLE001  Whatever it is, the service must not see it.
            complaint = type(exc).__name__
        if complaint and complaint != self._complaint:
            complain(f"this container is not reported: {complaint}")
        self._complaint = complaint
