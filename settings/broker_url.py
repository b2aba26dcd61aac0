"""A broker's URL: the addresses it names, and its spellings by redis-py (as in the settings) and by kombu. [pure]"""

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

_TLS = ("amqps", "rediss", "https")


def addresses(broker_url: str) -> tuple[str, ...]:
    """The URLs of a list such as Celery's `amqp://a;amqp://b`, the preferred one first.

    Unlike Celery, a ";" within a password separates nothing.
    """
    return tuple(url.strip() for url in re.split(r";\s*(?=[a-z]+://)", broker_url.strip()))


def kombu_url(url: str) -> str:
    """`url`, a single one, as kombu and Celery want it: they take the number of a Redis database from elsewhere.

    `unix:///run/redis.sock?db=1` becomes `redis+socket:///run/redis.sock?virtual_host=1`, `redis://host?db=1` becomes
    `redis://host/1`.

    Source: kombu/transport/redis.py, `Channel._connparams`.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if "db" not in query and parts.scheme != "unix":
        return url
    database = query.pop("db", None)
    if parts.scheme != "unix":
        return parts._replace(path=f"/{database}", query=_spell(query)).geturl()
    if database is not None:
        query["virtual_host"] = database
    socket_url = f"redis+socket://{parts.netloc}{parts.path}"
    return f"{socket_url}?{_spell(query)}" if query else socket_url


def trusting(url: str | None, certificates: str | None) -> str | None:
    """`url`, or each of a list, with a file of CA certificates where it speaks TLS and names none itself."""
    if url is None or certificates is None:
        return url
    return ";".join(_with_certificates(each, certificates) for each in addresses(url))


def _with_certificates(url: str, certificates: str) -> str:
    parts, query = urlsplit(url), query_of(url)
    if parts.scheme not in _TLS or "ssl_ca_certs" in query:
        return url
    return parts._replace(query=_spell({**query, "ssl_ca_certs": certificates})).geturl()


def query_of(url: str) -> dict[str, str]:
    """The query's keys and their values, decoded; of a key that stands there twice the last one."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def _spell(query: dict[str, str]) -> str:
    return urlencode(query, quote_via=quote, safe="/")
