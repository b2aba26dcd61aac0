import itertools

import pytest

from app.throttle import LoginThrottle

ADDRESSES = [f"192.0.2.{number}" for number in range(1, 30)]


def test_a_sixth_attempt_within_a_minute_has_to_wait() -> None:
    throttle = LoginThrottle()

    waits = [throttle.count("192.0.2.1", f"user-{number}@example.test") for number in range(6)]

    assert waits[:5] == [None] * 5
    assert waits[5] is not None
    assert 50 < waits[5] <= 60


def test_other_clients_are_not_held_up() -> None:
    throttle = LoginThrottle()
    for _ in range(6):
        throttle.count("192.0.2.1", "a@example.test")

    assert throttle.count("192.0.2.2", "a@example.test") is None


def test_an_account_tried_from_everywhere_has_to_wait_whatever_its_case() -> None:
    throttle = LoginThrottle()

    waits = [
        throttle.count(address, email) for address, email in zip(ADDRESSES, itertools.cycle(["a@b.test", " A@B.test"]))
    ]

    assert waits[:20] == [None] * 20
    assert all(wait and 86_000 < wait <= 86_400 for wait in waits[20:])


def test_a_client_that_must_wait_uses_up_no_account() -> None:
    throttle = LoginThrottle()
    for _ in range(100):
        throttle.count("192.0.2.1", "a@example.test")

    assert throttle.count("192.0.2.2", "a@example.test") is None


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("", "", True),
    ],
)
def test_an_ipv6_client_is_its_network(first: str, second: str, is_same: bool) -> None:
    throttle = LoginThrottle()
    for _ in range(5):
        throttle.count(first, "a@example.test")

    assert (throttle.count(second, "a@example.test") is not None) == is_same
