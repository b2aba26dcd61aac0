"""Faults of viewers: two hundred that are stuck, slow or gone must cost the others nothing."""

import contextlib
import os
import secrets
import selectors
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

import psutil

from bench.faults.measure import Fault, Row
from bench.faults.testbed import Testbed
from bench.faults.watch import Point
from bench.faults.witness import Witness
from tests.process import wait_until
from tests.web import ROOT

STUCK, SLOW, VANISHED = 80, 60, 60
QUEUES_A_SAMPLE = 90
"""Makes a sample of some 20 kB: enough to fill a socket that nobody reads, within seconds."""

RSS_BAR_BYTES = 80 * 2**20
"""200 viewers with 256 kB pending each are 51 MB."""

FREED_BAR_S = 30.0


def make_testbed(interval_s: float = 3.0) -> Testbed:
    """A testbed whose web process also listens to other networks than the machine's own."""
    return Testbed(interval_s=interval_s, BIND_ADDRESS="0.0.0.0")


class Network:
    """A network namespace joined to ours by a cable that can be pulled. Needs root."""

    def __init__(self) -> None:
        self.name = f"zv{secrets.token_hex(3)}"
        third = secrets.randbelow(250)
        self.address = f"10.203.{third}.1"
        self._ip("netns", "add", self.name)
        self._ip("link", "add", self.name, "type", "veth", "peer", "name", "cable", "netns", self.name)
        self._ip("addr", "add", f"{self.address}/30", "dev", self.name)
        self._ip("link", "set", self.name, "up")
        self._ip("-n", self.name, "addr", "add", f"10.203.{third}.2/30", "dev", "cable")
        self._ip("-n", self.name, "link", "set", "cable", "up")

    def pull_cable(self) -> None:
        """Nothing gets through any more, and nobody is told."""
        self._ip("-n", self.name, "link", "set", "cable", "down")

    def close(self) -> None:
        """Take it away."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self._ip("netns", "del", self.name)

    @staticmethod
    def _ip(*arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=10)


class Mob:
    """The bad viewers, the load that makes them felt, and a witness who watches how late its own events are."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._stuck: list[socket.socket] = []
        self._slow: list[socket.socket] = []
        self._network: Network | None = None
        self._vanishing: subprocess.Popen[str] | None = None
        self._struck = 0.0
        self._rss_before = self._rss_peak = 0

    def prepare(self, testbed: Testbed) -> None:
        """Load and witness; the first seconds are what the later ones are held against."""
        self._stopping.clear()
        self._witness = Witness(testbed, queues=QUEUES_A_SAMPLE)
        for job in (self._read_slowly, self._weigh):
            threading.Thread(target=job, args=(testbed,), daemon=True).start()
        self._rss_before = web_worker(testbed).memory_info().rss

    def strike(self, testbed: Testbed) -> None:
        """All of them come; then the cable of those who shall vanish is pulled."""
        self._struck = time.monotonic()
        self._stuck = [self._open(testbed) for _ in range(STUCK)]
        self._slow = [self._open(testbed) for _ in range(SLOW)]
        if os.geteuid() == 0:
            self._vanish(testbed)

    def end(self, _testbed: Testbed) -> None:
        """They leave, and so does the load."""
        self._stopping.set()
        for connection in [*self._stuck, *self._slow]:
            connection.close()
        if self._vanishing:
            self._vanishing.kill()
            self._vanishing.wait()
        if self._network:
            self._network.close()
        self._witness.stop()

    def look_at_the_vanished(self, testbed: Testbed, row: Row) -> None:
        """Their streams must be freed, though their TCP says nothing."""
        if self._network is None:
            row.notes.append("vanished viewers not tried: needs root")
            return
        gone = self._network.address
        wait_until(lambda: not _connections(testbed, gone), what=f"the {VANISHED} who vanished are let go of")
        spent_s = time.monotonic() - self._struck
        row.notes.append(f"vanished viewers freed after {spent_s:.0f} s")
        if spent_s > FREED_BAR_S:
            row.late.append(f"vanished viewers are held after {FREED_BAR_S:.0f} s")

    def judge(self, _testbed: Testbed, row: Row, _points: Sequence[Point]) -> None:
        """The witness's delays before and after, and the memory it took."""
        before, after = self._witness.median_before_s(self._struck), self._witness.delays_since(self._struck)
        during = statistics.median(after)
        grown = self._rss_peak - self._rss_before
        row.notes.append(
            f"the others' median delay {before * 1000:.1f} → {during * 1000:.1f} ms (longest {max(after) * 1000:.0f}), "
            f"web process + {grown / 2**20:.0f} MB at most"
        )
        if during > 2 * before + 0.005:
            row.faults.append("the others wait longer")
        if grown > RSS_BAR_BYTES:
            row.faults.append("the web process grows")

    def _open(self, testbed: Testbed) -> socket.socket:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", testbed.port))
        bearer = testbed.bearer("super_admin")["Authorization"]
        connection.sendall(f"GET /stream HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer}\r\n\r\n".encode())
        return connection

    def _vanish(self, testbed: Testbed) -> None:
        self._network = network = Network()
        arguments = [network.address, str(testbed.port), testbed.bearer("super_admin")["Authorization"], str(VANISHED)]
        command = [
            "ip",
            "netns",
            "exec",
            network.name,
            sys.executable,
            "-S",
            str(ROOT / "bench/programs/vanishing_viewers.py"),
            *arguments,
        ]
        self._vanishing = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._vanishing.stdout is not None
        assert self._vanishing.stdout.readline() == "open\n"
        network.pull_cable()

    def _read_slowly(self, _testbed: Testbed) -> None:
        while not self._stopping.wait(1):
            with selectors.DefaultSelector() as chooser:
                for connection in self._slow:
                    chooser.register(connection, selectors.EVENT_READ)
                for key, _ in chooser.select(0):
                    with contextlib.suppress(OSError):
                        key.fileobj.recv(512)  # type: ignore[union-attr]

    def _weigh(self, testbed: Testbed) -> None:
        while not self._stopping.wait(0.5):
            self._rss_peak = max(self._rss_peak, web_worker(testbed).memory_info().rss)


def web_worker(testbed: Testbed) -> psutil.Process:
    """gunicorn's worker, which holds the streams."""
    return testbed.process("web").children()[0]


def _connections(testbed: Testbed, address: str) -> int:
    ours = web_worker(testbed).net_connections("tcp")
    return sum(each.laddr[0].removeprefix("::ffff:") == address for each in ours if each.status == "ESTABLISHED")


_mob = Mob()

FAULTS = (
    Fault(
        name=f"Viewers: {STUCK} stuck, {SLOW} slow, {VANISHED} vanished",
        prepare=_mob.prepare,
        strike=_mob.strike,
        heal=_mob.end,
        shows=None,
        lasts_s=22,
        must_stay_well=True,
        during=_mob.look_at_the_vanished,
        check=_mob.judge,
    ),
)
