"""Where the Redis of `make run` listens, and whether the settings find it there."""

import os
import shutil
import socket
from contextlib import contextmanager

import pytest

from settings import embedded_redis, load_settings
from settings.embedded_redis import socket_path


@pytest.fixture
def far(tmp_path):
    """A data directory whose path is too long for a socket."""
    directory = tmp_path / ("x" * 100) / "data"
    directory.mkdir(parents=True)
    yield directory
    shutil.rmtree(socket_path(directory).parent, ignore_errors=True)


@contextmanager
def listening(path):
    path.parent.mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        yield


def redis_url(data_dir):
    return load_settings({"MONITOR_DATA_DIR": str(data_dir)}).redis_url


def test_a_socket_path_that_the_kernel_cannot_hold_moves_to_the_temp_directory(tmp_path):
    near, far = tmp_path / "data", tmp_path / ("x" * 100) / "data"

    assert socket_path(near) == near / "redis.sock"
    assert len(os.fsencode(socket_path(far))) <= embedded_redis.LONGEST_SOCKET_PATH
    assert socket_path(far) != socket_path(far.parent)


def test_it_is_found_in_its_data_directory(tmp_path):
    assert redis_url(tmp_path) == "redis://127.0.0.1:6379/0"
    with listening(socket_path(tmp_path)):
        assert redis_url(tmp_path) == f"unix://{tmp_path}/redis.sock?db=0"


def test_it_is_found_in_the_temp_directory_where_the_data_directorys_path_is_too_long(far):
    assert redis_url(far) == "redis://127.0.0.1:6379/0"
    with listening(socket_path(far)):
        assert redis_url(far) == f"unix://{socket_path(far)}?db=0"


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives directories away")
def test_a_socket_in_the_temp_directory_that_belongs_to_somebody_else_is_not_taken(far):
    with listening(socket_path(far)):
        os.chown(socket_path(far).parent, os.getuid() + 1, -1)

        assert redis_url(far) == "redis://127.0.0.1:6379/0"
