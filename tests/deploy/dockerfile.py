"""The Dockerfile, parsed, and its steps replayed in directories of this machine, since no engine is needed for that.

A stage is a directory that stands for `/`. What is replayed: every COPY, from the clone as `.dockerignore` lets it
through or from another stage, every RUN but those in which the base image itself is changed, ENV, WORKDIR, CMD.
"""

import fnmatch
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

CHANGES_THE_BASE_IMAGE = re.compile(r"groupadd ")


class Step(NamedTuple):
    """One instruction, its continued lines joined."""

    stage: str
    instruction: str
    text: str


def parse(path: Path) -> list[Step]:
    """The instructions in their order, comments left out; a FROM belongs to the stage that it starts."""
    lines = (line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    steps: list[Step] = []
    stage = ""
    for line in filter(None, joined.splitlines()):
        instruction, _, text = line.partition(" ")
        if instruction == "FROM":
            stage = text.split(" AS ")[1]
        steps.append(Step(stage, instruction, text))
    return steps


def sent_files(root: Path) -> Iterator[Path]:
    """The files that `.dockerignore` lets into the build, relative to `root`. The last pattern that fits decides."""
    patterns = [
        line for line in (root / ".dockerignore").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
    ]
    for directory, names, files in os.walk(root):
        here = Path(directory).relative_to(root)
        names[:] = [name for name in names if _is_sent(here / name, patterns)]  # None lies below one left out.
        yield from (here / name for name in files if _is_sent(here / name, patterns))


def _is_sent(path: Path, patterns: list[str]) -> bool:
    is_sent = True
    for pattern in patterns:
        wanted = pattern.removeprefix("!")
        if any(_fits(each, wanted) for each in (path, *path.parents[:-1])):
            is_sent = pattern.startswith("!")
    return is_sent


def _fits(path: Path, pattern: str) -> bool:
    anywhere = pattern.removeprefix("**/")
    if anywhere != pattern:
        return fnmatch.fnmatch(path.name, anywhere)
    return len(path.parts) == len(Path(pattern).parts) and fnmatch.fnmatch(str(path), pattern)


@dataclass
class Stage:
    """The state of a stage; `root` stands for its `/`."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    command: list[str] = field(default_factory=list)

    def path(self, text: str) -> Path:
        """Where a path of the container lies here."""
        return self.root / str(Path(self.workdir, text)).lstrip("/")

    def here(self, text: str) -> str:
        """A command or a PATH with the container's own directories replaced by those here."""
        return re.sub(r"(?<![\w.])/(?=(?:opt|srv|build|page)\b)", f"{self.root}/", text)


def has_pip(python: Path) -> bool:
    """Whether this Python has pip: the image's has it, Debian's not always."""
    return subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def lend_pip(directory: Path) -> Path:
    """A directory with the pip of the tests' own environment and nothing else."""
    spec = importlib.util.find_spec("pip")
    assert spec is not None
    assert spec.origin is not None
    shutil.copytree(Path(spec.origin).parent, directory / "pip")
    return directory


class Replay:
    """Replays the steps below `directory`; `python` stands for the base image's interpreter."""

    def __init__(self, context: Path, directory: Path, python: Path) -> None:
        self.stages: dict[str, Stage] = {}
        self.left_out: list[Step] = []
        """The steps that were not replayed."""
        self._directory = directory
        self._context = Stage(directory / "context")
        for path in sent_files(context):
            target = self._context.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(context / path, target)
        base = directory / "bin"
        base.mkdir()
        (base / "python").symlink_to(python)
        self._pip = {} if has_pip(python) else {"PYTHONPATH": str(lend_pip(directory / "lent"))}
        self._path = f"{base}:{os.environ['PATH']}"

    def run(self, steps: list[Step]) -> None:
        """Replay these steps."""
        for step in steps:
            getattr(self, f"_{step.instruction.lower()}", lambda *_: None)(step, self.stages.get(step.stage))

    def _from(self, step: Step, _stage: None) -> None:
        origin = self.stages.get(step.text.split(" AS ")[0])
        stage = self.stages[step.stage] = Stage(self._directory / step.stage)
        if origin is None:
            stage.root.mkdir()
            return
        _copy(origin.root, stage.root, origin, stage)
        stage.environ, stage.workdir = dict(origin.environ), origin.workdir

    def _copy(self, step: Step, stage: Stage) -> None:
        words = shlex.split(step.text)
        flags = dict(word.removeprefix("--").split("=") for word in words if word.startswith("--"))
        *sources, target = (word for word in words if not word.startswith("--"))
        origin = self.stages[flags["from"]] if "from" in flags else self._context
        for source in map(origin.path, sources):
            is_into = target.endswith("/") and source.is_file()
            _copy(source, stage.path(target) / source.name if is_into else stage.path(target), origin, stage)
        if "chmod" in flags:
            for path in (stage.path(target), *stage.path(target).rglob("*")):
                path.chmod(int(flags["chmod"], 8))

    def _run(self, step: Step, stage: Stage) -> None:
        if CHANGES_THE_BASE_IMAGE.match(step.text):
            self.left_out.append(step)
            return
        environ = {**os.environ, **stage.environ, **self._pip, "PATH": self._path}
        subprocess.run(
            ["sh", "-ec", stage.here(step.text)], cwd=stage.path("."), env=environ, check=True, capture_output=True
        )

    def _workdir(self, step: Step, stage: Stage) -> None:
        stage.workdir = step.text
        stage.path(".").mkdir(parents=True, exist_ok=True)

    def _env(self, step: Step, stage: Stage) -> None:
        for word in shlex.split(step.text):
            name, _, value = word.partition("=")
            stage.environ[name] = value.replace("$PATH", "/usr/local/bin:/usr/bin:/bin")

    def _cmd(self, step: Step, stage: Stage) -> None:
        stage.command = json.loads(step.text)


def _copy(source: Path, target: Path, origin: Stage, stage: Stage) -> None:
    """Copy a file or a directory's content. Programs of a virtual environment name its place in their first line."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_file():
        shutil.copy(source, target)
        return
    shutil.copytree(source, target, symlinks=True, copy_function=os.link, dirs_exist_ok=True)
    for program in target.glob("**/venv/bin/*") if target.name != "venv" else target.glob("bin/*"):
        text = program.read_bytes()
        if not program.is_symlink() and text.startswith(b"#!"):
            program.unlink()
            program.write_bytes(text.replace(bytes(origin.root), bytes(stage.root), 1))
            program.chmod(0o755)
