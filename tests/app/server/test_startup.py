"""Modules that gunicorn's master loads before it forks."""

from tests.programs.service import run


def test_gunicorns_master_loads_nothing_that_only_its_worker_needs() -> None:
    loaded, _ = run("gunicorn_master")

    assert loaded.split() == []
