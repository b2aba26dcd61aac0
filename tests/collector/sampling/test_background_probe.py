"""A probe that hangs or raises delays only its own figures."""

import threading

from collector.sampling.background_probe import BackgroundProbe, ProbeExecutor
from tests.process import PATIENCE_S, wait_until


def test_the_result_is_what_was_read():
    probe = BackgroundProbe("quick", lambda: 42, when_stuck=-1, when_failed=-2)

    probe.start()

    assert probe.result(PATIENCE_S) == 42


def test_a_probe_that_raises_has_a_result_and_can_be_started_again():
    answers = iter([ValueError("broken"), 7])

    def read():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    probe = BackgroundProbe("raising", read, when_stuck=-1, when_failed=-2)
    probe.start()
    assert probe.result(PATIENCE_S) == -2
    probe.start()
    assert probe.result(PATIENCE_S) == 7


def test_a_probe_that_hangs_is_not_started_again_and_its_late_result_is_thrown_away():
    begun, release, calls = threading.Event(), threading.Event(), []

    def read():
        calls.append(None)
        begun.set()
        if len(calls) == 1:
            release.wait()  # No timeout: a result before the release proves that the caller did not wait.
        return len(calls)

    probe = BackgroundProbe("hanging", read, when_stuck="stuck", when_failed="failed")
    probe.start()
    assert begun.wait(PATIENCE_S)
    assert probe.result(0.05) == "stuck"
    probe.start()
    assert probe.result(float("inf")) == "stuck", "a probe known to hang is not waited for"
    assert len(calls) == 1

    release.set()
    answers = []
    wait_until(lambda: answers.append(_started_again(probe)) or answers[-1] != "stuck")

    assert answers[-1] == 2


def test_a_probe_that_hangs_delays_no_other_probe_of_its_executor_and_one_thread_is_left_in_the_end():
    release, executor = threading.Event(), ProbeExecutor("shared")
    hanging = BackgroundProbe("hanging", release.wait, when_stuck="stuck", when_failed="failed", executor=executor)
    quick = BackgroundProbe("quick", lambda: 42, when_stuck="stuck", when_failed="failed", executor=executor)

    for _ in range(3):
        hanging.start()
        quick.start()
        assert quick.result(PATIENCE_S) == 42
        assert hanging.result(0.01) == "stuck"
    release.set()

    wait_until(lambda: sum(thread.name == "shared" for thread in threading.enumerate()) == 1)
    quick.start()
    assert quick.result(PATIENCE_S) == 42


def _started_again(probe):
    probe.start()
    return probe.result(0.01)
