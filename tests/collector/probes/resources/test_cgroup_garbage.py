"""Files that are missing, unreadable, or malformed."""

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.cgroup_trees import DOCKER, DOCKER_CPU, DOCKER_RAM, RECORDED, V2_MOUNT, Machine, enter, flatten

FUZZED = ["proc/self/cgroup", "proc/self/mountinfo"] + [
    f"sys/fs/cgroup/{path.name}" for path in sorted((RECORDED / "t0/sys/fs/cgroup" / DOCKER).iterdir())
]
LINES = st.text("0123456789 :/-.,\\\nmaxcpugrosetl\x00", max_size=60).map(str.encode)


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("memory.current", {"ram.used_bytes", "ram.percent"}),
        ("memory.stat", {"ram.used_bytes", "ram.percent"}),
        ("memory.max", {"ram.limit_bytes", "ram.percent"}),
        ("memory.peak", {"ram.peak_bytes"}),
        ("memory.events", {"ram.oom_kills"}),
        ("memory.pressure", {"ram.pressure_percent"}),
        ("cpu.pressure", {"cpu.pressure_percent"}),
        ("cpu.stat", {"cpu.percent", "cpu.throttled_percent"}),
        ("cpu.max", {"cpu.cores", "cpu.percent", "cpu.throttled_percent"}),
        ("cpuset.cpus.effective", {"cpu.cores", "cpu.percent"}),
    ],
)
@pytest.mark.parametrize("garbage", [b"", b"\xff\x00", b"-5\n", b"1.5\n", b"7" * 5000, b"some avg10=x\n", None])
def test_an_unreadable_file_costs_only_its_own_figures(
    machine: Machine, name: str, lost: set[str], garbage: bytes | None
) -> None:
    enter(machine, "0::/\n", V2_MOUNT)
    machine.write({".dockerenv": ""})
    machine.place("t0", DOCKER)
    machine.read()
    machine.place("t3", DOCKER)
    path = machine.root / "sys/fs/cgroup" / name
    path.unlink()
    if garbage is None:
        path.mkdir()  # Opens, but cannot be read.
    else:
        path.write_bytes(garbage)

    seen = flatten(*machine.read())

    expected = flatten(DOCKER_CPU, DOCKER_RAM)
    assert seen == {key: None if key in lost else value for key, value in expected.items()}


@settings(deadline=None)  # The test writes files: a busy disk is no failure.
@given(garbage=st.dictionaries(st.sampled_from(FUZZED), st.binary(max_size=60) | LINES, min_size=1))
@example({"proc/self/mountinfo": V2_MOUNT.replace("cgroup rw", r"\000 rw").encode()})
@example({"proc/self/cgroup": b"0::/" + b"x" * 300})
def test_no_text_in_any_file_raises_or_leaves_the_range(garbage: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        machine = Machine(Path(directory))
        enter(machine, "0::/\n")
        machine.place("t0", DOCKER)
        machine.write(dict(garbage))
        machine.read()
        machine.mono_s += 3

        seen = flatten(*machine.read())

    for key, value in seen.items():
        if key.endswith("percent"):
            assert value is None or 0 <= value <= 100, key
        elif key.endswith(("bytes", "kills", "cores")):
            assert value is None or value >= 0, key


@settings(deadline=None, max_examples=50)
@given(
    garbage=st.binary(max_size=60).filter(lambda text: not re.search(rb"[0-9]|max", text)),
    name=st.sampled_from(FUZZED[2:]),
)
def test_text_without_a_number_only_makes_figures_null(garbage: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        machine = Machine(Path(directory))
        enter(machine, "0::/\n")
        machine.write({".dockerenv": ""})
        machine.place("t0", DOCKER)
        machine.read()
        machine.place("t3", DOCKER)
        machine.write({name: garbage})

        seen = flatten(*machine.read())

    expected = flatten(DOCKER_CPU, DOCKER_RAM)
    assert all(value is None or value == expected[key] for key, value in seen.items())
