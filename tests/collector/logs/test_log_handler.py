"""The handler in services of its own: what they log arrives, and nothing that happens to the panel reaches them."""

import json
import sys

import pytest

from collector.logs.outbox import FLUSH_S
from store.logs.log_store import LogStore
from store.samples.live import redis_client
from tests.programs.service import run, service
from tests.services import RedisServer, wait_until
from tests.toxics import Link


@pytest.fixture
def store(client):
    return LogStore(client)


def counts(store):
    """How often each message has come."""
    return {group["message"]: group["count"] for group in store.recent().groups}


def total(store):
    """All that is accounted for."""
    recent = store.recent()
    return sum(group["count"] for group in recent.groups) + recent.dropped


@pytest.mark.live
def test_a_service_that_attaches_the_handler_and_ends_at_once_has_sent_what_it_logged(redis_url, store):
    run("first_lines", redis_url)

    # Which of the two is the newer one: they are a millisecond apart, and so is what their ways took.
    critical, failed = sorted(store.recent().groups, key=lambda group: group["level"])
    assert (critical["level"], critical["message"], critical["traceback"]) == ("critical", "no gateway is left", None)
    assert (failed["level"], failed["message"], failed["count"]) == ("error", "voice message 2 was not taken", 3)
    assert (failed["host"], failed["service"], failed["logger"]) == ("web-1", "backend", "zapvoice.gateway")
    assert failed["traceback"].startswith("Traceback (most recent call last):\n")
    assert failed["traceback"].endswith("TimeoutError: gateway: [redacted:phone], token=[redacted:secret] try 2\n")


@pytest.mark.live
def test_a_collector_that_its_watchdog_ends_has_said_so_on_the_panel(redis_url, store):
    with service("barking", redis_url) as ending:
        ending.end(code=70)

    assert [message.split(":")[0] for message in counts(store)] == ["ticks are due and none is taken"]


@pytest.mark.live
def test_every_line_of_a_flood_is_sent_or_counted_whatever_a_signal_interrupts(redis_url, store):
    out, _ = run("flooding", redis_url)

    assert total(store) == 20_000 + 4 + int(out)
    assert int(out) > 10
    assert store.recent().dropped > 10_000
    assert counts(store)["what matters"] == 4


@pytest.mark.live
@pytest.mark.parametrize("state", ["down", "silent", "frozen", "full"])
def test_a_call_waits_for_no_redis_and_the_end_for_two_seconds(state):
    with RedisServer() as server, Link(("127.0.0.1", server.port)) as link, redis_client(server.url) as client:
        if state == "full":  # As when its disk is: it answers, and writes nothing.
            client.config_set("maxmemory", 1)
        else:
            {"down": link.down, "silent": link.black_hole, "frozen": server.pause}[state]()
        patience = () if state in ("down", "full") else ("for an hour",)  # What is answered at once is tried again.
        url = f"redis://:{server.password}@127.0.0.1:{link.port}/0"
        _, err = run("flooding", url, *patience, last_lines_s=FLUSH_S)
        server.resume()

    assert err.count("cannot be sent, and wait") == (0 if patience else 1)
    assert err.count("not sent within 2 s") == 1
    assert server.password not in err


@pytest.mark.live
def test_lines_wait_for_a_redis_that_comes_back():
    with RedisServer() as server, Link(("127.0.0.1", server.port)) as link, redis_client(server.url) as client:
        link.down()
        with service("waiting", f"redis://:{server.password}@127.0.0.1:{link.port}/0") as waiting:
            assert waiting.stdout.readline() == "logged\n"
            link.heal()
            store = LogStore(client)
            wait_until(lambda: total(store) == 400, what="everything is sent or counted")
            recent = store.recent()

    assert 400 - 128 - 50 - 8 <= recent.dropped <= 400 - 128
    assert recent.groups[0]["first_at"] < recent.now_s - 0.5


@pytest.mark.live
def test_objects_that_misbehave_while_they_are_formatted_harm_nobody_and_cost_no_line(redis_url, store):
    run("misbehaving", redis_url)

    found = {group["message"]: group for group in store.recent().groups}
    assert found["%d too few"]["count"] == 1
    for raw, error in [("a %s b", "RuntimeError"), ("too many", "TypeError"), ("%d is no number", "TypeError"),
                       ("%(name)s", "KeyError"), ("<Bad>", "RuntimeError")]:  # fmt: skip
        assert found[f"{raw} [it could not be formatted: {error}]"]["count"] == 1
    assert found["from inside"]["count"] == 3
    assert {"loud", "endless", "endless endless", "the last"} <= found.keys()
    assert store.recent().dropped == 2  # What never ends, and what the filter broke at.
    assert len(found["caught Deep"]["traceback"].encode()) <= 8192
    assert found["caught Unspeakable"]["traceback"].endswith("Unspeakable: <exception str() failed>\n")
    assert found["the stack"]["traceback"].startswith("Stack (most recent call last):\n")
    assert r"bytes \udc80 \x1b[31m \u202e b'\xff'" in found


@pytest.mark.live
def test_a_configuration_by_dictionary_is_heeded(redis_url, store):
    run("configured", redis_url)

    [group] = store.recent().groups
    assert (group["message"], group["count"]) == ("[CRITICAL] round 1", 2)
    assert group["logger"] == ("zapvoice.calls" if sys.version_info >= (3, 12) else "shop.calls")
    assert group["traceback"].startswith("Traceback")
    assert group["traceback"].endswith("TimeoutError: no gateway\n")


@pytest.mark.live
def test_what_a_queue_has_joined_is_taken_apart(redis_url, store):
    run("queued", redis_url)

    [group] = store.recent().groups
    assert group["message"].endswith("was not taken")
    assert group["count"] == 50
    assert group["traceback"].startswith("Traceback")
    assert "TimeoutError: no gateway" in group["traceback"]


@pytest.mark.live
def test_what_the_sending_itself_logs_is_not_sent_and_it_imports_nothing(redis_url, store):
    out, _ = run("noisy_client", redis_url)

    assert counts(store) == {"one, of [redacted:cpf]": 1, "two": 1}
    assert json.loads(out.replace("'", '"')) == []


def test_attaching_the_handler_loads_nothing_heavy_and_starts_nothing():
    run("attaching")


@pytest.mark.parametrize("url", ["http://x", "redis://:a/b@host:x/0", "redis://:hunter2@host:99999/0", ""])
def test_an_address_that_is_none_is_refused_at_once_without_its_secrets(url):
    from collector.logs import CriticalLogHandler

    with pytest.raises(ValueError, match="is no URL of a Redis") as caught:
        CriticalLogHandler(url, "backend")

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
