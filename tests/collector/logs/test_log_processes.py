"""The handler in every kind of process: patched, forked, spawned, ending. Each goes on, ends, and has lost no line."""

import urllib.request
from contextlib import ExitStack

import pytest

from collector.logs.outbox import FLUSH_S
from store.logs.log_store import LogStore
from store.samples.live import redis_client
from tests.certificates import Authority
from tests.collector.logs.test_log_handler import counts, total
from tests.live.test_watched_tls import TlsRedis
from tests.process import PATIENCE_S
from tests.programs.service import Program, run, service
from tests.services import RedisServer, free_port, wait_until
from tests.toxics import Link

pytestmark = pytest.mark.live

PATCHED_AFTER = ("nothing", "import", "construction", "a line")


@pytest.fixture
def store(client):
    return LogStore(client)


@pytest.mark.parametrize("library", ["gevent", "eventlet"])
def test_a_library_may_patch_at_any_moment(redis_url, client, library):
    with ExitStack() as stack:
        programs = [stack.enter_context(service("patched", redis_url, f"{library}-{after}")) for after in PATCHED_AFTER]
        for program in programs:
            assert program.end()[0] == "the service goes on\n"

    groups = LogStore(client).recent().groups
    assert {(group["service"].split("-")[1], group["message"], group["count"]) for group in groups} == {
        (after, message, count)
        for after in PATCHED_AFTER
        for message, count in (("a first line", 1), ("a line after patching", 1), ("a line of a thread", 1),
                               ("a line of an OS thread", 1), ("a line among others", 20))
    }  # fmt: skip


@pytest.mark.parametrize("library", ["gevent", "eventlet"])
def test_a_library_may_patch_at_any_moment_while_redis_is_silent(library):
    with RedisServer() as server, Link(("127.0.0.1", server.port)) as link, ExitStack() as stack:
        link.black_hole()
        url = f"redis://:{server.password}@127.0.0.1:{link.port}/0"
        kinds = [f"{library}-{after}" for after in PATCHED_AFTER]
        programs = [stack.enter_context(service("patched", url, kind, last_lines_s=FLUSH_S)) for kind in kinds]
        for program in programs:
            out, err = program.end()
            assert out == "the service goes on\n"
            assert "not sent within 2 s, lost if the process ends: 24\n" in err


def test_a_library_may_patch_at_any_moment_though_the_connection_is_encrypted(tmp_path):
    authority = Authority(tmp_path)
    with TlsRedis(authority.issue("127.0.0.1")) as server, ExitStack() as stack:
        url = f"{server.tls_url}?ssl_ca_certs={authority.path}"
        kinds = [f"{library}-{after}" for library in ("gevent", "eventlet") for after in ("nothing", "a line")]
        for program in [stack.enter_context(service("patched", url, kind)) for kind in kinds]:
            out, err = program.end()
            assert out == "the service goes on\n"
            assert "[zapvoice-monitor]" not in err
        with redis_client(server.url) as client:
            assert total(LogStore(client)) == 24 * len(kinds)


def test_a_full_queue_is_sent_in_time_when_the_process_ends(redis_url, store):
    _, err = run("ending", redis_url, "with_a_full_queue", last_lines_s=FLUSH_S)

    assert err == ""
    assert sum(counts(store).values()) >= 256
    assert total(store) == 300


@pytest.mark.parametrize("way", ["fork", "spawn", "forkserver", "pool", "os.fork", "hook"])
def test_children_send_their_own_lines_and_none_of_their_parents(redis_url, store, way):
    run("children", redis_url, way)

    assert {message.rstrip("012 "): count for message, count in counts(store).items()} == {
        "parent before": 1, "child": 3, "parent after": 1,
    }  # fmt: skip
    assert store.recent().dropped == (3 if way in ("fork", "spawn", "forkserver") else 0)


@pytest.mark.parametrize("moment", ["at_exit", "without_a_thread", "at_once", "after_each_other"])
def test_last_words_arrive_at_any_end(redis_url, store, moment):
    run("ending", redis_url, moment)

    assert counts(store)["the last words"] == {"without_a_thread": 3, "after_each_other": 5}.get(moment, 1)


def test_a_process_ends_under_threads_that_log_on(redis_url, store):
    _, err = run("ending", redis_url, "with_busy_threads", last_lines_s=FLUSH_S)

    assert "the last words" in counts(store) or "not sent within 2 s" in err


@pytest.mark.parametrize("moment", ["at_exit", "without_a_thread", "with_busy_threads", "with_nobody_reading"])
def test_a_process_ends_though_redis_is_silent(moment):
    with RedisServer() as server, Link(("127.0.0.1", server.port)) as link:
        link.black_hole()
        url = f"redis://:{server.password}@127.0.0.1:{link.port}/0"
        _, err = run("ending", url, moment, last_lines_s=FLUSH_S)

    assert ("not sent within 2 s" in err) is (moment != "with_nobody_reading")


def test_children_end_though_redis_is_silent_and_each_says_what_it_could_not_send():
    with RedisServer() as server, Link(("127.0.0.1", server.port)) as link:
        link.black_hole()
        url = f"redis://:{server.password}@127.0.0.1:{link.port}/0"
        _, err = run("children", url, "fork", last_lines_s=FLUSH_S)

    # Of three children and their parent: a line and a drop, the line before and the line after.
    assert err.count("not sent within 2 s, lost if the process ends: 2\n") == 4


@pytest.mark.parametrize(
    "options", [("-k", "gevent"), *(("-k", kind, "--preload") for kind in ("sync", "gthread", "gevent"))]
)
def test_a_web_service_may_be_loaded_before_it_forks_and_before_gevent_patches(redis_url, store, options, tmp_path):
    port = str(free_port())
    arguments = ("-w", "2", "-b", f"127.0.0.1:{port}", *options, "tests.programs.web_service:application")
    with Program(
        "gunicorn", *arguments, cwd=tmp_path, PANEL_REDIS_URL=redis_url, LAST_LINES_S=str(PATIENCE_S)
    ) as server:
        wait_until(lambda: _answers(port), what="it answers")
        wait_until(lambda: counts(store).get("a request") == 1, what="its line has come")
        for _ in range(7):
            assert _answers(port)
        server.terminate()
        server.end()

    assert counts(store) == {"an import": 1 if "--preload" in options else 2, "a request": 8}


def _answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE_S) as response:
            return response.read() == b"ok"
    except OSError:
        return False
