"""The program that computes password hashes beside the web process; app.hash_process starts it by its path.

A line of JSON asks, a line answers. It imports nothing of the panel's, which would cost memory and time, and ends with
the process that asks, or when nobody has asked for as many seconds as its argument says.
"""

import json
import os
import select
import signal
import sys
from contextlib import suppress
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

NICENESS = 15
"""On the kernel's scale from 0 to 19: viewers and health checks come before logins on a busy core."""


def answer(kind: str, password: str, given: Any) -> str | bool:
    """`hash`: the hash of `password`, made with the parameters given. `verify`: whether it fits the hash given."""
    if kind == "hash":
        time_cost, memory_cost, parallelism = given
        return PasswordHasher(time_cost=time_cost, memory_cost=memory_cost, parallelism=parallelism).hash(password)
    try:
        return PasswordHasher().verify(given, password)
    except (VerificationError, InvalidHashError):
        return False


def _give_way() -> None:
    """Leave the core at once to whoever else wants it: niceness alone keeps it for some milliseconds more."""
    os.nice(NICENESS)
    with suppress(AttributeError, OSError):  # A kernel without it, or a container that forbids it.
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def serve(idle_s: float) -> None:
    """Answer until nobody has asked for so long."""
    _give_way()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the process that asks, and that ends this one.
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while select.select([questions], [], [], idle_s)[0] and (line := questions.readline()):
        number, *question = json.loads(line)
        answers.write(json.dumps([number, answer(*question)]).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    serve(float(sys.argv[1]))
