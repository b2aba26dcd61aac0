"""The manager's configuration, as supervisord itself reads it."""

from pathlib import Path

import pytest

from standalone.manager import Options
from standalone.programs import BEAT, WEB, embedded_redis, supervisor_config


@pytest.fixture
def processes(tmp_path, monkeypatch):
    """Name -> process, read from a configuration whose paths hold a space and a percent sign."""
    data_dir = tmp_path / "100 % mine"
    (data_dir / "log").mkdir(parents=True)
    programs = [embedded_redis(Path("/opt/a b/redis-server"), data_dir / "redis.conf"), BEAT, WEB]
    path = data_dir / "manager.conf"
    path.write_text(supervisor_config(data_dir, programs))
    monkeypatch.chdir(data_dir)
    options = Options()
    options.realize(["-c", str(path)])
    (group,) = options.process_group_configs
    return {process.name: process for process in group.process_configs}


def test_all_programs_are_one_group_so_that_they_end_together(processes):
    assert set(processes) == {"announce", "redis", "beat", "web"}


def test_odd_paths_arrive_unchanged(processes, tmp_path):
    redis = processes["redis"]

    assert redis.command == f"'/opt/a b/redis-server' '{tmp_path}/100 % mine/redis.conf'"
    assert redis.directory == f"{tmp_path}/100 % mine"
    assert redis.stdout_logfile == "log/redis.log"


def test_whatever_dies_is_started_again_without_end(processes):
    for name in ("redis", "beat", "web"):
        assert processes[name].startretries >= 1_000_000
        assert processes[name].autorestart.__name__ == "RestartUnconditionally"
        assert processes[name].stopasgroup
        assert processes[name].killasgroup
