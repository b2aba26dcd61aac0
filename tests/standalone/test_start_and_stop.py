"""Starts and ends the stack as a user does: nothing stays, and a second copy says why it cannot start."""

import os
import pty
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from settings.embedded_redis import socket_path
from tests.logins import PASSWORD
from tests.process import PATIENCE_S, free_port, wait_until
from tests.stack import PROGRAMS, Stack

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.live

WEBS_SECRET, COLLECTORS_SECRET = "the web's own secret, and long enough", "the-collectors-own-secret"


@pytest.fixture(scope="module")
def stack():
    """A stack that keeps running: no attempt beside it may harm it."""
    with Stack(
        MONITOR_JWT_ISSUER="test",
        MONITOR_JWT_ALGORITHM="HS256",
        MONITOR_JWT_KEY=WEBS_SECRET,
        MONITORED_DATABASE_URL=f"sqlite:////nonexistent/{COLLECTORS_SECRET}",
        WATCHED_QUEUES="dispatch",
    ) as started:
        yield started


@pytest.fixture
def mortal():
    """A stack that the test ends."""
    with Stack() as started:
        yield started


def processes_of(stack):
    """All processes of this data directory, whatever their parent."""
    return [process for process in psutil.process_iter() if has_data_dir(process, str(stack.data_dir))]


def has_data_dir(process, path):
    try:
        return process.status() != psutil.STATUS_ZOMBIE and process.environ().get("MONITOR_DATA_DIR") == path
    except psutil.Error:
        return False


def start_anew(**environ):
    return subprocess.run(
        [sys.executable, "-m", "standalone"],
        env={**os.environ, **environ},
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_every_process(mortal, signum):
    assert len(processes_of(mortal)) > len(PROGRAMS)

    mortal._process.send_signal(signum)

    assert mortal._process.wait(PATIENCE_S) == 0
    assert not processes_of(mortal)


def test_ctrl_c_at_a_terminal_ends_every_process_and_the_address_was_told():
    # Deliberate: the directory's name is longer than a socket's path may be, and odd.
    with tempfile.TemporaryDirectory() as scratch:
        stack = Stack(MONITOR_ADMIN_PASSWORD="")
        stack.data_dir = Path(scratch, "100 % mine", "x" * 100)
        stack.environ["MONITOR_DATA_DIR"] = str(stack.data_dir)
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(sys.executable, [sys.executable, "-m", "standalone"], {**os.environ, **stack.environ})
        try:
            told = read_until(terminal, b"Ctrl-C ends it")
            os.write(terminal, b"\x03")
            wait_until(lambda: not processes_of(stack), what="all processes are gone")
        finally:
            os.close(terminal)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            stack.stop()
            socket_path(stack.data_dir).parent.rmdir()

    assert f"http://127.0.0.1:{stack.port}/monitor" in told
    assert told.count("password") == 2
    assert "Traceback" not in told


def read_until(terminal, mark):
    told = b""
    while mark not in told:
        told += os.read(terminal, 65536)
    return told.decode()


def test_a_second_copy_on_the_same_data_is_told_so_and_harms_nothing(stack):
    config = (stack.data_dir / "manager.conf").read_bytes()

    second = start_anew(PORT=str(free_port()), MONITOR_DATA_DIR=str(stack.data_dir))

    assert second.returncode != 0
    assert "Another copy runs on" in second.stderr
    assert second.stderr.count("\n") == 1
    assert (stack.data_dir / "manager.conf").read_bytes() == config
    assert stack.is_fresh()


def test_a_second_copy_on_the_same_port_is_told_so_and_makes_no_directory(stack, tmp_path):
    second = start_anew(PORT=str(stack.port), MONITOR_DATA_DIR=str(tmp_path / "data"))

    assert second.returncode != 0
    assert "Address already in use. Set PORT to another." in second.stderr
    assert not (tmp_path / "data").exists()


def test_a_password_for_the_first_start_is_in_no_process_and_a_secret_in_those_alone_that_read_it(stack):
    processes = [process for process in processes_of(stack) if process.pid != stack._process.pid]
    environs = {process.pid: str(process.environ()) for process in (*processes, stack._process)}

    assert not [pid for pid, environ in environs.items() if "MONITOR_ADMIN_PASSWORD" in environ or PASSWORD in environ]
    assert not [pid for pid, environ in environs.items() if "MONITORED_" in environ]  # A former name, taken over.
    webs, collectors = ({each.pid for each in stack.processes(name)} for name in ("web", "collector"))
    manager = {stack._process.pid}
    assert {pid for pid, environ in environs.items() if WEBS_SECRET in environ} == webs | manager
    assert {pid for pid, environ in environs.items() if COLLECTORS_SECRET in environ} == collectors | manager


def test_no_secret_shows_in_a_command_line_or_is_readable_by_others(stack):
    secret = (stack.data_dir / "secret_key").read_text()

    assert len(secret) >= 32
    assert not [process for process in processes_of(stack) if secret in " ".join(process.cmdline())]
    assert not [path for path in stack.data_dir.rglob("*") if path.lstat().st_mode & 0o077]


def test_after_the_managers_own_death_a_new_one_does_not_share_the_old_redis(mortal):
    manager, *rest = [mortal._process, *mortal._process.children(recursive=True)]
    manager.kill()
    manager.wait()
    try:
        second = start_anew(PORT=str(free_port()), MONITOR_DATA_DIR=str(mortal.data_dir))
    finally:
        for process in rest:
            process.kill()
        psutil.wait_procs(rest, timeout=PATIENCE_S)

    assert second.returncode != 0
    assert "A Redis of an earlier run still uses" in second.stderr
