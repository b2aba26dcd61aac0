"""TLS options in the URLs of watched services, and the reason codes of refused certificates.

The certificate and its name are always checked unless the URL says otherwise; kombu's defaults check neither. The
query's keys are redis-py's for every service. `WATCHED_CA_CERTIFICATES` arrives as the URL's `ssl_ca_certs`.
"""

import ssl
from typing import Any
from urllib.parse import urlsplit

from settings.broker_url import certificate_level, query_of

_LEVELS = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}

_FAULTS = {
    9: "certificate_early",
    10: "certificate_expired",
    18: "certificate_authority",  # Self-signed.
    19: "certificate_authority",  # Self-signed in its chain.
    20: "certificate_authority",
    21: "certificate_authority",
    62: "certificate_name",
    63: "certificate_name",
    64: "certificate_name",  # An IP address.
}
"""OpenSSL's X509_V_ERR_… codes; source: openssl/x509_vfy.h."""


def amqp_tls(url: str) -> dict[str, Any] | bool:
    """kombu's `ssl` argument for one URL of a RabbitMQ; False without TLS."""
    if urlsplit(url).scheme != "amqps":
        return False
    query = query_of(url)
    checks_name, level = _checks(query)
    # kombu replaces the None by the URL's host; without the key py-amqp checks no name.
    return {**_files(query), "cert_reqs": level, **({"server_hostname": None} if checks_name else {})}


def redis_tls(url: str) -> dict[str, Any]:
    """redis-py's options for one URL of a watched Redis; empty without TLS."""
    if urlsplit(url).scheme != "rediss":
        return {}
    query = query_of(url)
    checks_name, level = _checks(query)
    options = {f"ssl_{name}": path for name, path in _files(query).items()}
    return {**options, "ssl_cert_reqs": level, "ssl_check_hostname": checks_name}


def context_of(url: str) -> ssl.SSLContext:
    """The context for an `https://` URL, or for a `rediss://` URL, where it acts as redis-py does.

    Raises: OSError, SSLError for files that cannot be used.
    """
    query = query_of(url)
    file, directory = query.get("ssl_ca_certs"), query.get("ssl_ca_path")
    if urlsplit(url).scheme == "rediss":
        context = ssl.create_default_context()
        if file or directory:
            context.load_verify_locations(file, directory)  # redis-py trusts the system's CAs as well.
    else:
        context = ssl.create_default_context(cafile=file)
    context.check_hostname, context.verify_mode = _checks(query)
    if "ssl_certfile" in query:
        # The empty password: with None OpenSSL asks the terminal for an encrypted key's, and waits.
        context.load_cert_chain(query["ssl_certfile"], query.get("ssl_keyfile"), query.get("ssl_password", ""))
    if ciphers := query.get("ssl_ciphers"):
        context.set_ciphers(ciphers)
    return context


def certificate_fault(error: BaseException | None) -> str | None:
    """The reason code of a refused certificate: its name, signer or date, or `certificate` for anything else.

    None for other errors. Searches the chain of causes, because redis-py wraps the error.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, ssl.SSLCertVerificationError):
            return _FAULTS.get(error.verify_code, "certificate")
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def _files(query: dict[str, str]) -> dict[str, str]:
    return {name: query[f"ssl_{name}"] for name in ("ca_certs", "certfile", "keyfile") if f"ssl_{name}" in query}


def _checks(query: dict[str, str]) -> tuple[bool, ssl.VerifyMode]:
    """Whether the certificate's name is checked, and how far the certificate is."""
    level = _LEVELS[certificate_level(query)]
    return query.get("ssl_check_hostname", "true") == "true" and level is not ssl.CERT_NONE, level
