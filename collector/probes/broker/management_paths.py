"""The management API's request paths for queues. [pure]"""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from collector.probes.broker.management_figures import COLUMNS, WORK_PATTERN
from settings.broker_url import addresses, virtual_host

_PAGE = 500
"""Most queues on a page: the API's own limit."""

_NAMES_BYTES = 1000
"""Most bytes of names in one pattern, so that they also fit on one page. RabbitMQ 4.2.6, 4.3 and later answer 400 to a
pattern of more than 1,024 bytes; older ones answer 414 to a request line of more than 8,000.
"""


def queues_paths(broker_url: str, names: Sequence[str]) -> list[str]:
    """The request paths for the named queues in the URL's virtual host; without names, for all that may hold work.

    They ask for pages: then RabbitMQ looks up the statistics of the queues on the page only.
    """
    vhost = quote(virtual_host(addresses(broker_url)[0]), safe="")
    fixed = f"/api/queues/{vhost}?page=1&page_size={_PAGE}&columns={COLUMNS}&use_regex=true&name="
    patterns = [f"^(?:{'|'.join(some)})$" for some in _portions(names)] if names else [WORK_PATTERN]
    return [fixed + quote(pattern, safe="") for pattern in patterns]


def _portions(names: Sequence[str]) -> Iterator[list[str]]:
    """The names as regular expressions, grouped so that each request stays within its limits."""
    portion: list[str] = []
    size = 0
    for name in map(re.escape, names):
        name_bytes = len(f"{name}|".encode())
        if portion and size + name_bytes > _NAMES_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(name)
        size += name_bytes
    yield portion
