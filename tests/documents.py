"""The commands in README and docs, as they stand there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").glob("*.md")))

_SHELLS = ("sh", "bash", "shell", "console")
_PROGRAMS = r"(make|curl|flask|\.venv/bin/\S+|python3?|pip|gunicorn|celery|docker|deploy/\S+)"


class Command(NamedTuple):
    """One command with its comment; continued lines are joined."""

    document: str
    text: str

    @property
    def bare(self) -> str:
        """The command without its comment, with single blanks."""
        return " ".join(re.sub(r"\s#\s.*", "", self.text).split())


def commands_in_blocks() -> list[Command]:
    """Lines of indented and fenced shell blocks, each once. Some are no commands; the caller must know which."""
    found = {
        command.bare: command
        for path in reversed(DOCUMENTS)
        for block in reversed(list(_blocks(path.read_text(encoding="utf-8"))))
        for command in reversed([Command(path.name, text) for text in _joined(block)])
    }
    return list(reversed(found.values()))


def commands_in_sentences() -> list[Command]:
    """Commands between backquotes."""
    spans = (
        (path.name, span)
        for path in DOCUMENTS
        for span in re.findall(r"`([^`\n]+)`", path.read_text(encoding="utf-8"))
        if re.match(rf"{_PROGRAMS} ", span)
    )
    return [Command(*each) for each in dict.fromkeys(spans)]


def _blocks(text: str) -> Iterator[list[str]]:
    block: list[str] = []
    fence: str | None = None
    for line in [*text.splitlines(), ""]:
        if opened := re.match(r"\s*```(\w*)", line):
            fence = None if fence is not None else opened[1]
        elif fence in _SHELLS or (fence is None and line.startswith("    ")):
            block.append(line.strip())
            continue
        if block:
            yield block
            block = []


def _joined(block: list[str]) -> Iterator[str]:
    command = ""
    for line in block:
        command += line
        if line.endswith("\\"):
            command += "\n"
        else:
            yield command
            command = ""
