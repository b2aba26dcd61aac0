"""HostProbe on a recorded kernel's `/proc`, read by psutil itself, and on the machine that runs the tests."""

import os
import shutil
from pathlib import Path

import psutil
import pytest

from collector.probes.resources.host import HostProbe
from collector.probes.resources.resources import ResourcesProbe
from store.samples.resources import Scope
from tests.cgroup_trees import RECORDED


class RecordedMachine:
    """A `/proc` that shows one of the two snapshots. The root cgroup's pressure files are the machine's."""

    def __init__(self, proc: Path) -> None:
        self.proc = proc
        self.mono_s = 0.0

    def show(self, snapshot: str) -> None:
        recorded = RECORDED / snapshot
        shutil.copytree(recorded / "proc", self.proc, dirs_exist_ok=True)
        (self.proc / "pressure").mkdir(exist_ok=True)
        for resource in ("cpu", "memory"):
            shutil.copy(recorded / f"sys/fs/cgroup/{resource}.pressure", self.proc / "pressure" / resource)
        self.mono_s = float((self.proc / "uptime").read_text().split()[0])


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordedMachine:
    machine = RecordedMachine(tmp_path / "proc")
    machine.show("t0")
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(machine.proc))
    return machine


def test_the_host_reads_as_the_kernels_figures(recorded: RecordedMachine) -> None:
    probe = HostProbe(monotonic=lambda: recorded.mono_s)
    probe.read()
    recorded.show("t3")

    cpu, ram = probe.read()

    # proc/stat: (1445 + 280) - (869 + 249) ticks of work, 530 - 381 of idling.
    assert (cpu.scope, cpu.percent) == (Scope.HOST, 80.3)
    assert cpu.pressure_percent == 26.7  # (3014421 - 1996916) us of 3.81 s
    assert (ram.scope, ram.limit_bytes, ram.used_bytes) == (Scope.HOST, 996380 * 1024, (996380 - 685708) * 1024)
    assert (ram.percent, ram.pressure_percent) == (31.2, 0.0)


def test_waiting_for_a_disk_and_a_guests_time_counted_twice_are_no_work(recorded: RecordedMachine) -> None:
    probe = HostProbe()
    (recorded.proc / "stat").write_text("cpu  100 0 0 100 0 0 0 0 0 0\n")
    probe.read()
    (recorded.proc / "stat").write_text("cpu  150 0 0 125 25 0 0 0 50 0\n")

    cpu, _ = probe.read()

    assert cpu.percent == 50.0


def test_the_first_reading_has_no_rates(recorded: RecordedMachine) -> None:
    cpu, ram = HostProbe().read()

    assert (cpu.percent, cpu.pressure_percent, ram.pressure_percent) == (None, None, None)
    assert ram.percent == 31.1


@pytest.mark.parametrize("garbage", [None, b"", b"\xff\x00\n", b"cpu\n", b"cpu x y\n", b"MemTotal: many kB\n"])
def test_an_unreadable_proc_makes_figures_null_and_never_raises(
    recorded: RecordedMachine, garbage: bytes | None
) -> None:
    for name in ("stat", "meminfo", "pressure/cpu", "pressure/memory"):
        (recorded.proc / name).unlink()
        if garbage is not None:
            (recorded.proc / name).write_bytes(garbage)
    probe = HostProbe()
    probe.read()

    cpu, ram = probe.read()

    assert (cpu.percent, cpu.pressure_percent) == (None, None)
    assert (ram.used_bytes, ram.limit_bytes, ram.percent, ram.pressure_percent) == (None, None, None, None)


def test_this_machine_reads_both_ways_and_the_process_never_has_more_than_the_machine() -> None:
    probe = ResourcesProbe()
    probe.read()

    seen = probe.read()

    assert seen.host_cpu.cores == os.cpu_count()
    assert seen.host_ram.limit_bytes == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < seen.ram.limit_bytes <= seen.host_ram.limit_bytes
    assert 0 < seen.cpu.cores <= seen.host_cpu.cores


def test_without_a_container_both_are_the_machine(recorded: RecordedMachine, tmp_path: Path) -> None:
    shutil.copytree(RECORDED / "t0/sys", tmp_path / "sys")
    (recorded.proc / "self").mkdir()
    (recorded.proc / "self/cgroup").write_text("0::/\n")
    shutil.copy(recorded.proc / "94/mountinfo", recorded.proc / "self/mountinfo")

    seen = ResourcesProbe(proc=recorded.proc, root=tmp_path).read()

    assert (seen.cpu, seen.ram) == (seen.host_cpu, seen.host_ram)
