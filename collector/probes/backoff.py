"""Growing pauses between failed attempts. [pure]"""

DENIED_CAP_S = 60.0
"""Longest pause while access is denied: the server logs each attempt as an error."""


class Backoff:
    """Pauses that grow by `factor` from `first_s` to `longest_s`."""

    def __init__(self, first_s: float, longest_s: float, factor: float = 2.0) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._factor = factor
        self._next_s = first_s

    def next_s(self) -> float:
        """The pause after another failure."""
        pause_s, self._next_s = self._next_s, min(self._next_s * self._factor, self._longest_s)
        return pause_s

    def reset(self) -> None:
        """Note a success: the next pause is the first again."""
        self._next_s = self._first_s
