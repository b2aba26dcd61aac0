"""A broker's URL: the one place that takes it apart, and that spells it for kombu. [pure]

The settings hold URLs as redis-py reads them. kombu reads some of them otherwise: it takes a Redis database and a
socket from other places, splits a URL at every ";", and checks no certificate unless it is told to.
Source: kombu 5.7.0, utils/url.py, connection.py and transport/redis.py, `Channel._connparams`.
"""

import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

_TLS = ("amqps", "rediss", "https")


def addresses(broker_url: str) -> tuple[str, ...]:
    """The URLs of a list such as Celery's `amqp://a;amqp://b`, the preferred one first, their schemes in lower case.

    Unlike Celery's, a ";" within a password separates nothing.
    """
    urls = re.split(r";\s*(?=[A-Za-z]+://)", broker_url.strip())
    return tuple(re.sub(r"^[A-Za-z]+(?=://)", lambda scheme: scheme[0].lower(), url.strip()) for url in urls)


def is_amqp(url: str) -> bool:
    """Whether a broker's URL names RabbitMQ; otherwise it names Redis."""
    return urlsplit(url).scheme in {"amqp", "amqps"}


def kombu_url(url: str) -> str:
    """One broker's URL as kombu and Celery read it. TLS options of RabbitMQ are not in it: kombu takes them apart.

    `unix:///run/redis.sock?db=1` becomes `redis+socket:///run/redis.sock?virtual_host=1`, `redis://host?db=1` becomes
    `redis://host/1`, `rediss://host/0` becomes `rediss://host/0?ssl_cert_reqs=required`.
    """
    if is_amqp(url):
        return _for_kombu(without_query(url), {})
    parts, query = urlsplit(url), query_of(url)
    database = query.pop("db", None)
    if parts.scheme == "unix":
        return _for_kombu(f"redis+socket://{parts.netloc}{parts.path}", {"virtual_host": database} if database else {})
    user, at, host = parts.netloc.rpartition("@")
    if not parts.hostname:
        host = f"localhost{host}"  # redis-py's default; kombu's is 127.0.0.1.
    if parts.scheme == "rediss":
        query["ssl_cert_reqs"] = certificate_level(query)  # Without it kombu checks no certificate.
    path = f"/{database}" if database else parts.path
    return _for_kombu(f"{parts.scheme}://{user}{at}{host}{path}", query)


def names_host(url: str) -> bool:
    """Whether a broker's URL says where the broker is, by a host or a socket. redis-py and kombu assume one else."""
    parts = urlsplit(url)
    return bool(parts.hostname) or parts.scheme == "unix"


def virtual_host(url: str) -> str:
    """RabbitMQ's virtual host that a URL names, as kombu reads it: without a path or with an empty one it is `/`."""
    return unquote(urlsplit(url).path[1:]) or "/"


def without_query(url: str) -> str:
    """The URL up to its `?`. Not by `geturl`, which makes `unix:/path` of `unix:///path`."""
    return url.partition("?")[0]


def query_of(url: str) -> dict[str, str]:
    """The query's keys and their values, decoded. Of a key that is given twice, redis-py takes the first value."""
    query: dict[str, str] = {}
    for key, value in parse_qsl(urlsplit(url).query, keep_blank_values=True):
        query.setdefault(key, value)
    return query


def certificate_level(query: dict[str, str]) -> str:
    """How far the server's certificate is checked: none, optional or required, which is the default."""
    return query.get("ssl_cert_reqs", "required").lower().removeprefix("cert_")


def trusting(url: str | None, certificates: str | None) -> str | None:
    """`url`, or each of a list, with a file of CA certificates where it speaks TLS and names none itself."""
    if url is None or certificates is None:
        return url
    return ";".join(_with_certificates(each, certificates) for each in addresses(url))


def _with_certificates(url: str, certificates: str) -> str:
    query = query_of(url)
    if urlsplit(url).scheme not in _TLS or "ssl_ca_certs" in query:
        return url
    return f"{without_query(url)}?{_spell({**query, 'ssl_ca_certs': certificates})}"


def _for_kombu(url: str, query: dict[str, str]) -> str:
    spelled = f"{url}?{_spell(query)}" if query else url
    return spelled.replace(";", "%3B")


def _spell(query: dict[str, str]) -> str:
    return urlencode(query, quote_via=quote, safe="/")
