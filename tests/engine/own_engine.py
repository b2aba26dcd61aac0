"""An engine of the tests' own, where none is given: Debian's docker.io in a tree of its own, in namespaces of its own.

The machine keeps its processes, ports, packet filter and packages: the engine lives in a mount, a process and a network
namespace, its way out is slirp4netns. When this program ends, however it does, the kernel ends all of it.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.engine.debian_tree import base_tree, install
from tests.engine.engine import CannotRun, Engine

HERE = Path(__file__).resolve().parent
SUITE = "trixie"
"""The compose file needs an engine of 25 or newer; Debian bookworm has 20.10."""

PACKAGES = (
    "docker.io",
    "docker-cli",
    "docker-compose",
    "docker-buildx",
    "iptables",
    "iproute2",
    "slirp4netns",
    "make",
    "python3-minimal",
    "libpython3-stdlib",
    "ca-certificates",
)

START_DEADLINE_S = 60.0
CLONE_NEWNET = 0x40000000


def obstacle() -> str | None:
    """Why no engine can be brought here; None where one can."""
    if os.geteuid() != 0:
        return "only root can start an engine; name one that runs by DOCKER_HOST"
    missing = [name for name in ("unshare", "nsenter", "setpriv", "debootstrap") if shutil.which(name) is None]
    if missing:
        return f"{', '.join(missing)} is not installed"
    if not Path("/dev/net/tun").exists():
        return "/dev/net/tun is missing, the engine's way to the registries"
    tried = subprocess.run(
        ["unshare", "--mount", "--pid", "--net", "--fork", "true"], capture_output=True, text=True, check=False
    )
    return f"the kernel refuses namespaces: {tried.stderr.strip()}" if tried.returncode else None


class OwnEngine(Engine):
    """The engine; `directory` keeps its tree, its images and its log, and is removed by whoever made it."""

    is_own = True

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._tree = directory / "tree"
        self._group = f"monitor-engine-{os.getpid()}"
        self._socket = directory / "docker.sock"
        self._holder: subprocess.Popen[bytes] | None = None
        self._slirp: subprocess.Popen[bytes] | None = None
        self._daemon: subprocess.Popen[bytes] | None = None
        self._init_pid = 0

    def bring(self) -> None:
        """Install it where that has not been done, and start it."""
        self._install()
        self._hold()
        self._connect()
        self.start()
        self._tidy()

    def start(self) -> None:
        """Start the engine and return once it answers."""
        (self.directory / "docker.pid").unlink(missing_ok=True)
        command = [
            "dockerd",
            "--data-root",
            str(self.directory / "data"),
            "--exec-root",
            "/run/docker",
            "--host",
            f"unix://{self._socket}",
            "--pidfile",
            str(self.directory / "docker.pid"),
            "--exec-opt",
            "native.cgroupdriver=cgroupfs",
            "--cgroup-parent",
            f"/{self._group}",
        ]
        with (self.directory / "dockerd.log").open("ab") as log:
            self._daemon = subprocess.Popen(self._inside(command), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.wait_until(lambda: self.docker("version").returncode == 0, START_DEADLINE_S, "the engine answers")

    def stop_daemon(self) -> None:
        """End the engine and its containers in good order, as a restart of the machine does."""
        assert self._daemon is not None
        pid = (self.directory / "docker.pid").read_text().strip()  # As its own namespace counts.
        subprocess.run(self._inside(["sh", "-c", f"kill {pid}"]), check=True)
        self._daemon.wait(60)

    def stop(self) -> None:
        """End all of it, and remove what it has left with the kernel."""
        for process in (self._slirp, self._holder):
            if process is not None:
                process.send_signal(signal.SIGKILL)  # unshare takes its child along, and the kernel all below.
                process.wait()
        for hierarchy in (Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").iterdir()):
            _remove_groups(hierarchy / self._group)

    def command(self, words: Sequence[str]) -> list[str]:
        return self._inside(words)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.directory),
            "LANG": "C.UTF-8",
            "DOCKER_HOST": f"unix://{self._socket}",
        }

    def _install(self) -> None:
        if (self._tree / ".done").exists():
            return
        base = base_tree(self.directory, SUITE)
        shutil.rmtree(self._tree, ignore_errors=True)
        shutil.copytree(base, self._tree, symlinks=True, ignore=lambda *_: {".done", "dev", "proc", "sys"})
        for name in ("dev", "proc", "sys"):
            (self._tree / name).mkdir(exist_ok=True)
        install(self._tree, PACKAGES, self.directory / "engine.log")
        (self._tree / "etc/resolv.conf").write_text("nameserver 10.0.2.3\n")  # slirp4netns answers there.
        (self._tree / ".done").touch()

    def _hold(self) -> None:
        command = [
            "setpriv",
            "--pdeathsig",
            "KILL",
            "unshare",
            "--mount",
            "--pid",
            "--net",
            "--fork",
            "--kill-child=KILL",
            "--propagation",
            "private",
            str(HERE / "hold"),
            str(self._tree),
            str(self.directory),
        ]
        with (self.directory / "hold.log").open("wb") as log:
            self._holder = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children")
        self.wait_until(lambda: children.read_text().split(), 10, "the namespaces are there")
        self._init_pid = int(children.read_text().split()[0])
        # Once the machine's own tree is out of sight, the holder has done all.
        self.wait_until(
            lambda: (
                subprocess.run(
                    self._inside(["test", "-e", "/.done", "-a", "!", "-e", "/.machine/usr"]), check=False
                ).returncode
                == 0
            ),
            10,
            "the tree is the root",
        )

    def _connect(self) -> None:
        """Give the namespace its way out, and bring this program into it: the panel's port is there."""
        command = [
            "setpriv",
            "--pdeathsig",
            "KILL",
            "nsenter",
            "--target",
            str(self._init_pid),
            "--mount",
            "slirp4netns",
            "--configure",
            "--mtu=65520",
            "--disable-host-loopback",
            "--netns-type=path",
            "/proc/1/ns/net",
            "tap0",
        ]
        with (self.directory / "slirp.log").open("wb") as log:
            self._slirp = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        with Path(f"/proc/{self._init_pid}/ns/net").open() as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise CannotRun(f"the engine's network is closed: {os.strerror(ctypes.get_errno())}")
        self.wait_until(
            lambda: (
                b"tap0" in subprocess.run(self._inside(["ip", "-o", "addr"]), capture_output=True, check=False).stdout
            ),
            10,
            "the way out is there",
        )

    def _tidy(self) -> None:
        """Remove what an earlier run has left in a directory that is kept, should it have been cut short."""
        if left := self.docker("ps", "--all", "--quiet").stdout.split():
            self.docker("rm", "--force", "--volumes", *left)
        for kind in ("network", "volume", "image"):
            self.docker(kind, "prune", "--force", *(["--all"] if kind == "volume" else []))

    def _inside(self, words: Sequence[str]) -> list[str]:
        return ["nsenter", "--target", str(self._init_pid), "--mount", "--pid", "--net", "--", *words]


def _remove_groups(group: Path) -> None:
    """Remove a control group and those below it, once what was in them is gone."""
    deadline_mono_s = time.monotonic() + 10
    while group.exists() and time.monotonic() < deadline_mono_s:
        for each in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
            _remove(each)
        _remove(group)
        if group.exists():
            time.sleep(0.1)


def _remove(directory: Path) -> None:
    with contextlib.suppress(OSError):
        directory.rmdir()
