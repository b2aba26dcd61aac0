"""`make up` and `make down` where there is no Docker, and with a stand-in that notes what it is asked."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import docker, project
from tests.deploy import compose

DOCKER = """#!/bin/sh
echo "$@" >>"{clone}/notes"
case "$*" in {fails}) exit 1 ;; esac
case "$*" in
  "version "*) echo "{engine}" ;;
  "compose version --short") echo 2.40.3 ;;
  "buildx version") echo "github.com/docker/buildx 0.29.1 abc" ;;
  "volume ls "*) cat "{clone}/projects" ;;
  "compose --profile host-detail config --services") printf 'web\\ncollector\\ncollector-host-detail\\nbeat\\n' ;;
  *"config --services") printf 'web\\ncollector\\nbeat\\n' ;;
  "compose port web 8000") echo 127.0.0.1:8080 ;;
esac
"""


@pytest.fixture
def clone(tmp_path):
    """A copy of what `make up` reads: no secret of a test lands in the real directory."""
    clone = tmp_path / "clone"
    (clone / "deploy").mkdir(parents=True)
    for path in (compose.ROOT / "deploy").iterdir():
        if path.suffix in (".py", ".conf"):
            shutil.copy(path, clone / "deploy")
    shutil.copy(compose.ROOT / "Makefile", clone)
    (clone / "projects").write_text("")
    return clone


def make(clone, *arguments, fails=None, engine="26.1.5+dfsg1", **environ):
    """`make ARGUMENTS` with a docker that fails when asked for `fails`; no docker where that is None."""
    programs = clone / "bin"
    shutil.rmtree(programs, ignore_errors=True)
    programs.mkdir()
    for name in ("make", "sh", "cat"):
        (programs / name).symlink_to(shutil.which(name))
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    if fails is not None:
        program = programs / "docker"
        program.write_text(DOCKER.format(clone=clone, fails=fails, engine=engine))
        program.chmod(0o755)
    environ = {"PATH": str(programs), "HOME": os.environ["HOME"], **environ}
    command = ["make", "--no-print-directory", "-C", str(clone), *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def asked(clone):
    """The calls of docker that change something."""
    notes = clone / "notes"
    lines = notes.read_text().splitlines() if notes.exists() else []
    reads = ("version", "compose version", "buildx version", "volume ls", "image prune", "compose port")
    return [line for line in lines if not line.startswith(reads) and "config --services" not in line]


@pytest.mark.parametrize(
    ("fails", "sentence"),
    [
        (None, "make up needs Docker with its compose plugin; make run needs neither."),
        ("'compose version'*", "make up needs Docker with its compose plugin; make run needs neither."),
        ("'version '*", "No Docker engine answers: start it, or set DOCKER_HOST. make run needs none."),
    ],
)
def test_without_docker_it_says_so_and_makes_nothing(clone, fails, sentence):
    ended = make(clone, "up", fails=fails)

    assert ended.returncode != 0
    assert ended.stderr.splitlines()[0] == sentence
    assert not (clone / "deploy" / "secrets").exists()


def test_an_engine_that_is_too_old_is_told_before_anything_is_made(clone):
    ended = make(clone, "up", fails="never", engine="20.10.24+dfsg1")

    assert ended.returncode != 0
    assert ended.stderr.splitlines()[0] == (
        "make up needs a Docker engine of 25.0 or newer, this is 20.10.24+dfsg1: upgrade it."
    )
    assert asked(clone) == []
    assert not (clone / "deploy" / "secrets").exists()


@pytest.mark.parametrize(
    ("engine", "compose_version", "buildx", "told"),
    [
        ("25.0.0", "2.24.0", None, ""),
        ("29.0.1", "v5.0.0", "github.com/docker/buildx v0.30.0 0f3", ""),
        ("26.1.5+dfsg1", "2.26.1-4", "github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3", ""),
        ("24.0.9", "2.24.0", None, "engine of 25.0 or newer, this is 24.0.9"),
        ("25.0.0", "2.23.3", None, "Compose 2.24 or newer, this is 2.23.3"),
        ("26.1.5", "2.40.3", "github.com/docker/buildx 0.13.1+ds1", "needs buildx 0.17 or newer, this is 0.13.1"),
        ("26.1.5", "2.40.3", None, ""),
        ("26.1.5", "a build of mine", None, ""),
    ],
)
def test_what_is_too_old_is_named_with_what_it_takes(engine, compose_version, buildx, told):
    sentence = docker.find_too_old(engine, compose_version, buildx)

    assert told in sentence
    assert bool(sentence) == bool(told)


def test_it_makes_the_secrets_migrates_beside_the_old_web_process_and_waits_for_health(clone):
    ended = make(clone, "up", fails="never")

    assert ended.returncode == 0, ended.stderr
    assert asked(clone) == [
        "compose build",
        "compose up -d --wait redis postgres rabbitmq",
        "compose run --rm migrate",
        "compose --profile demo --profile host-detail rm --stop --force demo collector-host-detail",
        "compose up -d --wait --scale migrate=0 web",
        "compose up -d --wait --scale migrate=0 collector beat",
        "compose up -d --wait --remove-orphans --scale migrate=0",
    ]
    assert (clone / "deploy" / "secrets" / "secret_key").exists()
    assert "flask --app app users create" in ended.stdout


def test_the_address_is_the_one_that_docker_has_given_whatever_names_the_port(clone):
    assert "http://127.0.0.1:8080/monitor" in make(clone, "up", fails="never", PORT="9999").stdout


def test_the_collector_with_the_machines_proc_takes_the_place_of_the_other(clone):
    make(clone, "up", "PROFILE=host-detail", fails="never")

    assert asked(clone)[-2:] == [
        "compose --profile host-detail up -d --wait --scale migrate=0 collector-host-detail beat",
        "compose --profile host-detail up -d --wait --remove-orphans --scale migrate=0 --scale collector=0",
    ]
    assert "compose --profile demo --profile host-detail rm --stop --force demo" in asked(clone)


def test_an_unknown_profile_is_told_before_anything_is_made(clone):
    ended = make(clone, "up", "PROFILE=dmeo", fails="never")

    assert ended.stderr.splitlines()[0] == "PROFILE=dmeo is unknown: there are demo and host-detail."
    assert asked(clone) == []


def test_down_ends_every_profile(clone):
    ended = make(clone, "down", fails="never")

    assert ended.returncode == 0, ended.stderr
    assert asked(clone) == ["compose --profile demo --profile host-detail down --remove-orphans"]


def test_what_docker_refuses_ends_it(clone):
    ended = make(clone, "up", fails="'compose run'*")

    assert ended.returncode != 0
    assert "docker compose run --rm migrate failed: see above." in ended.stderr
    assert not [line for line in asked(clone) if line.endswith(" web")]


def test_an_installation_that_has_its_directorys_name_keeps_it(clone):
    make(clone, "secrets")
    (clone / "projects").write_text("clone\nanother\n")

    ended = make(clone, "up", fails="never")

    assert "named clone: .env keeps it so." in ended.stdout
    assert (clone / ".env").read_text() == "COMPOSE_PROJECT_NAME=clone\n"
    assert ".env keeps it so" not in make(clone, "up", fails="never").stdout
    assert (clone / ".env").read_text() == "COMPOSE_PROJECT_NAME=clone\n"


@pytest.mark.parametrize("held", ["PORT=9000", "PORT=9000\n"])
def test_the_name_gets_a_line_of_its_own_in_a_file_whose_last_line_has_no_end(clone, held):
    make(clone, "secrets")
    (clone / "projects").write_text("clone\n")
    (clone / ".env").write_text(held)

    make(clone, "up", fails="never")

    assert (clone / ".env").read_text() == "PORT=9000\nCOMPOSE_PROJECT_NAME=clone\n"


def test_an_engine_that_never_answers_is_told(clone, monkeypatch):
    make(clone, "secrets", fails="never")
    program = clone / "bin" / "docker"
    program.write_text(f"#!/bin/sh\n[ $1 = compose ] && echo 2.40.3 || exec {shutil.which('sleep')} 60\n")
    monkeypatch.setenv("PATH", str(clone / "bin"))
    monkeypatch.setattr(docker, "ANSWER_S", 0.5)

    with pytest.raises(docker.Refused, match="No Docker engine answers"):
        docker.require()


@pytest.mark.parametrize(
    ("in_use", "name"),
    [
        (set(), project.NAME),
        ({"another"}, project.NAME),
        ({"clone"}, "clone"),
        ({"clone", project.NAME}, project.NAME),
    ],
)
def test_the_project_is_named_by_the_file_unless_data_lie_under_the_directorys_name(in_use, name):
    assert project.find_name(project.NAME, "clone", in_use) == name


def test_the_name_is_the_one_of_the_compose_file():
    assert compose.load()["name"] == project.NAME


def test_a_clone_without_the_secrets_of_the_data_is_told_where_to_get_them(clone):
    (clone / "projects").write_text(f"{project.NAME}\n")

    ended = make(clone, "up", fails="never")

    assert ended.returncode != 0
    assert "copy its deploy/secrets" in ended.stderr
    assert not (clone / "deploy" / "secrets").exists()


def test_a_known_password_stops_it(clone):
    make(clone, "secrets")
    (clone / "deploy" / "secrets" / "redis_url").write_text("redis://redis:6379/0")

    ended = make(clone, "up", fails="never")

    assert ended.returncode != 0
    assert "redis_url holds no password" in ended.stderr
    assert asked(clone) == []


def test_a_deployment_of_1_7_goes_on_and_its_secrets_former_names_last_until_all_is_well(clone):
    make(clone, "secrets")
    secrets = clone / "deploy" / "secrets"
    (secrets / "watched_broker_url").rename(secrets / "monitored_broker_url")
    url = "amqp://ours:a-real-one@broker.example.org:5672/product"
    (secrets / "monitored_broker_url").write_text(url)

    failed = make(clone, "up", fails="'compose build'*")
    assert failed.returncode != 0
    assert (secrets / "monitored_broker_url").read_text() == url

    ended = make(clone, "up", fails="never")
    assert ended.returncode == 0, ended.stderr
    assert (secrets / "watched_broker_url").read_text() == url
    assert not (secrets / "monitored_broker_url").exists()


def test_secrets_alone_need_no_docker(clone):
    ended = make(clone, "secrets")

    assert ended.returncode == 0, ended.stderr
    assert (clone / "deploy" / "secrets" / "redis_acl").exists()
