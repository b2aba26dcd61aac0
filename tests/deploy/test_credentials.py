import base64
import hashlib
import json
import re
import subprocess
import sys

import pytest

from deploy import credentials
from settings import load_settings
from tests.deploy import compose

NAMES = sorted(compose.load()["secrets"])


def run(directory):
    program = compose.ROOT / "deploy" / "credentials.py"
    return subprocess.run([sys.executable, "-I", program, directory], capture_output=True, text=True, check=False)


def contents(directory):
    return {path.name: path.read_text() for path in directory.iterdir()}


@pytest.fixture
def directory(tmp_path):
    directory = tmp_path / "secrets"
    credentials.provide(directory)
    return directory


def test_every_secret_of_the_compose_file_is_made(tmp_path):
    made = run(tmp_path / "secrets")

    assert made.returncode == 0, made.stderr
    assert sorted(path.name for path in (tmp_path / "secrets").iterdir()) == NAMES
    assert {each["file"] for each in compose.load()["secrets"].values()} == {
        f"./{credentials.DIRECTORY.relative_to(compose.ROOT)}/{name}" for name in NAMES
    }


def test_nobody_else_on_the_machine_gets_at_them_and_every_user_in_a_container_does(directory):
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o644}


def test_a_directory_that_was_left_open_is_closed(directory):
    directory.chmod(0o755)

    credentials.provide(directory)

    assert directory.stat().st_mode & 0o777 == 0o700


def test_what_exists_is_never_overwritten(directory):
    before = contents(directory)

    again = run(directory)

    assert (again.returncode, again.stdout) == (0, "")
    assert contents(directory) == before


def test_no_two_installations_share_a_secret(directory, tmp_path):
    credentials.provide(tmp_path / "other")

    shared = set(contents(directory).values()) & set(contents(tmp_path / "other").values())

    assert shared == {""}  # The database that is watched is not named yet.


def test_all_files_of_a_service_are_made_anew_together(directory):
    before = contents(directory)
    for name in ("redis_acl", "redis_url"):
        (directory / name).unlink()

    assert credentials.provide(directory) == ["redis_acl", "redis_url"]

    assert {name for name, text in contents(directory).items() if text != before[name]} == {"redis_acl", "redis_url"}


def test_a_part_of_a_services_files_is_refused_since_they_hold_one_password(directory):
    (directory / "redis_acl").unlink()

    refused = run(directory)

    assert refused.returncode == 1
    assert "lacks redis_acl, which must agree with redis_url" in refused.stderr
    assert not (directory / "redis_acl").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("watched_broker_url", "amqp://guest:guest@rabbitmq:5672//"),
        ("redis_url", "redis://redis:6379/0"),
        ("database_url", "postgresql+psycopg://monitor:ChangeMe@postgres/monitor"),
        ("postgres_password", "postgres\n"),
        ("secret_key", ""),
    ],
)
def test_a_password_that_everybody_knows_is_refused_and_not_repeated(directory, name, text):
    (directory / name).write_text(text)

    refused = run(directory)

    assert refused.returncode == 1
    assert name in refused.stderr
    assert "guest" not in refused.stderr
    assert "ChangeMe" not in refused.stderr


def test_the_urls_of_other_servers_may_be_put_there(directory):
    (directory / "watched_broker_url").write_text("amqps://ours:a-real-one@broker.example.org/vhost\n")

    assert run(directory).returncode == 0


def test_ones_own_database_is_watched_by_a_secret_of_its_own_and_none_is_named_at_first(directory):
    assert (directory / "watched_database_url").read_text() == ""
    (directory / "watched_database_url").write_text("postgresql://reader:a-real-one@db.example.org/product\n")

    assert run(directory).returncode == 0
    settings = load_settings({"WATCHED_DATABASE_URL_FILE": str(directory / "watched_database_url")})
    assert settings.watched_database_url == "postgresql://reader:a-real-one@db.example.org/product"


def test_an_empty_secret_names_no_database(directory):
    settings = load_settings({"WATCHED_DATABASE_URL_FILE": str(directory / "watched_database_url")})

    assert settings.watched_database_url is None


FORMER = {"monitored_broker_url": "watched_broker_url", "monitored_database_url": "watched_database_url"}


@pytest.fixture
def of_1_7(directory):
    """A directory of secrets as release 1.7 left it."""
    for former, present in FORMER.items():
        (directory / present).rename(directory / former)
    return directory


def test_files_that_have_a_former_name_get_their_present_one_and_keep_both_until_the_upgrade_is_through(of_1_7):
    before = contents(of_1_7)

    assert run(of_1_7).returncode == 0
    assert contents(of_1_7) == before | {present: before[former] for former, present in FORMER.items()}

    credentials.remove_former_names(of_1_7)
    assert sorted(contents(of_1_7)) == NAMES
    assert run(of_1_7).stdout == ""


def test_a_file_that_differs_under_its_two_names_is_refused_and_not_repeated(of_1_7):
    (of_1_7 / "watched_broker_url").write_text("amqp://ours:another-real-one@host:5672//")

    refused = run(of_1_7)

    assert refused.returncode == 1
    assert "monitored_broker_url is the former name of" in refused.stderr
    assert "another-real-one" not in refused.stderr


def test_an_acl_of_an_earlier_release_is_given_what_replaying_the_data_takes(directory):
    made = contents(directory)
    acl = directory / "redis_acl"
    acl.write_text(made["redis_acl"].replace("user default off ~* &* +@all", "user default off"))

    mended = run(directory)

    assert mended.stdout == f"Brought up to date: redis_acl in {directory}\n"
    assert contents(directory) == made
    assert acl.stat().st_mode & 0o777 == 0o644
    assert run(directory).stdout == ""


def test_an_acl_of_ones_own_is_left_alone(directory):
    own = "user default off -@all\nuser monitor on #ab ~* +@all\n"
    (directory / "redis_acl").write_text(own)

    assert run(directory).stdout == ""
    assert (directory / "redis_acl").read_text() == own


def test_a_directory_that_cannot_be_written_is_told_of(tmp_path):
    (tmp_path / "file").write_text("")

    refused = run(tmp_path / "file")

    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1


def test_the_settings_accept_them(directory):
    names = ("SECRET_KEY", "REDIS_URL", "DATABASE_URL", "WATCHED_BROKER_URL", "RABBITMQ_MANAGEMENT_URL")

    settings = load_settings({f"{name}_FILE": str(directory / name.lower()) for name in names})

    assert settings.redis_url == (directory / "redis_url").read_text()
    assert all(getattr(settings, name.lower()) for name in names)


def test_redis_is_given_the_hash_of_the_password_alone(directory):
    password = re.search(r":([^:@]+)@", (directory / "redis_url").read_text())[1]
    acl = (directory / "redis_acl").read_text()

    assert hashlib.sha256(password.encode()).hexdigest() in acl
    assert password not in acl


def test_rabbitmq_is_given_the_hashes_of_the_passwords_alone(directory):
    definitions = json.loads((directory / "rabbitmq_definitions").read_text())

    for user, name in zip(definitions["users"], ("watched_broker_url", "demo_broker_url"), strict=True):
        password = re.search(r":([^:@]+)@", (directory / name).read_text())[1]
        salt = base64.b64decode(user["password_hash"])[:4]
        assert user["password_hash"] == credentials.hash_for_rabbitmq(password, salt)
        assert password not in json.dumps(definitions)
    assert {user["name"] for user in definitions["users"]} == {"monitor", "zapvoice"}


def test_the_panel_may_only_look_at_rabbitmq_and_ask_its_workers(directory):
    permissions = json.loads((directory / "rabbitmq_definitions").read_text())["permissions"]

    assert {each["user"]: (each["configure"], each["write"], each["read"]) for each in permissions}["monitor"] == (
        r"^zapvoice-monitor\.", r"^(celery\.pidbox|zapvoice-monitor\..*)$", ".*",
    )  # fmt: skip


@pytest.mark.parametrize(
    "rights", [("^$", "^$"), (r"^zapvoice-monitor\.", r"^celery\.pidbox$")], ids=["up to 1.7.0", "1.7.1"]
)
def test_a_panel_of_an_earlier_release_is_given_the_rights_to_ask_the_workers_and_to_hear_them(directory, rights):
    made = contents(directory)
    definitions = json.loads(made["rabbitmq_definitions"])
    definitions["permissions"][0].update(zip(("configure", "write"), rights, strict=True))
    (directory / "rabbitmq_definitions").write_text(json.dumps(definitions))

    assert run(directory).stdout == f"Brought up to date: rabbitmq_definitions in {directory}\n"
    assert contents(directory) == made
    assert run(directory).stdout == ""


def test_definitions_of_ones_own_are_left_alone(directory):
    own = json.dumps({"permissions": [{"user": "monitor", "configure": "^$", "write": "^$", "read": "^dispatch$"}]})
    (directory / "rabbitmq_definitions").write_text(own)

    assert run(directory).stdout == ""
    assert (directory / "rabbitmq_definitions").read_text() == own


def test_the_hash_is_the_one_of_rabbitmqs_documentation():
    # rabbitmq.com/docs/passwords, "This is the algorithm": test12 with the salt 908DC60A.
    assert credentials.hash_for_rabbitmq("test12", bytes.fromhex("908DC60A")) == (
        "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"
    )
