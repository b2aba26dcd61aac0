"""The rows that the tests come to, and how they are printed."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.engine.engine import CannotRun
from tests.engine.kernel import NotHere


@dataclass(frozen=True)
class Row:
    """What was done, what has to hold, and what was seen. `held` is None where it could not be measured."""

    what: str
    bar: str
    seen: str
    held: bool | None

    def render(self) -> str:
        """A line of the table, in Markdown."""
        verdict = "not measured" if self.held is None else "yes" if self.held else "**no**"
        return f"| {self.what} | {self.bar} | {self.seen} | {verdict} |"


@dataclass
class Table:
    """All rows, each printed as it comes."""

    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        print("| what | has to hold | seen | held |\n|---|---|---|---|", flush=True)

    def add(self, what: str, bar: str, seen: object, held: bool | None) -> None:
        """Add a row."""
        self.rows.append(Row(what, bar, str(seen).replace("\n", " ").replace("|", "¦"), held))
        print(self.rows[-1].render(), flush=True)

    def run(self, part: Callable[[], None], what: str) -> None:
        """Run a part of the tests. One that cannot go on costs a row, and not the parts after it."""
        try:
            part()
        except NotHere as exc:
            self.add(what, "the kernel's files are here", exc, None)
        except (CannotRun, OSError, ValueError, LookupError) as exc:
            self.add(what, "it can be done", f"{type(exc).__name__}: {exc}", held=False)

    def summary(self) -> str:
        """How many held."""
        measured = [row for row in self.rows if row.held is not None]
        return f"{sum(bool(row.held) for row in measured)} of {len(measured)} held."

    def has_failed(self) -> bool:
        """Whether one did not hold."""
        return any(row.held is False for row in self.rows)
