import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app import throttle as bounds
from app.browsers import KnownBrowsers
from app.throttle import BoundedStorage, LoginThrottle

ADDRESSES = [f"192.0.2.{number}" for number in range(1, 60)]
EMAIL = "a@example.test"


def fail(throttle: LoginThrottle, address: str, email: str = EMAIL, browser: str | None = None) -> int | None:
    """One login with a wrong password: the wait, None when it was let through to be checked."""
    with throttle.attempt(address, email, browser) as attempt:
        if attempt.wait_s is None:
            attempt.fail()
        return attempt.wait_s


def wait(throttle: LoginThrottle, address: str, email: str = EMAIL, browser: str | None = None) -> int | None:
    """What a login with the right password would have to wait."""
    with throttle.attempt(address, email, browser) as attempt:
        return attempt.wait_s


def test_a_sixth_failure_within_a_minute_has_to_wait() -> None:
    throttle = LoginThrottle()

    waits = [fail(throttle, "192.0.2.1", f"user-{number}@example.test") for number in range(6)]

    assert waits[:5] == [None] * 5
    assert waits[5] is not None
    assert 50 < waits[5] <= 60
    assert wait(throttle, "192.0.2.2") is None


def test_logins_that_succeed_use_nothing_up() -> None:
    throttle = LoginThrottle()

    assert [wait(throttle, "192.0.2.1") for _ in range(200)] == [None] * 200


def test_an_account_tried_from_everywhere_is_slowed_for_a_quarter_of_an_hour_whatever_its_case() -> None:
    throttle = LoginThrottle()

    waits = [
        fail(throttle, address, email)
        for address, email in zip(ADDRESSES[:58], ["a@b.test", " A@B.test"] * 29, strict=True)
    ]

    assert waits[:10] == [None] * 10
    assert all(waited and waited <= 900 for waited in waits[10:])
    assert wait(throttle, "198.51.100.1", "other@b.test") is None


def test_a_browser_the_account_is_known_to_use_gets_in_while_strangers_are_shut_out() -> None:
    throttle, browsers = LoginThrottle(), KnownBrowsers("k" * 32)
    known = browsers.recognise(browsers.mark(EMAIL), " A@example.test")
    for address in ADDRESSES:
        fail(throttle, address)
    for _ in range(5):
        fail(throttle, "192.0.2.1")

    assert wait(throttle, "192.0.2.1") is not None
    assert wait(throttle, "192.0.2.1", browser=known) is None
    waits = [fail(throttle, "192.0.2.1", browser=known) for _ in range(11)]
    assert waits[:10] == [None] * 10
    assert waits[10]


def test_a_browser_is_known_to_the_account_that_logged_in_from_it_alone() -> None:
    browsers = KnownBrowsers("k" * 32)
    value = browsers.mark(EMAIL)

    assert browsers.recognise(value, EMAIL) != browsers.recognise(browsers.mark(EMAIL), EMAIL)
    assert browsers.recognise(value, "b@example.test") is None
    assert KnownBrowsers("o" * 32).recognise(value, EMAIL) is None
    assert [browsers.recognise(made_up, EMAIL) for made_up in (None, "", "x", "é", "a.b.c", value + "x")] == [None] * 6


def test_a_client_that_must_wait_uses_up_no_account() -> None:
    throttle = LoginThrottle()
    for _ in range(100):
        fail(throttle, "192.0.2.1")

    assert wait(throttle, "192.0.2.2") is None


def test_tries_from_ever_new_addresses_fill_no_memory_and_free_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_COUNTED", 40)
    storage = BoundedStorage()
    throttle = LoginThrottle(storage=storage)
    for address in ADDRESSES[:10]:
        fail(throttle, address)

    for number in range(200):
        fail(throttle, f"198.51.{number}.1", f"user-{number}@example.test")

    assert len(storage.events) <= 40
    assert wait(throttle, "203.0.113.1") is not None


def test_a_failure_is_remembered_without_a_look_at_all_others() -> None:
    storage = BoundedStorage()
    throttle = LoginThrottle(storage=storage)

    fail(throttle, "192.0.2.1")

    assert storage.timer.ident is None, "that of limits was started, which looks at all"


def test_failures_that_are_long_past_are_forgotten_when_the_next_one_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = BoundedStorage()
    throttle, now_s = LoginThrottle(storage=storage), time.time()
    for _ in range(5):
        fail(throttle, "192.0.2.1")

    monkeypatch.setattr(time, "time", lambda: now_s + 3700)
    assert fail(throttle, "192.0.2.1") is None

    assert {len(failures) for failures in storage.events.values()} == {1}


def test_many_at_once_get_no_more_tries_than_one_after_the_other() -> None:
    throttle, all_there = LoginThrottle(), Barrier(20)

    def try_at_once(_: int) -> bool:
        with throttle.attempt("192.0.2.1", EMAIL) as attempt:
            all_there.wait(10)
            if attempt.wait_s is None:
                attempt.fail()
            return attempt.wait_s is None

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(try_at_once, range(20))) == 5


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
        fail(throttle, first)

    assert (wait(throttle, second) is not None) == is_same
