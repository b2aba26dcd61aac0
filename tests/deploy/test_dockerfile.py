"""The Dockerfile: linted, and one test for each rule that we set ourselves. That it builds: test_containers.py."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from settings import VERSION
from tests.deploy import compose, dockerfile

STEPS = dockerfile.parse(compose.ROOT / "Dockerfile")


def texts(instruction, *stages):
    return [step.text for step in STEPS if step.instruction == instruction and (not stages or step.stage in stages)]


def test_hadolint_finds_nothing():
    program = Path(sys.executable).with_name("hadolint")

    linted = subprocess.run([program, compose.ROOT / "Dockerfile"], capture_output=True, text=True, check=False)

    assert linted.returncode == 0, linted.stdout


def test_bases_are_pinned_to_a_release_and_a_distribution():
    stages = {step.stage for step in STEPS}
    bases = {text.split(" AS ")[0] for text in texts("FROM")} - stages

    assert bases
    assert all(re.fullmatch(r"(python|node):\d+\.\d+\.\d+-(slim-bookworm|bookworm-slim)", base) for base in bases)


def test_python_is_of_the_release_that_the_tests_run_on():
    (release,) = (match[1] for text in texts("FROM") if (match := re.match(r"python:(\d+\.\d+)\.", text)))

    assert release in (compose.ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("requires-python")[2]


def test_packages_are_wheels_checked_against_their_hashes_and_leave_no_cache():
    (install,) = (text for text in texts("RUN") if " install " in text)

    assert all(option in install for option in ("--require-hashes", "--only-binary :all:", "--no-cache-dir"))


def test_nothing_is_installed_where_it_would_stay():
    ran = " ".join(texts("RUN", "runtime", "monitor", "demo"))

    assert not re.search(r"\b(apt-get|npm|curl|wget|install)\b", ran)
    assert "pip uninstall --yes --root-user-action ignore pip setuptools wheel" in ran


def test_the_user_is_nobody_in_particular_from_the_runtime_stage_on():
    assert [(step.stage, step.text) for step in STEPS if step.instruction == "USER"] == [("runtime", "10001:10001")]


def test_commands_and_health_checks_start_without_a_shell():
    for text in texts("CMD") + [text.partition(" CMD ")[2] for text in texts("HEALTHCHECK")]:
        assert all(isinstance(word, str) for word in json.loads(text))


@pytest.mark.parametrize(("stage", "service"), [("monitor", "web"), ("demo", "demo")])
def test_the_image_alone_does_what_its_service_does(stage, service):
    (command,), (check,) = texts("CMD", stage), texts("HEALTHCHECK", stage)

    assert json.loads(command) == compose.load()["services"][service]["command"]
    assert ["CMD", *json.loads(check.partition(" CMD ")[2])] == compose.load()["services"][service]["healthcheck"][
        "test"
    ]


def test_python_writes_no_bytecode_and_holds_no_output_back():
    assert texts("ENV", "base") == ["PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1"]
    assert texts("STOPSIGNAL") == ["SIGTERM"]


def test_all_of_python_is_compiled_in_the_image_where_nothing_can_be_written_later():
    compiled = re.findall(r"-m compileall -q --invalidation-mode unchecked-hash (\S+)", " ".join(texts("RUN")))

    assert compiled == ["/opt/venv/lib", "/usr/local/lib/python3.11", "."]


def test_the_image_says_what_it_is():
    labels = " ".join(texts("LABEL"))

    assert f'org.opencontainers.image.version="{VERSION}"' in labels
    assert "org.opencontainers.image.title=" in labels


def test_the_page_is_built_as_without_containers_and_with_what_the_lock_file_names():
    fetched, built = texts("RUN", "page")

    assert fetched.startswith("npm ci --omit=dev --ignore-scripts")
    assert built == "node build.js"
    assert [text for text in texts("COPY") if "--from=page" in text] == ["--from=page /page/static/ static/"]


def test_the_last_stage_is_the_panel():
    assert STEPS[-1].stage == "monitor"


def test_only_what_is_copied_is_sent_to_the_engine():
    sent = {path.parts[0] for path in dockerfile.sent_files(compose.ROOT)}
    copied = {word.rstrip("/") for text in texts("COPY") if "--from=" not in text for word in text.split()[:-1]}

    assert sent == {word for word in copied if not word.startswith("--")}
    assert not [path for path in dockerfile.sent_files(compose.ROOT) if {"vendor", "built", ".git"} & {*path.parts}]
