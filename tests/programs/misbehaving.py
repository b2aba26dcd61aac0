"""A service whose objects do what they like while they are formatted."""

import logging

from tests.programs.attached import attach

log, handler = attach()


class Bad:
    """Has no text, and says so in the log."""

    def __str__(self) -> str:
        log.error("from inside")
        raise RuntimeError("no text")


class Endless:
    """Logs itself whenever it is asked for its text."""

    def __str__(self) -> str:
        log.error("endless %s", self)
        return "endless"


class Loud(str):
    """A text that is worked on in its own way."""

    __slots__ = ()

    def __getitem__(self, key: object) -> str:
        raise RuntimeError("not in the sending thread")

    __len__ = __contains__ = __getitem__  # type: ignore[assignment]


class Unspeakable(Exception):
    """An error that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class Deep(Exception):
    """Raised five hundred calls down."""


def dive(depth: int) -> None:
    """Go down and raise."""
    if not depth:
        raise Deep("x" * 1_000_000)
    dive(depth - 1)


class BrokenFilter(logging.Filter):
    """Fails at one line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """True, or an error."""
        return bool(1 / (record.msg != "breaks the filter"))


handler.addFilter(BrokenFilter())
log.error("a %s b", Bad())
log.error("%d too few")
log.error("too many", 1, 2)  # noqa: PLE1205
log.error("%d is no number", "x")
log.error("%(name)s", {"other": 1})
log.error(Bad())
log.error(Loud("loud"))
log.error("%s", Endless())
log.error("breaks the filter")
for failure in (Deep, Unspeakable):
    try:
        if failure is Deep:
            dive(500)
        raise failure
    except Exception:
        log.exception("caught %s", failure.__name__)
log.error("the stack", stack_info=True)
log.error("bytes \udc80 \x1b[31m \u202e %r", b"\xff")
log.error("the last")
