"""Machines of a small network, as network namespaces: each has its own interfaces, addresses and ports. Needs root.

All of it lives within a namespace that `enter` makes for this process, so that nothing is left of it when that ends.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.process import wait_until

ADDRESS = "10.77.0.1"
"""Where the machines reach this process' services."""

_INSIDE = "MONITOR_BENCH_NAMESPACE"


def enter() -> None:
    """Run this program anew in a namespace of its own, with a bridge for the machines; returns in there."""
    if os.geteuid() != 0:
        sys.exit("Network namespaces need root.")
    if os.environ.get(_INSIDE) is None:
        os.environ[_INSIDE] = "yes"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.orig_argv[1:]])
    _ip("link set lo up")
    _ip("link add bridge0 type bridge")
    _ip(f"address add {ADDRESS}/24 dev bridge0")
    _ip("link set bridge0 up")


class Machine:
    """One namespace with an address of its own, kept by a process that does nothing else."""

    def __init__(self, number: int) -> None:
        self.name = f"host-{number}"
        self._keeper = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        ours, theirs = Path("/proc/self/ns/net").readlink(), Path(f"/proc/{self._keeper.pid}/ns/net")
        wait_until(lambda: theirs.readlink() != ours, 5, "the namespace is there")
        _ip(f"link add out{number} type veth peer name eth0 netns {self._keeper.pid}")
        _ip(f"link set out{number} master bridge0 up")
        for command in (f"address add 10.77.0.{number + 1}/24 dev eth0", "link set eth0 up", "link set lo up"):
            subprocess.run(self.inside(["ip", *command.split()]), check=True)

    def inside(self, command: Sequence[str]) -> list[str]:
        """The command that runs another one on this machine."""
        return ["nsenter", "--net", f"--target={self._keeper.pid}", *command]

    def end(self) -> None:
        """Take it away; its programs have to have ended."""
        self._keeper.kill()
        self._keeper.wait()


def _ip(arguments: str) -> None:
    subprocess.run(["ip", *arguments.split()], check=True)
