"""Conditions under which the stack does not start."""

import os
import socket

import pytest

from standalone import preflight
from standalone.terminal import CannotStart
from tests.process import free_port


def test_a_port_that_is_listened_on_is_told_of():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(CannotStart, match=f"port {port}: Address already in use. Set PORT"):
            preflight.check_port("127.0.0.1", port)


def test_a_free_port_is_good():
    preflight.check_port("127.0.0.1", free_port())


def test_an_address_of_another_machine_is_told_of():
    with pytest.raises(CannotStart, match=r"Cannot listen on 203\.0\.113\.1"):
        preflight.check_port("203.0.113.1", free_port())


@pytest.mark.parametrize("path", ["/proc/monitor", "/dev/null/monitor", "/dev/null"])
def test_a_directory_that_cannot_be_written_is_told_of(path, tmp_path):
    with pytest.raises(CannotStart, match=f"MONITOR_DATA_DIR {path} cannot be written"):
        preflight.claim_data_dir(type(tmp_path)(path))


def test_a_data_directory_is_its_owners_alone_and_claimed_once(tmp_path):
    path = tmp_path / "deep" / "data"
    descriptor = preflight.claim_data_dir(path)

    with pytest.raises(CannotStart, match="Another copy runs"):
        preflight.claim_data_dir(path)
    assert path.stat().st_mode & 0o777 == 0o700

    os.close(descriptor)
    os.close(preflight.claim_data_dir(path))
