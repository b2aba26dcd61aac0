"""One broker URL, two spellings: redis-py's, which the settings use, and kombu's. [pure]"""

from urllib.parse import parse_qsl, urlencode, urlsplit


def kombu_url(url: str) -> str:
    """`url` as kombu and Celery want it; only a Unix socket is spelled differently there.

    `unix:///run/redis.sock?db=1` becomes `redis+socket:///run/redis.sock?virtual_host=1`.

    Source: kombu/transport/redis.py, `Channel._connparams`.
    """
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    query = dict(parse_qsl(parts.query))
    if "db" in query:
        query["virtual_host"] = query.pop("db")
    return f"redis+socket://{parts.netloc}{parts.path}" + (f"?{urlencode(query)}" if query else "")
