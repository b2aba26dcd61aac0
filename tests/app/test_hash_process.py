import json
import os
import subprocess
import sys

import psutil
import pytest

from app.hasher import NICENESS
from app.schema import MIGRATIONS
from tests.services import wait_until

UNDER_GEVENT = """
from gevent import monkey
monkey.patch_all()
import json
import os
import signal
import sys
import gevent
import psutil
from argon2 import PasswordHasher
from app.hash_process import HashingFailed, HashProcess

hasher = PasswordHasher(time_cost=3, memory_cost=8192, parallelism=1)
hashing = HashProcess(hasher, answer_s=20)
RIGHT, WRONG = "certo é certo".encode(), b"wrong"
told = {}
ours = lambda: [child.pid for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]

hashed = hashing.hash(RIGHT)
told["parameters"] = hashed.rsplit("$", 2)[0]
told["verdicts"] = [hashing.verify(hashed, each) for each in (RIGHT, WRONG, b"")]
told["damaged"] = [hashing.verify(each, RIGHT) for each in ("", "$argon2id$damaged", hashed + "x")]
told["nice"] = os.getpriority(os.PRIO_PROCESS, ours()[0])

os.kill(ours()[0], signal.SIGKILL)
told["after_a_kill"] = [hashing.verify(hashed, each) for each in (WRONG, RIGHT)]

def ask_right():
    told.setdefault("given_up", []).append(hashing.verify(hashed, RIGHT))
for wait_ms in range(12):
    asking = gevent.spawn(ask_right)
    gevent.sleep(wait_ms * 0.004)
    asking.kill()
    assert not hashing.verify(hashed, WRONG), "the answer to a question that was given up is another's"

frozen = HashProcess(hasher, answer_s=20)
assert frozen.verify(hashed, RIGHT)
os.kill(frozen._program.process.pid, signal.SIGSTOP)
frozen._answer_s = 0.3
try:
    frozen.verify(hashed, RIGHT)
except HashingFailed as exc:
    told["frozen"] = str(exc)
frozen._answer_s = 20
told["after_a_frost"] = frozen.verify(hashed, RIGHT)
frozen._end()

brief = HashProcess(hasher, answer_s=20, idle_s=0.1)
assert brief.verify(hashed, RIGHT)
ended = psutil.Process(brief._program.process.pid)
with gevent.Timeout(10):
    while ended.is_running() and ended.status() != psutil.STATUS_ZOMBIE:
        gevent.sleep(0.01)
told["after_idling"] = brief.verify(hashed, RIGHT)

absent = HashProcess(hasher)
python, sys.executable = sys.executable, "/nonexistent"
try:
    absent.verify(hashed, RIGHT)
except HashingFailed as exc:
    told["absent"] = str(exc)
sys.executable = python
told["after_an_absence"] = absent.verify(hashed, RIGHT)
absent._end()

ticks = 0
def tick():
    global ticks
    while True:
        gevent.sleep(0.001)
        ticks += 1
gevent.spawn(tick)
os.kill(hashing._program.process.pid, signal.SIGSTOP)
checks = [gevent.spawn(hashing.verify, hashed, RIGHT) for _ in range(8)]
while ticks < 10:  # Who waited for the answers would do so for ever.
    gevent.sleep(0.001)
os.kill(hashing._program.process.pid, signal.SIGCONT)
gevent.joinall(checks, raise_error=True)
told["checks"] = [check.value for check in checks]
told["pids"] = [hashing._program.process.pid, brief._program.process.pid]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told():
    done = subprocess.run(
        [sys.executable, "-c", UNDER_GEVENT],
        cwd=MIGRATIONS.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_another_process_makes_and_checks_hashes_as_argon2_would(told):
    assert told["parameters"] == "$argon2id$v=19$m=8192,t=3,p=1"
    assert told["verdicts"] == [True, False, False]
    assert told["damaged"] == [False, False, False]


def test_it_gives_way_and_the_event_loop_runs_on(told):
    assert told["nice"] == min(19, os.nice(0) + NICENESS)
    assert told["checks"] == [True] * 8


def test_one_that_is_gone_or_had_nothing_to_do_is_followed_by_another(told):
    assert told["after_a_kill"] == [False, True]
    assert told["after_idling"] is True


def test_one_that_does_not_answer_in_time_is_given_up_and_replaced(told):
    assert "frozen" in told
    assert told["after_a_frost"] is True


def test_one_that_cannot_be_started_is_told_of_and_tried_again(told):
    assert "does not start" in told["absent"]
    assert told["after_an_absence"] is True


def test_an_answer_is_never_taken_for_another_questions(told):
    assert all(told.get("given_up", []))  # The script itself has looked at what came after each.


def test_none_outlives_the_process_that_asked(told):
    wait_until(lambda: not any(map(psutil.pid_exists, told["pids"])), what="both are gone")
