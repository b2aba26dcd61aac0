"""The forms of addresses: Redis, brokers, databases, RabbitMQ's management API, and the keys that may follow a `?`.

A driver ignores an unknown key, or refuses it only when it connects: then every process runs and nothing ever works. So
the settings refuse an unknown key at the start, by its name.

Imports nothing but the standard library and how broker URLs are spelled.
"""

import re
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from settings.broker_url import addresses, is_amqp, query_of

Check = Callable[[str], bool]
"""Whether a key's value is valid."""


class FaultyAddressError(ValueError):
    """Says what is wrong: the end of a sentence that begins with the setting's name. Never holds a value."""


def redis_url(text: str) -> str:
    """The panel's own Redis."""
    (url,) = addresses(text)
    return _redis_url(url, _REDIS_TLS)


def watched_broker_url(text: str) -> str:
    """One broker, or several of one kind as in Celery's `amqp://a;amqp://b`."""
    urls = addresses(text)
    kinds = {is_amqp(url) for url in urls}
    if len(kinds) > 1:
        raise FaultyAddressError("names RabbitMQ and Redis at once; all of its addresses must be of one kind")
    return ";".join(_amqp_url(url) if kinds == {True} else _redis_url(url, _TLS) for url in urls)


def database_url(text: str) -> str:
    """SQLite or PostgreSQL; `postgres://`, as hosting services write it, is the same as `postgresql://`."""
    if text.startswith("postgres://"):
        text = "postgresql" + text.removeprefix("postgres")
    parts = _parts(text, "sqlite", "postgresql", "postgresql+psycopg")
    _check_query(text, {} if parts.scheme == "sqlite" else _POSTGRESQL)
    return text


def management_url(text: str) -> str:
    """RabbitMQ's management API."""
    parts = _parts(text, "http", "https")
    _check_query(text, _TLS if parts.scheme == "https" else {})
    return text


def certificates(text: str) -> str:
    """A file of certificates in PEM form, by its path."""
    path = Path(text).expanduser().absolute()
    try:
        count = _count_certificates(path)
    except OSError as exc:
        raise FaultyAddressError(f"must name a readable file: {exc.strerror}") from exc
    if not count:
        raise FaultyAddressError("must name a PEM file with a CA's certificate in it, and this one has none")
    return str(path)


def _redis_url(text: str, tls: Mapping[str, Check]) -> str:
    parts = _parts(text, "redis", "rediss", "unix")
    _check_query(text, {**_DATABASE, **(tls if parts.scheme == "rediss" else {})})
    if parts.scheme == "unix" and not parts.path:
        raise FaultyAddressError("must name a socket by its path, such as unix:///run/redis.sock")
    if parts.scheme != "unix" and not re.fullmatch(r"(/[0-9]*)?", parts.path):
        raise FaultyAddressError("must end in the number of a Redis database, such as /0")
    return text


def _amqp_url(text: str) -> str:
    parts = _parts(text, "amqp", "amqps")
    _check_query(text, {**_HEARTBEAT, **(_TLS if parts.scheme == "amqps" else {})})
    return text


def _parts(text: str, *schemes: str) -> SplitResult:
    parts = urlsplit(text)
    parts.port  # noqa: B018  Deliberate: the property raises ValueError for a port that is no number.
    if parts.scheme not in schemes or not (parts.netloc or parts.path):
        raise ValueError(text)
    if re.search(r"[;,\s]", parts.hostname or "") or "://" in parts.path:  # A list with another separator.
        raise ValueError(text)
    return parts


def _check_query(text: str, known: Mapping[str, Check]) -> None:
    query = query_of(text)
    if unknown := sorted(set(query) - set(known)):
        shown = ", ".join(f"`{name[:40]}`" for name in unknown)
        # PostgreSQL has too many to list.
        taken = f"; it may have: {', '.join(known)}" if 0 < len(known) < 20 else ""
        raise FaultyAddressError(f"has {shown} after its `?`, which means nothing here{taken}")
    if faulty := [name for name, value in query.items() if not known[name](value)]:
        raise FaultyAddressError(f"has an invalid value of `{faulty[0]}`{_FORMS.get(faulty[0], '')}")
    if not _are_a_pair(query):
        raise FaultyAddressError(
            "must name in `ssl_certfile` a PEM file with a certificate, and in `ssl_keyfile` its key unless the same "
            f"file holds it{_PASSWORD if 'ssl_password' in known else '; the key must not be encrypted'}"
        )


def _count_certificates(path: Path) -> int:
    """How many certificates a PEM file holds; 0 if OpenSSL cannot read it."""
    path.read_bytes()  # For its error: OpenSSL says less about a missing file.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        return 0
    return context.cert_store_stats()["x509"]


def _holds_certificates(value: str) -> bool:
    try:
        return _count_certificates(Path(value)) > 0
    except OSError:
        return False


def _are_a_pair(query: Mapping[str, str]) -> bool:
    """Whether the client's certificate, if the URL names one, fits its key."""
    certificate, key = query.get("ssl_certfile"), query.get("ssl_keyfile")
    if certificate is None:
        return key is None
    try:
        # An empty password: without one OpenSSL asks the terminal for that of an encrypted key.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, query.get("ssl_password", ""))
    except OSError:
        return False
    return True


def _is_file(value: str) -> bool:
    return Path(value).is_file()


def _is_any(value: str) -> bool:
    return True


def _matches(pattern: str) -> Check:
    return lambda value: re.fullmatch(pattern, value) is not None


_DATABASE = {"db": _matches(r"[0-9]{1,4}")}
_HEARTBEAT = {"heartbeat": _matches(r"[0-9]{1,5}")}
_TLS: Mapping[str, Check] = {
    "ssl_ca_certs": _holds_certificates,
    "ssl_certfile": _is_file,
    "ssl_keyfile": _is_file,
    "ssl_cert_reqs": _matches("(CERT_)?(NONE|OPTIONAL|REQUIRED)|none|optional|required"),  # Also as Celery has it.
    "ssl_check_hostname": _matches("true|false"),
}
_REDIS_TLS: Mapping[str, Check] = {
    **_TLS,
    "ssl_cert_reqs": _matches("none|optional|required"),
    "ssl_ca_path": lambda value: Path(value).is_dir(),
    "ssl_password": _is_any,
    "ssl_ciphers": _is_any,
}
_POSTGRESQL: Mapping[str, Check] = {
    **dict.fromkeys(
        (
            "application_name", "channel_binding", "client_encoding", "connect_timeout", "dbname",
            "fallback_application_name", "gssdelegation", "gssencmode", "gsslib", "host", "hostaddr", "keepalives",
            "keepalives_count", "keepalives_idle", "keepalives_interval", "krbsrvname", "load_balance_hosts",
            "max_protocol_version", "min_protocol_version", "oauth_client_id", "oauth_client_secret", "oauth_issuer",
            "oauth_scope", "options", "passfile", "password", "port", "require_auth", "requirepeer",
            "scram_client_key", "scram_server_key", "service", "ssl_max_protocol_version", "ssl_min_protocol_version",
            "sslcertmode", "sslcompression", "sslcrl", "sslcrldir", "sslkeylogfile", "sslnegotiation", "sslpassword",
            "sslsni", "target_session_attrs", "tcp_user_timeout", "user",
        ),
        _is_any,
    ),
    "sslmode": _matches("disable|allow|prefer|require|verify-ca|verify-full"),
    "sslrootcert": lambda value: value == "system" or _holds_certificates(value),
    "sslcert": _is_file,
    "sslkey": _is_file,
}  # fmt: skip
"""libpq's, but for `replication`. Source: PostgreSQL's manual, "Parameter Key Words"."""

_FORMS = {
    "db": ": it must be the number of a Redis database",
    "heartbeat": ": it must be a number of seconds",
    "ssl_cert_reqs": ": it must be none, optional or required",
    "ssl_check_hostname": ": it must be true or false",
    "sslmode": ": it must be disable, allow, prefer, require, verify-ca or verify-full",
    **dict.fromkeys(
        ("ssl_ca_certs", "sslrootcert"), ": it must be the path of a PEM file with a CA's certificate in it"
    ),
    **dict.fromkeys(("ssl_certfile", "ssl_keyfile", "sslcert", "sslkey"), ": it must be the path of an existing file"),
}

_PASSWORD = "; where the key is encrypted, `ssl_password` opens it"  # noqa: S105  No password, a sentence about one.
