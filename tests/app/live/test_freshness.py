"""Age is judged by the monotonic clock alone."""

import pytest

from app.api.health import Verdict, judge
from app.live.freshness import Freshness
from store.samples.model import Status


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
    assert freshness.count_fresh() == (0, 0)
    assert freshness.services() == {}
    assert freshness.newest("web-1") is None


def test_a_sample_is_fresh_for_three_intervals(freshness, clock):
    freshness.see("1-0", wire("web-1", database="online"), age_s=0.5)

    clock.now_s += 8.4
    assert freshness.count_fresh() == (1, 1)
    assert freshness.age_s() == pytest.approx(8.9)
    clock.now_s += 0.2
    assert freshness.count_fresh() == (0, 1)


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
    assert freshness.count_fresh() == (2, 3)


def test_what_answers_one_host_and_not_another_is_degraded(freshness):
    freshness.see("1-0", wire("web-1", database="online", worker="offline"), age_s=0)
    freshness.see("2-0", wire("web-2", database="offline", worker="offline"), age_s=0)

    assert freshness.services() == {"database": Status.DEGRADED, "worker": Status.OFFLINE}


def test_a_host_known_by_name_only_is_listed_without_services_and_never_in_the_way_of_its_sample(freshness, clock):
    freshness.know("web-1", age_s=600)
    assert freshness.hosts() == [{"host": "web-1", "age_s": 600.0, "is_fresh": False, "services": {}}]
    assert freshness.newest("web-1") is None

    freshness.see("1-0", wire("web-1", database="online"), age_s=1)
    freshness.know("web-1", age_s=600)

    assert freshness.hosts() == [
        {"host": "web-1", "age_s": 1.0, "is_fresh": True, "services": {"database": Status.ONLINE}}
    ]
    clock.now_s += 10
    assert freshness.hosts()[0]["services"] == {"database": Status.UNKNOWN}
    freshness.drop("web-1")
    assert freshness.hosts() == []


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

    assert judge(services, 2, 2) is verdict
    assert judge(services, 1, 2) is (Verdict.WARN if verdict is Verdict.PASS else verdict)
    assert judge(services, 0, 2) is Verdict.FAIL


def test_a_sample_of_the_future_is_of_unknown_age_and_so_stale(freshness):
    freshness.see("9-0", wire("web-1", database="online"), age_s=-3600)

    assert freshness.count_fresh() == (0, 1)
    assert freshness.hosts()[0]["age_s"] == 7 * 86_400
    freshness.see("9-0", wire("web-1", database="online"), age_s=-0.5)
    assert freshness.count_fresh() == (1, 1)


def test_a_host_known_by_name_only_is_not_fresh_however_lately_it_wrote(freshness):
    freshness.know("web-1", age_s=1)

    assert freshness.count_fresh() == (0, 1)


def test_a_store_that_has_lost_its_stream_makes_no_sample_older(freshness, clock):
    freshness.see("5-0", wire("web-1", database="online"), age_s=1)
    freshness.begin_anew()

    clock.now_s += 7.9
    freshness.tidy()
    assert freshness.count_fresh() == (1, 1)
    assert freshness.services() == {"database": Status.ONLINE}
    clock.now_s += 0.2
    freshness.tidy()
    assert freshness.count_fresh() == (0, 0)


@pytest.mark.parametrize("is_seen", [True, False])
def test_a_host_that_the_new_stream_or_its_list_holds_is_kept_when_it_falls_silent(freshness, clock, is_seen):
    freshness.see("5-0", wire("web-1"), age_s=1)
    freshness.begin_anew()
    freshness.see("1-0", wire("web-1"), age_s=0) if is_seen else freshness.know("web-1", 100)

    clock.now_s += 20
    freshness.tidy()

    assert freshness.count_fresh() == (0, 1)
