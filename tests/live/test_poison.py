"""What somebody may have put into the queue of ticks: refused, told, and the collector lives."""

import base64
import json
import os
import pickle
from contextlib import ExitStack

import pytest

from store import keys
from store.samples.live import redis_client
from tests.collectors import running
from tests.services import wait_until

pytestmark = pytest.mark.live


class Loaded:
    """A pickle that tells when it was loaded."""

    def __init__(self, path):
        self._path = str(path)

    def __reduce__(self):
        return os.mkdir, (self._path,)


def message(body=b"[[], {}, {}]", *, kind="application/json", task="collector.sample", headers=None, **properties):
    """A message as kombu lays one into Redis."""
    return json.dumps({
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": kind,
        "headers": {"lang": "py", "task": task, "id": "poison", **(headers or {})},
        "properties": {
            "correlation_id": "poison", "delivery_mode": 2, "delivery_info": {"exchange": "", "routing_key": "stats.p"},
            "priority": 0, "body_encoding": "base64", "delivery_tag": "poison", **properties,
        },
    })  # fmt: skip


def poisons(tmp_path):
    """Each by a name."""
    return {
        "no text": b"\xff\xfe\x00",
        "no JSON": b"tick",
        "no message": b"{}",
        "a list": b"[1, 2]",
        "nothing": b"null",
        "a number": b"7",
        "endless nesting": b"[" * 200_000,
        "a pickle": message(pickle.dumps(Loaded(tmp_path / "loaded")), kind="application/x-python-serialize"),
        "a bare pickle": pickle.dumps(Loaded(tmp_path / "loaded")),
        "yaml": message(b"!!python/object/apply:os.getpid []", kind="application/x-yaml"),
        "an unknown task": message(task="os.system"),
        "no task": message(task=None),
        "a body that is no base64": message().replace('"W1td', '"%%%'),
        "a body that is no JSON": message(b"\xff"),
        "a body of another shape": message(b'{"a": 1}'),
        "unwanted arguments": message(b'[["x"], {"y": 1}, {}]'),
        "oversized": message(b'[["' + b"x" * 20_000_000 + b'"], {}, {}]'),
        "a time that is none": message(headers={"eta": "x", "expires": "never"}),
        "headers that are a list": json.dumps({**json.loads(message()), "headers": ["task"]}),
        "properties that are a list": json.dumps({**json.loads(message()), "properties": []}),
        "no delivery tag": json.dumps({**json.loads(message()), "properties": {"delivery_info": {}}}),
    }


def test_no_message_in_the_queue_of_ticks_ends_the_collector(redis_url, tmp_path):
    where = {"redis_url": redis_url, "directory": tmp_path, "MONITOR_HOST": "p", "SAMPLE_INTERVAL_S": "0.2"}
    with redis_client(redis_url) as client, running("collector", "beat", **where, log="beat"), ExitStack() as stack:
        collector = stack.enter_context(running("collector", "worker", **where))
        wait_until(lambda: client.xlen(keys.SAMPLES), what="the first sample")
        killed = []
        for name, poison in poisons(tmp_path).items():
            client.rpush("stats.p", poison)  # The end that is read next.
            before = client.xlen(keys.SAMPLES)
            try:
                wait_until(lambda before=before: client.xlen(keys.SAMPLES) > before + 1)
            except AssertionError:
                killed.append(name)
            if collector.poll() is not None:
                collector = stack.enter_context(running("collector", "worker", **where))

        assert killed == []
        assert not (tmp_path / "loaded").exists()
        assert client.hlen("unacked") == 0
    told = (tmp_path / "log").read_text()
    assert told.count("Received unregistered task") == 1
    assert told.count("refused a message") >= len(poisons(tmp_path)) - 3
