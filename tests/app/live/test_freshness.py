"""Age is judged by the monotonic clock alone."""

import pytest

from app.api.health import Health, health_of
from app.live.freshness import Freshness
from store.samples.model import Status
from store.samples.verdict import Level


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
    unheard = {"host": "web-1", "age_s": 600.0, "is_fresh": False, "services": {}, "level": "unknown", "code": ""}
    assert freshness.hosts() == [unheard]
    assert freshness.newest("web-1") is None

    freshness.see("1-0", wire("web-1", database="online"), age_s=1)
    freshness.know("web-1", age_s=600)

    [heard] = freshness.hosts()
    assert (heard["age_s"], heard["is_fresh"], heard["services"]) == (1.0, True, {"database": Status.ONLINE})
    clock.now_s += 10
    assert freshness.hosts()[0]["services"] == {"database": Status.UNKNOWN}
    freshness.drop("web-1")
    assert freshness.hosts() == []


def test_a_word_that_is_no_status_is_unknown(freshness):
    freshness.see("1-0", wire("web-1", database="<script>"), age_s=0)

    assert freshness.services() == {"database": Status.UNKNOWN}


def judged(host, level, code="queue_empty"):
    return {**wire(host), "verdict": {"level": level, "code": code, "facts": {}, "also": [], "cause": None}}


@pytest.mark.parametrize(
    ("levels", "worst"),
    [
        (("fine",), Level.FINE),
        (("fine", "unknown"), Level.UNKNOWN),
        (("attention", "unknown"), Level.ATTENTION),
        (("bad", "fine", "attention"), Level.BAD),
    ],
)
def test_the_worst_level_of_the_hosts_that_speak_counts(freshness, clock, levels, worst):
    assert freshness.level() is None
    freshness.see("1-0", judged("silent", "bad"), age_s=0)
    clock.now_s += 10
    assert freshness.level() is None
    for number, level in enumerate(levels):
        freshness.see(f"{number}-1", judged(f"web-{number}", level), age_s=0)

    assert freshness.level() is worst


def test_the_host_to_look_at_first_is_the_worst_one_that_speaks(freshness, clock):
    freshness.see("1-0", judged("a-silent", "bad"), age_s=0)
    clock.now_s += 10
    freshness.see("2-0", judged("fine", "fine"), age_s=0)
    freshness.see("3-0", judged("new", "unknown"), age_s=0)
    assert freshness.worst_host() is None

    for host, level in (("amber", "attention"), ("red-2", "bad"), ("red-1", "bad")):
        freshness.see("4-0", judged(host, level), age_s=0)
    assert freshness.worst_host() == "red-1"


@pytest.mark.parametrize("verdict", [None, [], "bad", {}, {"level": "<script>", "code": 7}, {"level": []}])
def test_a_sample_without_a_readable_verdict_is_never_fine(freshness, verdict):
    freshness.see("1-0", {**wire("web-1"), "verdict": verdict}, age_s=0)

    assert freshness.level() is Level.UNKNOWN


def test_a_host_is_listed_with_its_verdict_and_without_one_as_of_an_older_collector(freshness, clock):
    freshness.see("1-0", judged("web-1", "bad", "stuck"), age_s=0)
    freshness.see("2-0", wire("web-2"), age_s=0)
    freshness.see("3-0", judged("web-3", "fine", "sending"), age_s=0)

    def told():
        return [(row["level"], row["code"]) for row in freshness.hosts()]

    assert told() == [("bad", "stuck"), ("unknown", "older_collector"), ("fine", "")]
    clock.now_s += 10
    assert told() == [("unknown", "stuck"), ("unknown", "older_collector"), ("unknown", "")]


def test_the_queue_of_a_host_that_is_fine_is_no_news_to_the_list(freshness):
    freshness.see("1-0", judged("web-1", "fine", "queue_empty"), age_s=0)
    before = freshness.states()

    freshness.see("2-0", judged("web-1", "fine", "sending"), age_s=0)
    assert freshness.states() == before
    freshness.see("3-0", judged("web-1", "attention", "still"), age_s=0)
    assert freshness.states() != before


def test_each_level_has_one_word_of_health_and_doubt_makes_the_best_one_worse():
    words = {level: health_of(level) for level in (*Level, None)}

    assert words == {
        Level.FINE: Health.PASS, Level.UNKNOWN: Health.WARN, Level.ATTENTION: Health.WARN,
        Level.BAD: Health.FAIL, None: Health.FAIL,
    }  # fmt: skip
    assert {health_of(level, is_in_doubt=True) for level in (Level.FINE, Level.ATTENTION)} == {Health.WARN}
    assert health_of(Level.BAD, is_in_doubt=True) is Health.FAIL


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
