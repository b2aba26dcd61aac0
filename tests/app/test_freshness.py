"""Age is judged by the monotonic clock alone."""

import pytest

from app.freshness import Freshness
from app.health import Verdict, judge
from collector.store.model import Status


class Clock:
    now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def freshness(clock):
    return Freshness(3.0, clock)


def wire(host, **services):
    return {"host": host, "services": services}


def test_nothing_is_known_before_the_first_sample(freshness):
    assert freshness.age_s() is None
    assert not freshness.is_fresh()
    assert freshness.services() == {}
    assert freshness.newest("web-1") is None


def test_a_sample_is_fresh_for_three_intervals(freshness, clock):
    freshness.see("1-0", wire("web-1", database="online"), age_s=0.5)

    clock.now_s += 8.4
    assert freshness.is_fresh()
    assert freshness.age_s() == pytest.approx(8.9)
    clock.now_s += 0.2
    assert not freshness.is_fresh()


def test_a_service_is_unknown_once_every_host_is_silent(freshness, clock):
    freshness.see("1-0", wire("web-1", database="online"), age_s=0)

    clock.now_s += 10

    assert freshness.services() == {"database": Status.UNKNOWN}


def test_the_worst_answer_of_the_hosts_that_speak_counts(freshness, clock):
    freshness.see("1-0", wire("silent", database="offline"), age_s=0)
    clock.now_s += 10
    freshness.see("2-0", wire("web-1", database="online", worker="online"), age_s=0)
    freshness.see("3-0", wire("web-2", database="degraded", worker="disabled"), age_s=0)

    assert freshness.services() == {"database": Status.DEGRADED, "worker": Status.ONLINE}


def test_a_word_that_is_no_status_is_unknown(freshness):
    freshness.see("1-0", wire("web-1", database="<script>"), age_s=0)

    assert freshness.services() == {"database": Status.UNKNOWN}


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ((), Verdict.PASS),
        ((Status.ONLINE, Status.DISABLED), Verdict.PASS),
        ((Status.ONLINE, Status.UNKNOWN), Verdict.WARN),
        ((Status.DEGRADED,), Verdict.WARN),
        ((Status.DEGRADED, Status.OFFLINE), Verdict.FAIL),
    ],
)
def test_the_worst_service_gives_the_verdict(statuses, verdict):
    services = {str(number): status for number, status in enumerate(statuses)}

    assert judge(services, is_fresh=True) is verdict
    assert judge(services, is_fresh=False) is Verdict.FAIL
