from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from app.accounts.passwords import Busy
from app.accounts.targets import Target, digest
from app.auth import ledger as bounds
from app.auth.device_cookie import DeviceCookies
from app.auth.throttle import CODES, LoginThrottle
from tests.process import wait_until

ADDRESSES = [f"192.0.2.{number}" for number in range(1, 60)]


def user(email: str = "a@example.test", user_id: int = 1, generation: str = "first") -> Target:
    return Target(digest(email), user_id, email, generation)


def nobody(email: str) -> Target:
    return Target(digest(email))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def fail(throttle: LoginThrottle, address: str, target: Target | None = None, *, is_known: bool = False) -> int | None:
    """Try a wrong password. The wait in seconds; None when the throttle let the attempt through."""
    with throttle.attempt(address, target or user(), is_known=is_known) as attempt:
        if attempt.wait_s is None:
            attempt.fail()
        return attempt.wait_s


def wait(throttle: LoginThrottle, address: str, target: Target | None = None, *, is_known: bool = False) -> int | None:
    """The wait that a right password would meet."""
    with throttle.attempt(address, target or user(), is_known=is_known) as attempt:
        return attempt.wait_s


def test_a_sixth_failure_within_a_minute_has_to_wait() -> None:
    clock = Clock()
    throttle = LoginThrottle(clock=clock)

    waits = [fail(throttle, "192.0.2.1", nobody(f"user-{number}@example.test")) for number in range(6)]

    assert waits == [None] * 5 + [60]
    assert wait(throttle, "192.0.2.2") is None
    clock.now += 60
    assert wait(throttle, "192.0.2.1") is None


def test_logins_that_succeed_use_nothing_up() -> None:
    throttle = LoginThrottle()

    assert [wait(throttle, "192.0.2.1") for _ in range(200)] == [None] * 200
    assert throttle.ledger.counted() == 0


@pytest.mark.parametrize("target", [user(), nobody("a@example.test")], ids=["user", "nobody"])
def test_an_account_tried_from_everywhere_is_slowed_for_a_quarter_of_an_hour(target: Target) -> None:
    clock = Clock()
    throttle = LoginThrottle(clock=clock)

    waits = [fail(throttle, address, target) for address in ADDRESSES]

    assert waits == [None] * 10 + [900] * 49
    assert wait(throttle, "198.51.100.1", user("other@b.test", 2)) is None
    clock.now += 900
    assert wait(throttle, "198.51.100.1", target) is None


def test_a_browser_the_account_is_known_to_use_gets_in_while_strangers_are_shut_out() -> None:
    throttle = LoginThrottle()
    for address in ADDRESSES:
        fail(throttle, address)
    for _ in range(5):
        fail(throttle, "192.0.2.1")

    assert wait(throttle, "192.0.2.1") is not None
    assert wait(throttle, "192.0.2.1", is_known=True) is None


def test_all_known_browsers_of_an_account_share_what_it_allows_them() -> None:
    throttle = LoginThrottle()

    waits = [fail(throttle, address, is_known=True) for address in ADDRESSES]

    assert [waited is None for waited in waits] == [True] * 10 + [False] * 49
    assert fail(throttle, "192.0.2.1") is None, "strangers' is another one"


def test_a_mark_is_one_and_the_same_for_every_browser_and_good_for_one_generation_of_one_account() -> None:
    cookies = DeviceCookies("k" * 32)
    marks = {cookies.issue(user()).split(".")[0] for _ in range(40)}
    value = cookies.issue(user())

    assert len(marks) == 1
    assert cookies.is_valid(value, user())
    assert not cookies.is_valid(value, user(generation="second"))
    assert not cookies.is_valid(value, user("b@example.test", 2))
    assert not cookies.is_valid(cookies.issue(nobody("x@y.test")), nobody("x@y.test"))
    assert not DeviceCookies("o" * 32).is_valid(value, user())
    assert not any(cookies.is_valid(made_up, user()) for made_up in (None, "", "x", "é", "a.b.c", value + "x"))


def test_a_client_that_must_wait_uses_up_no_account() -> None:
    throttle = LoginThrottle()
    for _ in range(100):
        fail(throttle, "192.0.2.1")

    assert wait(throttle, "192.0.2.2") is None


@pytest.mark.parametrize("allowed_so_far", [1, 10])
def test_tries_from_ever_new_addresses_fill_no_memory_and_free_no_user(
    monkeypatch: pytest.MonkeyPatch, allowed_so_far: int
) -> None:
    monkeypatch.setattr(bounds, "MAX_COUNTED", 40)
    throttle = LoginThrottle(CODES)
    for address in ADDRESSES[:allowed_so_far]:
        fail(throttle, address)

    for number in range(200):
        for _ in range(5):
            fail(throttle, f"198.51.{number}.1", nobody(f"user-{number}@example.test"))

    assert throttle.ledger.counted() <= 40
    left = [fail(throttle, address) for address in ADDRESSES[10:50]].count(None)
    assert left == 10 - allowed_so_far


def test_failures_that_are_long_past_make_room_before_those_that_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_COUNTED", 8)
    clock = Clock()
    throttle = LoginThrottle(clock=clock)
    for number in range(4):
        for _ in range(5):
            fail(throttle, f"198.51.{number}.1", nobody(f"old-{number}@example.test"))
    clock.now += 3600
    for number in range(2):
        fail(throttle, f"203.0.{number}.1")

    assert throttle.ledger.counted() <= 8
    assert [fail(throttle, "203.0.0.1") for _ in range(5)].count(None) == 4


def test_many_wrong_ones_at_once_get_no_more_tries_than_one_after_the_other() -> None:
    throttle, all_there = LoginThrottle(), Barrier(20)

    def try_at_once(_: int) -> bool:
        all_there.wait(60)
        return fail(throttle, "192.0.2.1") is None

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(try_at_once, range(20))) == 5


def test_many_right_ones_at_once_all_get_in_and_never_more_are_under_way_than_may_fail() -> None:
    throttle, all_there = LoginThrottle(), Barrier(60)
    under_way: set[int] = set()
    most = 0

    def log_in(number: int) -> bool:
        nonlocal most
        all_there.wait(60)
        with throttle.attempt("192.0.2.1", user(f"{number}@example.test", number + 1)) as attempt:
            under_way.add(number)
            most = max(most, len(under_way))
            under_way.discard(number)
            return attempt.wait_s is None

    with ThreadPoolExecutor(60) as pool:
        assert all(pool.map(log_in, range(60)))
    assert most <= 5


def test_who_waits_for_others_is_told_their_failures_and_waits_for_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    throttle, release = LoginThrottle(), Event()

    def hold() -> None:
        with throttle.attempt("192.0.2.1", user()) as attempt:
            release.wait(60)
            attempt.fail()

    with ThreadPoolExecutor(6) as pool:
        holding = [pool.submit(hold) for _ in range(5)]
        wait_until(lambda: len(throttle.ledger._tickets("client:192.0.2.1")) == 5, 10)
        monkeypatch.setattr(bounds, "MAX_WAIT_S", 0.01)
        with pytest.raises(Busy):
            wait(throttle, "192.0.2.1")
        monkeypatch.setattr(bounds, "MAX_WAIT_S", 10.0)
        monkeypatch.setattr(bounds, "MAX_WAITING", 0)
        with pytest.raises(Busy):
            wait(throttle, "192.0.2.1")
        monkeypatch.setattr(bounds, "MAX_WAITING", 1)
        waiting = pool.submit(wait, throttle, "192.0.2.1")
        wait_until(lambda: throttle.ledger._waiting == 1, 10)
        release.set()
        assert waiting.result(10) is not None
        assert [each.result(10) for each in holding] == [None] * 5


def test_what_was_no_failure_after_all_is_taken_back_once_and_nothing_else_is() -> None:
    throttle = LoginThrottle()
    with throttle.attempt("192.0.2.1", user()) as attempt:
        attempt.fail()
    for _ in range(4):
        fail(throttle, "192.0.2.1")
    assert wait(throttle, "192.0.2.1") is not None

    for ticket in ("", "another"):
        throttle.take_back(user(), ticket)
    assert wait(throttle, "192.0.2.1") is not None
    for _ in range(3):
        throttle.take_back(user(), attempt.ticket_id)

    assert fail(throttle, "192.0.2.1") is None
    assert wait(throttle, "192.0.2.1") is not None
    assert [fail(throttle, address) for address in ADDRESSES[1:]].count(None) == 5, "at the account as well"


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("", "", True),
        ("no address", "", True),
    ],
)
def test_an_ipv6_client_is_its_network_and_what_is_no_address_is_one(first: str, second: str, is_same: bool) -> None:
    throttle = LoginThrottle()
    for _ in range(5):
        fail(throttle, first)

    assert (wait(throttle, second) is not None) == is_same
