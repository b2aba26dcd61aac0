"""Log groups, in a real Redis."""

import secrets
import time

import pytest

from store import keys
from store.errors import StoreUnavailable
from store.logs.log_group import MESSAGE_BYTES, TRACEBACK_BYTES, Batch, Level, LogLine
from store.logs.log_store import LogStore
from store.samples.live import LiveStore, redis_client
from tests.hostile import FORGERIES, LEAKS, XSS
from tests.services import RedisServer, free_port

pytestmark = pytest.mark.live


@pytest.fixture
def store(client):
    return LogStore(client)


def line(message="boom", **values):
    return LogLine(
        **{"service": "backend", "host": "web-1", "level": Level.ERROR, "logger": "x", "message": message, **values}
    )


def write(store, *lines, batch_id=None, **values):
    store.write(Batch.gather((each, 0.0) for each in lines), batch_id=batch_id or secrets.token_hex(8), **values)


def test_repeats_are_one_group_with_a_count_and_two_times_by_redis_clock(store):
    before_s = store.recent().now_s
    write(store, line("order 1"), line("order 2"))
    write(store, line("order 3", traceback="Traceback"))

    recent = store.recent()
    [group] = recent.groups
    assert (group["message"], group["count"], group["traceback"]) == ("order 3", 3, "Traceback")
    assert before_s <= group["first_at"] <= group["last_at"] <= recent.now_s


def test_lines_that_had_to_wait_are_stamped_with_when_they_were_logged(store):
    before_s = store.recent().now_s
    store.write(Batch.gather([(line(), 60.0), (line(), 30.0)]), batch_id="a", waited_s=10)

    recent = store.recent()
    [group] = recent.groups
    assert before_s - 70 <= group["first_at"] <= recent.now_s - 70
    assert before_s - 40 <= group["last_at"] <= recent.now_s - 40


def test_a_line_that_was_longer_on_its_way_does_not_turn_its_group_back(store):
    store.write(Batch.gather([(line(), 0.0)]), batch_id="a")
    [before] = store.recent().groups
    store.write(Batch.gather([(line(), 30.0)]), batch_id="b")

    [group] = store.recent().groups
    assert (group["count"], group["last_at"]) == (2, before["last_at"])
    assert group["first_at"] < before["first_at"]


def test_each_spell_of_repeats_has_its_beginning_and_the_newest_are_kept(store):
    ages_s = [7200.0, 7170.0, 7130.0, 3600.0, 3541.0, 3480.0, 10.0]
    for number, age_s in enumerate(ages_s):
        store.write(Batch.gather([(line(), age_s)]), batch_id=str(number))
    recent = store.recent()
    [group] = recent.groups

    assert [round(recent.now_s - began_at, -1) for began_at in group["began_at"]] == [7200, 3600, 3480, 10]
    for number in range(30):
        store.write(Batch.gather([(line(), 3000.0 - 70 * number)]), batch_id=f"late {number}")
    assert len(store.recent().groups[0]["began_at"]) == 4, "what came late begins no spell"


def test_groups_come_newest_first_and_their_change_is_announced(store, client):
    write(store, line("a"), line("b"))
    write(store, line("a"))

    groups = store.recent().groups
    news = LiveStore(client).follow(keys.NO_ID, keys.NO_ID, block_ms=1)
    assert [group["message"] for group in groups] == ["a", "b"]
    assert news.log_groups[-1] == groups[0]["id"]
    assert set(news.log_groups) == {group["id"] for group in groups}
    assert news.last_log_id == LiveStore(client).last_log_id()
    assert [group["message"] for group in store.groups([groups[1]["id"], "0" * 16])] == ["b"]


def test_what_was_perhaps_written_already_is_not_counted_twice(store):
    for _ in range(3):
        write(store, line(), batch_id="same", dropped=5)

    recent = store.recent()
    assert (recent.groups[0]["count"], recent.dropped) == (1, 5)


def test_what_was_dropped_within_a_day_is_counted(store, client):
    write(store, dropped=7)
    write(store, line(), dropped=3)
    hour = int(store.recent().now_s) // 3600
    client.hset(keys.DROPPED_LOGS, mapping={str(hour - 25): 1000, "x": "y", str(hour - 2): 5, str(hour - 3): "z"})

    assert store.recent().dropped == 15


def test_the_oldest_groups_give_way_and_redis_grows_no_further(store, client):
    big = "é" * 5000
    for start in range(0, 800, 100):
        write(store, *[line(f"{_word(number)} {big}", traceback=big) for number in range(start, start + 100)])

    groups = store.recent().groups
    assert len(groups) == keys.LOG_GROUPS == client.zcard(keys.RECENT_LOGS)
    assert len(client.keys(keys.log_group("*"))) == keys.LOG_GROUPS
    assert max(len(group["message"].encode()) for group in groups) <= MESSAGE_BYTES
    assert max(len(group["traceback"].encode()) for group in groups) <= TRACEBACK_BYTES
    longest = max(client.hstrlen(key, "line") for key in client.keys(keys.log_group("*")))
    assert longest <= 6 * (MESSAGE_BYTES + TRACEBACK_BYTES)  # An é is two bytes, and six in JSON.
    batches = set(client.keys(keys.log_batch("*")))
    assert all(0 < client.ttl(batch) <= 60 for batch in batches)
    others = set(client.keys("*")) - batches - set(client.keys(keys.log_group("*")))
    assert others == {keys.LOGS.encode(), keys.RECENT_LOGS.encode()}


def test_a_service_that_floods_with_ever_new_texts_pushes_out_its_own(store, client):
    write(store, line("the one that matters", service="database"))
    write(store, *[line(f"{_word(number)} of another", host="web-2") for number in range(60)])
    for start in range(0, 1000, 100):
        write(store, *[line(_word(number)) for number in range(start, start + 100)])

    services = [(group["host"], group["service"]) for group in store.recent().groups]
    assert services.count(("web-1", "database")) == 1
    assert services.count(("web-2", "backend")) == 60
    assert services.count(("web-1", "backend")) == keys.LOG_GROUPS - 61
    assert _word(999) in [group["message"] for group in store.recent().groups]


def _word(number):
    return "".join(chr(ord("g") + int(digit)) for digit in str(number))


def test_the_announcements_are_bounded(store, client):
    for number in range(keys.LOG_NEWS + 300):
        write(store, line(), batch_id=str(number))

    assert client.xlen(keys.LOGS) <= keys.LOG_NEWS + 100


def test_a_group_goes_after_a_day(store, client):
    write(store, line())
    [group] = store.recent().groups
    assert 0 < client.ttl(keys.log_group(group["id"])) <= 4 * keys.LOG_RETENTION_S
    client.zadd(keys.RECENT_LOGS, {group["id"]: (time.time() - keys.LOG_RETENTION_S - 60) * 1e6})
    write(store, line("another"))

    assert [each["message"] for each in store.recent().groups] == ["another"]


@pytest.mark.parametrize("key", [keys.LOGS, keys.RECENT_LOGS, keys.DROPPED_LOGS])
def test_a_key_that_something_else_has_taken_is_taken_back_by_the_next_line(store, client, key):
    client.set(key, "x")

    write(store, line(), dropped=1)

    assert (len(store.recent().groups), store.recent().dropped) == (1, 1)
    assert client.xlen(keys.LOGS) == 1


def test_garbage_is_skipped(store, client):
    write(store, line("good"), dropped=1)
    good = store.recent().groups[0]["id"]
    client.zadd(keys.RECENT_LOGS, {b"\xff\x00": 1e300, "x" * 5000: 1e17, "a" * 16: 1e17, "b" * 16: 1e17})
    client.set(keys.log_group("a" * 16), "x")
    client.hset(keys.log_group("b" * 16), mapping={"line": "{", "count": "x"})
    client.hset(keys.log_group(good), mapping={"first_us": "x"})
    client.xadd(keys.LOGS, {"groups": b"\xff"}, id="18446744073709551615-18446744073709551615")

    assert store.recent().groups == []
    write(store, line("good"))
    assert [group["message"] for group in store.recent().groups] == ["good"]


def test_nothing_secret_and_nothing_invisible_lies_in_redis(store, client):
    lines = [line(text, traceback=f"Traceback\n{text}", logger=text, task=text) for text, _ in LEAKS]
    lines += [line(text, traceback=text, logger=text, host=text, service=text) for text in (*FORGERIES, *XSS)]
    for start in range(0, len(lines), 50):
        write(store, *lines[start : start + 50])

    lying = b"".join(client.hget(key, "line") for key in client.keys(keys.log_group("*")))
    assert [secret for _, secret in LEAKS if secret.encode() in lying] == []
    assert lying.isascii()
    assert not any(byte < 0x20 for byte in lying)
    # The lines that differ by their secret alone are one group.
    assert sum(group["count"] for group in store.recent().groups) == len(lines)


def test_a_redis_that_is_away_is_unavailable():
    store = LogStore(redis_client(f"redis://127.0.0.1:{free_port()}/0"))

    with pytest.raises(StoreUnavailable):
        write(store, line())
    with pytest.raises(StoreUnavailable):
        store.recent()


def test_a_redis_without_memory_is_unavailable_and_well_again_with_it():
    with RedisServer() as server, redis_client(server.url) as client:
        store = LogStore(client)
        write(store, line())
        client.config_set("maxmemory", 1)
        with pytest.raises(StoreUnavailable):
            write(store, line(), batch_id="again")
        client.config_set("maxmemory", 0)
        write(store, line(), batch_id="again")

        assert store.recent().groups[0]["count"] == 2
