"""A line that a service logged, made fit to be stored, and the group that its repeats fall into. [pure]

Raw lines are hostile and full of secrets. `LogLine.clean` redacts them, makes them visible and bounds them; the store
writes nothing else.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from store.errors import BadEntry
from store.logs.redaction import redact
from store.logs.visible import in_one_line, shorten, shorten_middle, show_invisible

MESSAGE_BYTES = 2048
TRACEBACK_BYTES = 8192
"""Most bytes kept of a line, and of its traceback, in UTF-8."""

NAME_BYTES = 200
"""Most bytes kept of the name of a host, service, logger or task."""

LOOKED_AT_CHARACTERS = 16_384
"""Most characters examined of a message or traceback: a line of a megabyte costs no more, 33 ms at worst."""

NAME_CHARACTERS = 1024
"""Most characters examined of a name."""

MARGIN_CHARACTERS = 256
"""Characters dropped at a cut before redaction: half a secret has no recognisable shape."""

CUT = "\x00…\x00"
"""Marks a cut until the text is redacted."""

ID_PATTERN = re.compile(r"[0-9a-f]{16}")
"""Form of a group's id."""

_VARYING = re.compile(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b0x[0-9a-f]+\b|\b(?=[a-f]{0,31}\d)[0-9a-f]{8,}\b|\d+",
    re.IGNORECASE,
)


class Level(StrEnum):
    """How bad it is."""

    ERROR = "error"
    CRITICAL = "critical"


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One logged line. Before `clean` its texts may be anything."""

    service: str
    level: Level
    message: str
    host: str | None = None
    logger: str | None = None
    traceback: str | None = None
    task: str | None = None

    def clean(self) -> "LogLine":
        """Returns the line without secrets, in visible characters and bounded."""
        return replace(
            self,
            service=_name(self.service),
            host=self.host and _name(self.host),
            logger=self.logger and _name(self.logger),
            task=self.task and _name(self.task),
            message=shorten(in_one_line(_redact(cut(self.message, LOOKED_AT_CHARACTERS))), MESSAGE_BYTES),
            traceback=self.traceback and _trace(self.traceback),
        )

    @property
    def fingerprint(self) -> str:
        """The id of its group. It depends on everything but numbers, hexadecimal ids and UUIDs in the message."""
        parts = (self.host, self.service, self.level, self.logger, self.task, _VARYING.sub("#", self.message))
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    def to_json(self) -> bytes:
        """The form of a group's newest line in Redis: compact UTF-8 JSON, ASCII only."""
        return json.dumps(vars(self), separators=(",", ":")).encode()


@dataclass(frozen=True)
class Batch:
    """Repeats of one line that came together."""

    line: LogLine
    count: int
    oldest_age_s: float
    newest_age_s: float

    @classmethod
    def gather(cls, lines: Iterable[tuple[LogLine, float]]) -> "dict[str, Batch]":
        """Lines, each with its age in s, cleaned and put together by fingerprint; the oldest group first."""
        batches: dict[str, Batch] = {}
        for raw, age_s in lines:
            line = raw.clean()
            known = batches.pop(line.fingerprint, None)
            count, oldest_s = (known.count + 1, max(known.oldest_age_s, age_s)) if known else (1, age_s)
            newest_s = min(known.newest_age_s, age_s) if known else age_s
            batches[line.fingerprint] = cls(line, count, oldest_s, newest_s)
        return batches


FIELDS = ("line", "first_us", "last_us", "count", "began_us")
"""Fields of a group in Redis."""

SPELLS = 20
"""Most spells of repeats that a group tells, the newest. A spell begins with a line after a minute without one."""


def parse_group(group_id: str, values: Any) -> dict[str, Any]:
    """A group as it travels, from the values of FIELDS.

    Shape: {"id", "host", "service", "level", "logger", "message", "traceback", "task", "first_at", "last_at" (epoch s,
    Redis' clock), "count", "began_at" (of each spell, ascending)}.

    Raises: BadEntry if it is no group.
    """
    try:
        line = json.loads(values[0].decode())
        first_us, last_us, count = map(int, values[1:4])
        first_at, last_at = first_us / 1e6, last_us / 1e6
        # A group written before spells were kept has none.
        began_at = [int(began_us) / 1e6 for began_us in (values[4] or values[1]).split()[-SPELLS:]]
        texts = {name: line[name] for name in ("host", "service", "level", "logger", "message", "traceback", "task")}
        Level(texts["level"])
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError, RecursionError) as exc:
        raise BadEntry("no log group") from exc
    required = (texts["service"], texts["message"])
    if not all(isinstance(text, str) for text in (*required, *(text for text in texts.values() if text is not None))):
        raise BadEntry("no log group")
    # Another program's data there are no safer than what a service logs.
    safe = {name: text and show_invisible(text) for name, text in texts.items()}
    return {"id": group_id, **safe, "first_at": first_at, "last_at": last_at, "count": count, "began_at": began_at}


def cut(text: str, limit: int) -> str:
    """Its first `limit` characters, with a mark where the others were."""
    return text if len(text) <= limit else text[:limit] + CUT


def _trace(text: str) -> str:
    return shorten_middle(show_invisible(_redact(_both_ends(text, LOOKED_AT_CHARACTERS))), TRACEBACK_BYTES)


def _both_ends(text: str, limit: int) -> str:
    """Some `limit` characters of it, the most from its end, with a mark where the others were.

    The end begins with a line, and not within a key: no other secret goes over lines, so none is there by half.
    """
    if len(text) <= limit:
        return text
    line_end = text.find("\n", len(text) - limit * 2 // 3)
    start = line_end + 1 if line_end >= 0 else len(text)
    if text.rfind("-----BEGIN ", 0, start) > text.rfind("-----END ", 0, start):
        key_end = text.find("-----END ", start)
        start = key_end if key_end >= 0 else len(text)
    return text[: limit // 3] + CUT + text[start:]


def _redact(text: str) -> str:
    *before_cuts, last = redact(text).split(CUT)
    return "".join(f"{piece[:-MARGIN_CHARACTERS]}…\n" for piece in before_cuts) + last


def _name(text: str) -> str:
    return shorten(in_one_line(_redact(cut(text, NAME_CHARACTERS))), NAME_BYTES)
