"""A probe that hangs or raises holds up nothing but itself."""

import threading
import time

from collector.lane import Lane, Reader
from tests.process import wait_until


def test_an_answer_comes_within_its_deadline():
    lane = Lane("quick", lambda: 42, when_stuck=-1, when_failed=-2)

    lane.ask()

    assert lane.answer(5) == 42


def test_a_probe_that_raises_is_answered_for_and_asked_again():
    answers = iter([ValueError("broken"), 7])

    def read():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    lane = Lane("raising", read, when_stuck=-1, when_failed=-2)
    lane.ask()
    assert lane.answer(5) == -2
    lane.ask()
    assert lane.answer(5) == 7


def test_a_probe_that_hangs_is_not_started_again_and_its_late_answer_is_thrown_away():
    release, calls = threading.Event(), []

    def read():
        calls.append(None)
        if len(calls) == 1:
            release.wait(30)
        return len(calls)

    lane = Lane("hanging", read, when_stuck="stuck", when_failed="failed")
    lane.ask()
    started_s = time.monotonic()
    assert lane.answer(0.05) == "stuck"
    lane.ask()
    assert lane.answer(0) == "stuck"
    assert time.monotonic() - started_s < 5
    assert len(calls) == 1

    release.set()
    deadline_s = time.monotonic() + 5
    while (answer := _asked_again(lane)) == "stuck" and time.monotonic() < deadline_s:
        pass

    assert answer == 2


def test_what_hangs_holds_up_no_other_lane_of_its_reader_and_one_thread_is_left_in_the_end():
    release, reader = threading.Event(), Reader("shared")
    hanging = Lane("hanging", lambda: release.wait(30), when_stuck="stuck", when_failed="failed", reader=reader)
    quick = Lane("quick", lambda: 42, when_stuck="stuck", when_failed="failed", reader=reader)

    for _ in range(3):
        hanging.ask()
        quick.ask()
        assert quick.answer(5) == 42
        assert hanging.answer(0.01) == "stuck"
    release.set()

    wait_until(lambda: sum(thread.name == "shared" for thread in threading.enumerate()) == 1, 5)
    quick.ask()
    assert quick.answer(5) == 42


def _asked_again(lane):
    lane.ask()
    return lane.answer(0.01)
