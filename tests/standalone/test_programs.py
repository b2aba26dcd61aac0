"""Reads the manager's configuration with supervisord."""

from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from standalone.environment import READ_BY, SECRETS
from standalone.programs import BEAT, WEB, embedded_redis, supervisor_config


@pytest.fixture
def processes(tmp_path, monkeypatch):
    """Name -> process, read from a configuration whose paths hold a space and a percent sign."""
    data_dir = tmp_path / "100 % mine"
    (data_dir / "log").mkdir(parents=True)
    programs = [embedded_redis(Path("/opt/a b/redis-server"), data_dir / "redis.conf"), BEAT, WEB]
    path = data_dir / "manager.conf"
    path.write_text(supervisor_config(data_dir, programs, ("PATH", "SECRET_KEY", "WATCHED_QUEUES")))
    monkeypatch.chdir(data_dir)
    options = ServerOptions()
    options.realize(["-c", str(path)])
    (group,) = options.process_group_configs
    return {process.name: process for process in group.process_configs}


def test_all_programs_are_one_group_so_that_they_end_together(processes):
    assert set(processes) == {"announce", "redis", "beat", "web"}


def test_odd_paths_arrive_unchanged(processes, tmp_path):
    redis = processes["redis"]

    assert redis.command.endswith(f" '/opt/a b/redis-server' '{tmp_path}/100 % mine/redis.conf'")
    assert redis.directory == f"{tmp_path}/100 % mine"
    assert redis.stdout_logfile == "log/redis.log"


def test_a_program_is_started_without_the_secrets_of_others(processes):
    taken = {
        name: [word for word in each.command.split() if word.startswith("--unset")] for name, each in processes.items()
    }

    assert taken.pop("web") == ["--unset=WATCHED_QUEUES"]
    assert set(map(tuple, taken.values())) == {("--unset=SECRET_KEY", "--unset=WATCHED_QUEUES")}


def test_every_secret_is_read_by_some_program_or_before_the_start():
    assert SECRETS - {"MONITOR_ADMIN_PASSWORD"} == frozenset().union(*READ_BY.values())


def test_whatever_dies_is_started_again_without_end(processes):
    for name in ("redis", "beat", "web"):
        assert processes[name].startretries >= 1_000_000
        assert processes[name].autorestart.__name__ == "RestartUnconditionally"
        assert processes[name].stopasgroup
        assert processes[name].killasgroup
