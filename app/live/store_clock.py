"""The store's clock, carried on by the monotonic one. [pure]"""

from collections.abc import Callable


class StoreClock:
    """What time it is by the store, without asking it."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lead_s: float | None = None

    def set(self, now_s: float) -> None:
        """Note that it is `now_s` by the store (epoch s)."""
        self._lead_s = now_s - self._monotonic()

    def now_s(self) -> float | None:
        """The store's time (epoch s); None before the first contact."""
        return None if self._lead_s is None else self._lead_s + self._monotonic()
