"""Failed tasks that wait to be told, and the class of an exception."""

import pytest

from collector.probes.events.failures import MAX_WAITING, Failures, kind_of


@pytest.mark.parametrize(
    ("exception", "traceback", "kind"),
    [
        ("ValueError('no (really)')", None, "ValueError"),
        ("GatewayTimeout('POST https://…')", "…", "GatewayTimeout"),
        ("requests.exceptions.ConnectTimeout(7)", None, "ConnectTimeout"),
        ("<Odd object at 0x7f>", "Traceback …\n  File …\nshop.errors.Odd: token=abc\n", "Odd"),
        ("<Odd object at 0x7f>", "Traceback …\nKeyboardInterrupt\n", "KeyboardInterrupt"),
        ("the password is secret", "Traceback …\nand no class here\n", None),
        ("", None, None),
        ("9" * 1000, "9" * 1000, None),
    ],
)
def test_a_failures_class_comes_from_its_repr_or_else_from_its_traceback(exception, traceback, kind):
    assert kind_of(exception, traceback) == kind


def test_repeats_are_one_failure_with_a_count():
    failures = Failures()
    for now_s in (10.0, 11.0, 12.0):
        failures.add("celery@one", "send", "ValueError('no')", "trace", now_s)
    failures.add("celery@one", "send", "ValueError('other')", "trace", 12.0)

    taken, dropped = failures.take(12.0)
    assert [(each.count, each.first_s, each.last_s) for each in taken] == [(3, 10.0, 12.0), (1, 12.0, 12.0)]
    assert dropped == 0
    assert not failures


def test_only_failures_that_are_old_enough_are_taken():
    failures = Failures()
    failures.add("celery@one", "send", "ValueError('no')", None, 10.0)

    assert failures.take(9.0) == ([], 0)
    assert len(failures.take(10.0)[0]) == 1


def test_failures_without_room_are_counted():
    failures = Failures()
    for number in range(MAX_WAITING + 5):
        failures.add("celery@one", "send", f"ValueError({number})", None, 10.0)

    taken, dropped = failures.take(10.0)
    assert (len(taken), dropped) == (MAX_WAITING, 5)
