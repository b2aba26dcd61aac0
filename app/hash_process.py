"""Password hashes computed beside a process that runs gevent, by a process that gives way to it.

Not in threads: one that is low in priority and has lost its core while it holds the interpreter, or the memory map that
argon2's 19 MiB come from, stops the event loop until it gets a core again. Why so is in docs/decisions/0015.
"""

import itertools
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

import gevent
from argon2 import PasswordHasher
from gevent import subprocess
from gevent.lock import Semaphore

from collector.store.errors import MonitorError

ANSWER_S = 10.0
"""Longest wait for an answer: a hash takes 0.03 s of CPU, and gets few of them on a busy machine."""

IDLE_S = 60.0
"""Without a question for so long the process ends, since most of the day nobody logs in; it takes 0.1 s to be back."""

_PATH = Path(__file__).with_name("hasher.py")


class HashingFailed(MonitorError):
    """No answer came in time."""


class HashProcess:
    """Does what `hasher` would, one question at a time, in a process that is started when there is one."""

    def __init__(self, hasher: PasswordHasher, *, answer_s: float = ANSWER_S, idle_s: float = IDLE_S) -> None:
        self._answer_s = answer_s
        self._idle_s = idle_s
        self._parameters = (hasher.time_cost, hasher.memory_cost, hasher.parallelism)
        self._turn = Semaphore(1)
        self._numbers = itertools.count()
        self._program: _Program | None = None

    def hash(self, password: bytes) -> str:
        """The hash of a password. Raises: HashingFailed."""
        return str(self._ask("hash", password, self._parameters))

    def verify(self, password_hash: str, password: bytes) -> bool:
        """Whether the two belong together. Raises: HashingFailed."""
        return self._ask("verify", password, password_hash) is True

    def _ask(self, kind: str, password: bytes, given: str | Sequence[int]) -> Any:
        with self._turn:
            number = next(self._numbers)
            line = json.dumps([number, kind, password.decode(), given]).encode() + b"\n"
            try:
                with gevent.Timeout(self._answer_s, HashingFailed("No answer came in time.")):
                    # Twice: it may have ended just now, for want of questions.
                    answered = self._exchange(line) or self._exchange(line)
                if not answered:
                    raise HashingFailed("The process that hashes ends at once.")
                told, answer = json.loads(answered)
                if told != number:
                    raise HashingFailed("An answer came to another question.")
            except OSError as exc:  # There is no room for another process, say.
                self._end()
                raise HashingFailed(f"The process that hashes does not start: {exc}") from exc
            except BaseException:  # Whatever ends the wait: an answer that is still to come is never the next one's.
                self._end()
                raise
            return answer

    def _exchange(self, line: bytes) -> bytes:
        """The answer; nothing when the process is gone."""
        program = self._program = self._program or _Program(self._idle_s)
        try:
            program.questions.write(line)
            program.questions.flush()
            answered = program.answers.readline()
        except BrokenPipeError:
            answered = b""
        if not answered:
            self._end()
        return answered

    def _end(self) -> None:
        program, self._program = self._program, None
        if program is not None:
            program.end()


class _Program:
    """A running app.hasher."""

    def __init__(self, idle_s: float) -> None:
        command = [sys.executable, "-P", str(_PATH), str(idle_s)]
        # None of the environment, where secrets may be: passwords are enough for it to know.
        environ = {"PYTHONPATH": os.pathsep.join(sys.path)}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=-1, env=environ)
        self.questions = cast(IO[bytes], self.process.stdin)
        self.answers = cast(IO[bytes], self.process.stdout)

    def end(self) -> None:
        self.process.kill()
        for pipe in (self.questions, self.answers):
            with suppress(OSError):  # What could not be written is not to be written any more.
                pipe.close()
