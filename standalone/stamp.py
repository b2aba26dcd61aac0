"""A small file beside a result says what it was made from, so that the next start need not make it again."""

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Stamp:
    """`path` holds the hash of `source` once the result is whole."""

    path: Path
    source: Path

    @property
    def is_current(self) -> bool:
        """Whether the result was made from the present `source`."""
        return self.path.exists() and self.path.read_text(encoding="ascii") == self._text()

    def set(self) -> None:
        """Say that the result is whole."""
        self.path.write_text(self._text(), encoding="ascii")

    def clear(self) -> None:
        """Say that the result is about to change."""
        self.path.unlink(missing_ok=True)

    def _text(self) -> str:
        return f"{hashlib.sha256(self.source.read_bytes()).hexdigest()}\n"
