"""The table of settings is typed and frozen, and reports all faults at once."""

import dataclasses
import secrets
from pathlib import Path

import pytest

from settings import SettingsError, load_settings

KEY = secrets.token_urlsafe(32)


def test_without_an_environment_the_defaults_stand():
    settings = load_settings({})

    assert (settings.port, settings.sample_interval_s, settings.watched_queues) == (8000, 3.0, ("dispatch",))
    assert settings.secret_key is None


def test_values_are_read_by_their_type():
    settings = load_settings(
        {"PORT": "9000", "WATCHED_QUEUES": "a, b,,a", "SECURE_COOKIES": "true", "MONITOR_DATA_DIR": "/tmp/x"}
    )

    assert (settings.port, settings.watched_queues, settings.secure_cookies) == (9000, ("a", "b"), True)
    assert settings.monitor_data_dir == Path("/tmp/x")


def test_every_fault_is_told_at_once_with_the_form_that_is_expected():
    with pytest.raises(SettingsError) as caught:
        load_settings({"PORT": "70000", "SAMPLE_INTERVAL_S": "nan", "SECURE_COOKIES": "yes", "REDIS_URL": "http://x"})

    assert [fault.split(" ")[0] for fault in caught.value.faults] == [
        "REDIS_URL", "SAMPLE_INTERVAL_S", "PORT", "SECURE_COOKIES",
    ]  # fmt: skip
    assert "a whole number from 1 to 65535; '70000' is not" in str(caught.value)


@pytest.mark.parametrize("name", ["SECRET_KEY", "MONITOR_ADMIN_PASSWORD", "DATABASE_URL"])
def test_a_faulty_secret_is_not_repeated(name):
    with pytest.raises(SettingsError) as caught:
        load_settings({name: "hunter2"})

    assert name in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_secret_is_read_from_the_file_that_is_named(tmp_path):
    (tmp_path / "key").write_text(f"{KEY}\n")

    assert load_settings({"SECRET_KEY_FILE": str(tmp_path / "key")}).secret_key == KEY


def test_a_secret_file_that_is_not_there_is_a_fault():
    with pytest.raises(SettingsError, match="SECRET_KEY_FILE must name a readable file"):
        load_settings({"SECRET_KEY_FILE": "/does/not/exist"})


def test_settings_are_frozen_and_their_repr_holds_no_secret():
    settings = load_settings({"SECRET_KEY": KEY, "REDIS_URL": "redis://:hunter2@localhost/0"})

    assert "hunter2" not in repr(settings)
    assert KEY not in repr(settings)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.port = 1


def test_a_url_needs_its_scheme_and_a_port_that_is_one():
    for url in ("redis://", "localhost:6379", "redis://host:port/0"):
        with pytest.raises(SettingsError, match="REDIS_URL"):
            load_settings({"REDIS_URL": url})


def test_the_database_lies_in_the_data_directory_unless_it_is_named():
    assert load_settings({"MONITOR_DATA_DIR": "/srv/x"}).database_url == "sqlite:////srv/x/monitor.sqlite3"
    assert load_settings({"MONITOR_DATA_DIR": "/srv/x", "DATABASE_URL": "sqlite:////y"}).database_url == "sqlite:////y"


RABBITMQ = {"WATCHED_BROKER_URL": "amqp://host//", "RABBITMQ_MANAGEMENT_URL": "http://user:hunter2@host:15672"}


def test_all_queues_are_watched_where_rabbitmq_can_tell_them():
    assert load_settings({"WATCHED_QUEUES": "*", **RABBITMQ}).watched_queues == ("*",)


@pytest.mark.parametrize(
    "changed",
    [{"WATCHED_BROKER_URL": ""}, {"RABBITMQ_MANAGEMENT_URL": ""}, {"WATCHED_BROKER_URL": "redis://host/1"}],
)
def test_all_queues_cannot_be_watched_where_nobody_can_tell_them(changed):
    with pytest.raises(SettingsError, match="needs RABBITMQ_MANAGEMENT_URL, and WATCHED_BROKER_URL to be amqp"):
        load_settings({"WATCHED_QUEUES": "*", **RABBITMQ, **changed})


def test_all_queues_stand_alone_and_a_management_url_is_http():
    with pytest.raises(SettingsError) as caught:
        load_settings({"WATCHED_QUEUES": "a,*", "RABBITMQ_MANAGEMENT_URL": "amqp://user:hunter2@host"})

    assert [fault.split(" ")[0] for fault in caught.value.faults] == ["RABBITMQ_MANAGEMENT_URL", "WATCHED_QUEUES"]
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("key", [secrets.token_hex(16), secrets.token_hex(32), secrets.token_urlsafe(48)], ids=range(3))
def test_a_random_secret_key_is_taken(key):
    assert load_settings({"SECRET_KEY": key}).secret_key == key


@pytest.mark.parametrize(
    "key",
    [
        "k" * 64,
        "short",
        "0123456789" * 5,
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        f"changeme-{secrets.token_hex(16)}",
        f"my-super-Secret-Key-{secrets.token_hex(16)}",
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        "abababababababababababababababababababab",
    ],
    ids=range(8),
)
def test_a_weak_or_known_secret_key_is_refused_and_not_repeated(key):
    with pytest.raises(SettingsError, match="SECRET_KEY must be at least 32 random characters") as caught:
        load_settings({"SECRET_KEY": key})

    assert key not in str(caught.value)


def test_the_names_of_hosts_are_read_as_names():
    settings = load_settings({"TRUSTED_HOSTS": "Monitor.example.org, .intern.example.org"})

    assert settings.trusted_hosts == ("monitor.example.org", ".intern.example.org")
    with pytest.raises(SettingsError, match="TRUSTED_HOSTS"):
        load_settings({"TRUSTED_HOSTS": "https://example.org/"})


OIDC = {
    "MONITOR_OIDC_ISSUER": "https://id.example.org/x",
    "MONITOR_OIDC_CLIENT_ID": "monitor",
    "MONITOR_OIDC_REDIRECT_URL": "https://panel.example.org/login/oidc/callback",
}
JWT = {"MONITOR_JWT_ISSUER": "zapvoice", "MONITOR_JWT_KEY": "k" * 40}


def test_a_way_in_is_configured_as_a_whole_or_not_at_all():
    assert (
        load_settings({**OIDC, **JWT, "MONITOR_LOCAL_LOGIN": "false"}).monitor_oidc_issuer
        == OIDC["MONITOR_OIDC_ISSUER"]
    )
    assert load_settings({**OIDC, "MONITOR_OIDC_AMR": "mfa, hwk"}).monitor_oidc_amr == ("mfa", "hwk")
    halves = [
        *({name: value for name, value in OIDC.items() if name != left_out} for left_out in OIDC),
        {"MONITOR_JWT_ISSUER": "zapvoice"},
        {"MONITOR_JWT_KEY": "k" * 40},
        {**JWT, "MONITOR_JWT_JWKS_URL": "https://app.example.org/keys"},
        {"MONITOR_JWT_ISSUER": "x", "MONITOR_JWT_JWKS_URL": "https://x.test/keys", "MONITOR_JWT_ALGORITHM": "HS256"},
        {"MONITOR_LOCAL_LOGIN": "false"},
    ]
    for environ in halves:
        with pytest.raises(SettingsError) as caught:
            load_settings(environ)
        assert "kkkk" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MONITOR_OIDC_ISSUER", "http://id.example.org"),
        ("MONITOR_OIDC_ISSUER", "https://user:x@id.example.org"),
        ("MONITOR_OIDC_REDIRECT_URL", "https://panel.example.org/"),
        ("MONITOR_OIDC_ALGORITHM", "HS256"),
        ("MONITOR_OIDC_ALGORITHM", "none"),
        ("MONITOR_JWT_ALGORITHM", "none"),
        ("MONITOR_JWT_JWKS_URL", "file:///etc/passwd"),
        ("MONITOR_JWT_ORIGIN", "https://app.example.org/path"),
        ("MONITOR_JWT_ORIGIN", "*"),
    ],
)
def test_a_way_in_over_what_others_can_read_or_forge_is_refused(name, value):
    with pytest.raises(SettingsError, match=name):
        load_settings({**OIDC, **JWT, name: value})
