"""Names of workers, tasks and queues as they are shown. They come from outside and may hold anything. [pure]"""

from functools import lru_cache

from store.logs.visible import in_one_line, shorten

MAX_BYTES = 200
"""Longest name; of a longer one only the beginning is shown."""


@lru_cache(maxsize=2048)
def shown(name: str) -> str:
    """The name in one visible line."""
    return shorten(in_one_line(name[:MAX_BYTES]), MAX_BYTES)
