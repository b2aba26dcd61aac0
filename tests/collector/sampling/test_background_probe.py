"""A probe that hangs or raises holds up nothing but itself."""

import threading

from collector.sampling.background_probe import Lane, Reader
from tests.process import PATIENCE_S, wait_until


def test_what_was_read_is_the_answer():
    lane = Lane("quick", lambda: 42, when_stuck=-1, when_failed=-2)

    lane.ask()

    assert lane.answer(PATIENCE_S) == 42


def test_a_probe_that_raises_is_answered_for_and_asked_again():
    answers = iter([ValueError("broken"), 7])

    def read():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    lane = Lane("raising", read, when_stuck=-1, when_failed=-2)
    lane.ask()
    assert lane.answer(PATIENCE_S) == -2
    lane.ask()
    assert lane.answer(PATIENCE_S) == 7


def test_a_probe_that_hangs_is_not_started_again_and_its_late_answer_is_thrown_away():
    begun, release, calls = threading.Event(), threading.Event(), []

    def read():
        calls.append(None)
        begun.set()
        if len(calls) == 1:
            release.wait()  # Without a deadline: an answer before the release shows that nobody waited for it.
        return len(calls)

    lane = Lane("hanging", read, when_stuck="stuck", when_failed="failed")
    lane.ask()
    assert begun.wait(PATIENCE_S)
    assert lane.answer(0.05) == "stuck"
    lane.ask()
    assert lane.answer(float("inf")) == "stuck", "a lane that is known to hang is not waited for at all"
    assert len(calls) == 1

    release.set()
    answers = []
    wait_until(lambda: answers.append(_asked_again(lane)) or answers[-1] != "stuck")

    assert answers[-1] == 2


def test_what_hangs_holds_up_no_other_lane_of_its_reader_and_one_thread_is_left_in_the_end():
    release, reader = threading.Event(), Reader("shared")
    hanging = Lane("hanging", release.wait, when_stuck="stuck", when_failed="failed", reader=reader)
    quick = Lane("quick", lambda: 42, when_stuck="stuck", when_failed="failed", reader=reader)

    for _ in range(3):
        hanging.ask()
        quick.ask()
        assert quick.answer(PATIENCE_S) == 42
        assert hanging.answer(0.01) == "stuck"
    release.set()

    wait_until(lambda: sum(thread.name == "shared" for thread in threading.enumerate()) == 1)
    quick.ask()
    assert quick.answer(PATIENCE_S) == 42


def _asked_again(lane):
    lane.ask()
    return lane.answer(0.01)
