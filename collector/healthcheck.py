"""Whether this host's samples come: `python -m collector.healthcheck` ends with 0 or 1. For beat and collector alike.

For a container's HEALTHCHECK. A sample proves that beat publishes, the collector works and Redis takes writes, which
neither a live process nor an open connection does; and it loads no Celery, which an `inspect ping` would each time.
"""

import sys

from collector.store.errors import StoreUnavailable
from collector.store.live import LiveStore, redis_client
from settings import Settings, SettingsError, load_settings

MAX_AGE_INTERVALS = 5
"""A sample older than this is too old. `/healthz` says so after three; this one makes people look at containers."""


def read_age_s(settings: Settings) -> float | None:
    """The age of this host's newest sample; None when there is none. Raises: StoreUnavailable."""
    with redis_client(settings.redis_url) as client:
        return next((host.age_s for host in LiveStore(client).hosts() if host.host == settings.monitor_host), None)


def main() -> int:
    """Print how old the newest sample is. Returns the exit code."""
    try:
        settings = load_settings()
        age_s = read_age_s(settings)
    except (SettingsError, StoreUnavailable) as exc:
        print(exc)
        return 1
    if age_s is None:
        print(f"{settings.monitor_host} has written no sample")
        return 1
    print(f"The newest sample of {settings.monitor_host} is {age_s:.1f} s old")
    return 0 if age_s <= MAX_AGE_INTERVALS * settings.sample_interval_s else 1


if __name__ == "__main__":
    sys.exit(main())
