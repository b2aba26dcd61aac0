"""`make up` where there is no Docker, and with a stand-in that notes what it is asked."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy import compose

NOTES = """#!/bin/sh
echo "$@" >>"{notes}"
case "$*" in {fails}) exit 1 ;; esac
"""


@pytest.fixture
def clone(tmp_path):
    """What `make up` reads, so that no secret of a test lands in the real directory."""
    clone = tmp_path / "clone"
    (clone / "deploy").mkdir(parents=True)
    for name in ("up", "credentials.py", "redis.conf", "rabbitmq.conf"):
        shutil.copy(compose.ROOT / "deploy" / name, clone / "deploy")
    shutil.copy(compose.ROOT / "Makefile", clone)
    return clone


def make(clone, *arguments, fails=None, **environ):
    """`make ARGUMENTS` with a docker that fails when asked for `fails`; no docker where that is None."""
    programs = clone / "bin"
    programs.mkdir()
    for name in ("make", "sh", "dirname", "chmod"):
        (programs / name).symlink_to(shutil.which(name))
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    if fails is not None:
        docker = programs / "docker"
        docker.write_text(NOTES.format(notes=clone / "notes", fails=fails))
        docker.chmod(0o755)
    environ = {"PATH": str(programs), "HOME": os.environ["HOME"], **environ}
    command = ["make", "--no-print-directory", "-C", str(clone), *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def asked(clone):
    return (clone / "notes").read_text().splitlines()


@pytest.mark.parametrize(
    ("fails", "sentence"),
    [
        (None, "make up needs Docker with its compose plugin; make run needs neither."),
        ("'compose version'", "make up needs Docker with its compose plugin; make run needs neither."),
        ("version", "No Docker engine answers: start it, or set DOCKER_HOST. make run needs none."),
    ],
)
def test_without_docker_it_says_so_and_makes_nothing(clone, fails, sentence):
    ended = make(clone, "up", fails=fails)

    assert ended.returncode != 0
    assert ended.stderr.splitlines()[0] == sentence
    assert not (clone / "deploy" / "secrets").exists()


def test_it_makes_the_secrets_and_waits_for_health(clone):
    ended = make(clone, "up", fails="never", PORT="8080")

    assert ended.returncode == 0, ended.stderr
    assert asked(clone)[-1] == "compose up -d --build --wait"
    assert (clone / "deploy" / "secrets" / "secret_key").exists()
    assert "http://127.0.0.1:8080/monitor" in ended.stdout
    assert "flask --app app users create" in ended.stdout


def test_the_collector_with_the_machines_proc_takes_the_place_of_the_other(clone):
    make(clone, "up", "PROFILE=host-detail", fails="never")

    assert asked(clone)[-1] == "compose --profile host-detail up -d --build --wait --scale collector=0"


def test_a_known_password_stops_it(clone):
    make(clone, "secrets")
    (clone / "deploy" / "secrets" / "redis_url").write_text("redis://redis:6379/0")
    shutil.rmtree(clone / "bin")

    ended = make(clone, "up", fails="never")

    assert ended.returncode != 0
    assert "redis_url holds no password" in ended.stderr
    assert "compose up -d --build --wait" not in asked(clone)


def test_secrets_alone_need_no_docker(clone):
    ended = make(clone, "secrets")

    assert ended.returncode == 0, ended.stderr
    assert (clone / "deploy" / "secrets" / "redis_acl").exists()
