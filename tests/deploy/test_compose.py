"""docker-compose.yml: the shape that Compose wants, and one test for each rule that we set ourselves."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from settings import VERSION, Settings
from tests.deploy import compose

COMPOSE = compose.load()
SERVICES = COMPOSE["services"]
ROWS = {row.name.upper(): row for row in fields(Settings)}
EVERY_SERVICE = pytest.mark.parametrize("name", SERVICES)


def test_it_has_the_shape_of_the_compose_specification():
    program = Path(sys.executable).with_name("check-jsonschema")

    checked = subprocess.run(
        [program, "--builtin-schema", "vendor.compose-spec", compose.PATH], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout


def test_the_services_and_profiles_are_these():
    always = {name for name, service in SERVICES.items() if "profiles" not in service}

    assert always == {"redis", "rabbitmq", "postgres", "migrate", "web", "collector", "beat"}
    assert {name: service["profiles"] for name, service in SERVICES.items() if name not in always} == {
        "demo": ["demo"], "collector-host-detail": ["host-detail"],
    }  # fmt: skip


@EVERY_SERVICE
def test_the_root_file_system_is_read_only_and_scratch_space_bounded(name):
    assert SERVICES[name]["read_only"] is True
    assert any(mount.startswith("/tmp:") for mount in SERVICES[name]["tmpfs"])
    assert all(re.search(r"size=\d+m.*noexec,nosuid,nodev", mount) for mount in SERVICES[name]["tmpfs"])


@EVERY_SERVICE
def test_no_privilege_is_kept_and_none_can_be_gained(name):
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]
    assert not {"cap_add", "privileged", "pid", "ipc", "network_mode", "userns_mode", "cgroup", "devices"} & set(
        SERVICES[name]
    )


@EVERY_SERVICE
def test_nobody_runs_as_root(name):
    user, group = map(int, SERVICES[name]["user"].split(":"))

    assert user > 0
    assert group > 0


@EVERY_SERVICE
def test_an_init_reaps_and_a_policy_restarts_but_what_ends_by_itself(name):
    assert SERVICES[name]["init"] is True
    assert SERVICES[name]["restart"] == ("no" if name == "migrate" else "unless-stopped")


@EVERY_SERVICE
def test_processes_memory_cpu_and_logs_are_bounded(name):
    service = SERVICES[name]

    assert service["pids_limit"] <= 512
    assert re.fullmatch(r"\d+m", service["mem_limit"])
    assert 0 < service["cpus"] <= 1
    assert service["logging"] == {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}


@EVERY_SERVICE
def test_what_lasts_has_a_health_check_that_is_quick_at_the_start_and_cheap_later(name):
    check = SERVICES[name]["healthcheck"]

    if name == "migrate":
        assert check == {"disable": True}
        return
    assert check["test"][0] == "CMD"  # A shell would be a process more.
    # Docker takes 20 ms of CPU to start a check. So rarely, all of them together are below 0.1 % of a core.
    assert int(check["start_interval"].rstrip("s")) <= 2
    assert int(check["interval"].rstrip("s")) >= 300
    assert int(check["timeout"].rstrip("s")) < int(check["interval"].rstrip("s"))


@EVERY_SERVICE
def test_images_are_pinned_to_a_release(name):
    assert re.fullmatch(r"[a-z-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?", SERVICES[name]["image"])


@EVERY_SERVICE
def test_the_only_host_directory_is_proc_read_only_and_for_the_collector_alone(name):
    mounts = [mount for mount in SERVICES[name].get("volumes", []) if mount.startswith((".", "/", "~"))]

    assert mounts == (["/proc:/host/proc:ro"] if name == "collector-host-detail" else [])
    assert "docker.sock" not in compose.PATH.read_text(encoding="utf-8")


def test_the_data_network_is_internal_and_only_web_is_on_the_other():
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert {name: service["networks"] for name, service in SERVICES.items()} == {
        name: ["edge", "data"] if name == "web" else ["data"] for name in SERVICES
    }


def test_only_web_publishes_a_port_and_only_to_this_machine():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {"web": ["127.0.0.1:8000:8000"]}
    assert not any("expose" in service for service in SERVICES.values())


def test_no_secret_stands_in_the_file():
    text = compose.PATH.read_text(encoding="utf-8")
    secret_names = [name for name, row in ROWS.items() if row.metadata["secret"]]

    assert not re.search(r"\w+://[^\s/]*:[^\s/]*@", text)
    for service in SERVICES.values():
        environment = service.get("environment", {})
        assert not {"POSTGRES_PASSWORD", "RABBITMQ_DEFAULT_PASS", *secret_names} & set(environment)


@EVERY_SERVICE
def test_a_service_is_given_the_secrets_that_it_reads_and_no_others(name):
    service = SERVICES[name]
    read = {value.removeprefix("/run/secrets/") for value in service.get("environment", {}).values()
            if value.startswith("/run/secrets/")}  # fmt: skip
    for config in service.get("configs", []):
        text = (compose.ROOT / COMPOSE["configs"][config["source"]]["file"]).read_text(encoding="utf-8")
        read |= set(re.findall(r"/run/secrets/(\w+)", text))

    assert set(service.get("secrets", [])) == read


def test_beat_holds_no_password_but_the_panels_redis():
    assert SERVICES["beat"]["secrets"] == ["redis_url"]


@pytest.mark.parametrize("name", compose.PANEL)
def test_the_panel_is_told_nothing_that_it_has_no_setting_for(name):
    for variable in SERVICES[name]["environment"]:
        row = ROWS.get(variable.removesuffix("_FILE"))
        assert row is not None, variable
        assert row.metadata["secret"] == variable.endswith("_FILE")


def test_what_the_file_takes_from_the_environment_are_settings():
    assert compose.variables() <= set(ROWS)


def test_beat_and_collector_speak_of_the_same_host():
    names = {SERVICES[name]["environment"]["MONITOR_HOST"] for name in ("web", "beat", "collector")}

    assert len(names) == 1


def test_the_panel_is_of_this_version_and_stops_slower_than_its_requests():
    assert {SERVICES[name]["image"] for name in compose.PANEL} == {f"zapvoice-monitor:{VERSION}"}
    assert int(SERVICES["web"]["stop_grace_period"].rstrip("s")) > 10


def test_the_panels_image_is_built_once_and_none_of_its_name_is_ever_fetched():
    built = {name: service["build"]["target"] for name, service in SERVICES.items() if "build" in service}

    assert built == {"migrate": "monitor", "demo": "demo"}
    assert {SERVICES[name]["pull_policy"] for name in (*compose.PANEL, "demo")} == {"never"}


def test_the_panel_waits_for_its_own_services_and_not_for_those_that_it_watches():
    waits = {name: SERVICES[name].get("depends_on", {}) for name in compose.PANEL}

    assert {name: set(each) for name, each in waits.items()} == {
        "web": {"redis", "migrate"},
        "collector": {"redis", "migrate"},
        "collector-host-detail": {"redis", "migrate"},
        "beat": {"redis"},
        "migrate": {"postgres"},
    }
    assert {each["condition"] for each in waits["web"].values()} == {
        "service_healthy", "service_completed_successfully",
    }  # fmt: skip


def test_web_answers_under_no_name_that_it_was_not_told():
    assert SERVICES["web"]["environment"]["TRUSTED_HOSTS"] == "localhost"
    assert "TRUSTED_HOSTS" in compose.variables()


def test_redis_never_evicts_and_outlives_a_crash():
    lines = (compose.ROOT / "deploy" / "redis.conf").read_text(encoding="utf-8").splitlines()

    assert {"maxmemory-policy noeviction", "appendonly yes", "aclfile /run/secrets/redis_acl"} <= set(lines)
    assert SERVICES["redis"]["volumes"] == ["redis:/data"]


def test_rabbitmqs_data_survive_a_new_container():
    assert SERVICES["rabbitmq"]["hostname"] == "rabbitmq"  # The directory is named after it.
    assert SERVICES["rabbitmq"]["volumes"] == ["rabbitmq:/var/lib/rabbitmq"]
