"""Refuses faulty addresses at the start, and names the faulty part."""

import secrets

import pytest

from settings import SettingsError, load_settings
from tests.certificates import Authority

SECRET = secrets.token_hex(8)


@pytest.mark.parametrize(
    ("name", "url", "told"),
    [
        ("REDIS_URL", "redis://host/0?foo=1", "`foo`"),
        ("REDIS_URL", "redis://host/0?socket_timeout=60", "`socket_timeout`"),
        ("REDIS_URL", "redis://host/0?ssl_ca_certs=/etc/hosts", "`ssl_ca_certs`"),
        ("REDIS_URL", "redis://host/panel", "number of a Redis database"),
        ("REDIS_URL", "redis://host?db=x", "`db`"),
        ("REDIS_URL", "rediss://host/0?ssl_cert_reqs=maybe", "none, optional or required"),
        ("REDIS_URL", "redis://a,redis://b", "REDIS_URL must be"),
        ("WATCHED_BROKER_URL", "amqp://host//?connection_attempts=3&heartbeat=5", "`connection_attempts`"),
        ("WATCHED_BROKER_URL", "amqp://host//?heartbeat=soon", "`heartbeat`"),
        ("WATCHED_BROKER_URL", "amqps://host//?ssl_ca_certs=/nowhere.pem", "PEM file with a CA's certificate"),
        ("WATCHED_BROKER_URL", "amqps://host//?ssl_ca_certs=/etc/hostname", "PEM file with a CA's certificate"),
        ("WATCHED_BROKER_URL", "amqps://host//?ssl_certfile=/nowhere.pem", "path of an existing file"),
        ("REDIS_URL", "rediss://host/0?ssl_ca_certs=/etc/hostname", "PEM file with a CA's certificate"),
        ("WATCHED_BROKER_URL", "amqp://a//;amqp://b//?x=1", "`x`"),
        ("WATCHED_BROKER_URL", "amqp://a//;redis://b/0", "of one kind"),
        ("WATCHED_BROKER_URL", "amqp://a//,amqp://b//", "WATCHED_BROKER_URL must be"),
        ("DATABASE_URL", "postgresql://host/db?x=1", "`x`"),
        ("DATABASE_URL", "postgresql://host/db?prepare_threshold=0", "`prepare_threshold`"),
        ("DATABASE_URL", "postgresql://host/db?sslmode=maybe", "verify-full"),
        ("DATABASE_URL", "postgresql://host/db?sslmode=verify-ca&sslrootcert=/nowhere.pem", "`sslrootcert`"),
        ("DATABASE_URL", "sqlite:////x/monitor.sqlite3?mode=ro", "`mode`"),
        ("WATCHED_DATABASE_URL", "postgres://host/db?foo=1", "`foo`"),
        ("RABBITMQ_MANAGEMENT_URL", "http://host:15672?vhost=a", "`vhost`"),
        ("DATABASE_URL", "postgresql://host/db?sslmode=verify-ca&sslrootcert=/etc/hostname", "`sslrootcert`"),
        ("RABBITMQ_MANAGEMENT_URL", "https://host:15672?ssl_check_hostname=0", "true or false"),
        ("RABBITMQ_MANAGEMENT_URL", "https://host?ssl_ca_certs=/etc/hostname", "PEM file with a CA's certificate"),
    ],
)
def test_what_means_nothing_is_refused_in_one_sentence_that_names_it_and_tells_no_secret(name, url, told):
    scheme, rest = url.split("://", 1)
    with pytest.raises(SettingsError) as caught:
        load_settings({name: f"{scheme}://user:{SECRET}@{rest}"})

    (fault,) = caught.value.faults
    assert fault.startswith(name)
    assert told in fault
    assert SECRET not in fault


def test_what_means_something_is_taken(tmp_path):
    ca = Authority(tmp_path).path
    taken = {
        "REDIS_URL": f"rediss://host/0?ssl_ca_certs={ca}&ssl_check_hostname=false",
        "WATCHED_BROKER_URL": f"amqps://a//?ssl_ca_certs={ca}&heartbeat=20;amqps://b//?ssl_cert_reqs=CERT_REQUIRED",
        "DATABASE_URL": f"postgresql+psycopg://host/db?sslmode=verify-full&sslrootcert={ca}&application_name=panel",
        "WATCHED_DATABASE_URL": "postgresql://host/db?sslrootcert=system&target_session_attrs=read-only",
        "RABBITMQ_MANAGEMENT_URL": f"https://host:15671?ssl_ca_certs={ca}",
        "WATCHED_CA_CERTIFICATES": str(ca),
    }

    settings = load_settings(taken)

    assert {name: getattr(settings, name.lower()) for name in taken} == taken


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("REDIS_URL", "rediss://host/0"),
        ("WATCHED_BROKER_URL", "amqps://host//"),
        ("RABBITMQ_MANAGEMENT_URL", "https://host:15671"),
    ],
)
def test_a_clients_certificate_is_taken_with_its_own_key_alone(name, url, tmp_path):
    authority = Authority(tmp_path)
    mine, another = authority.issue("mine"), authority.issue("another")
    both = tmp_path / "both.pem"
    both.write_bytes(mine.certificate.read_bytes() + mine.key.read_bytes())
    for query in (f"ssl_certfile={mine.certificate}&ssl_keyfile={mine.key}", f"ssl_certfile={both}"):
        assert load_settings({name: f"{url}?{query}"})

    for query in (
        f"ssl_certfile={mine.certificate}&ssl_keyfile={another.key}",
        f"ssl_certfile={mine.certificate}",
        f"ssl_keyfile={mine.key}",
        f"ssl_certfile={mine.key}&ssl_keyfile={mine.key}",
    ):
        with pytest.raises(SettingsError, match=f"{name} must name in `ssl_certfile` a PEM file with a certificate"):
            load_settings({name: f"{url}?{query}"})


def test_an_encrypted_key_is_opened_by_its_password_where_one_may_be_named_and_no_terminal_is_asked(tmp_path):
    mine = Authority(tmp_path).issue("mine", password=SECRET)
    query = f"ssl_certfile={mine.certificate}&ssl_keyfile={mine.key}"

    assert load_settings({"REDIS_URL": f"rediss://host/0?{query}&ssl_password={SECRET}"})
    for name, url in (
        ("REDIS_URL", f"rediss://host/0?{query}&ssl_password=another"),
        ("REDIS_URL", f"rediss://host/0?{query}"),
        ("WATCHED_BROKER_URL", f"amqps://host//?{query}"),
    ):
        with pytest.raises(SettingsError, match=f"{name} must name in `ssl_certfile`"):
            load_settings({name: url})


def test_postgres_is_postgresql():
    assert load_settings({"DATABASE_URL": "postgres://u:p@host/db"}).database_url == "postgresql://u:p@host/db"


@pytest.mark.parametrize("content", [None, "", "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n"])
def test_a_file_without_a_certificate_is_refused(content, tmp_path):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)

    with pytest.raises(SettingsError, match=r"WATCHED_CA_CERTIFICATES must name a (readable|PEM) file"):
        load_settings({"WATCHED_CA_CERTIFICATES": str(path)})
