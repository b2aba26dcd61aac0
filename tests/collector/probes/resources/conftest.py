"""Fixtures for the tests of cgroup and host figures."""

from pathlib import Path

import pytest

from tests.cgroup_trees import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)
