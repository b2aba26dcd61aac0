"""The wire form of a sample."""

import json

import pytest

from store.errors import BadEntry
from store.samples.model import Check, QueueState, Status
from store.samples.resources import Cpu, Ram, Scope
from store.samples.wire import parse_wire
from tests.builders import make_queue, make_sample


def test_the_wire_keeps_the_names_and_units_of_the_plan():
    sample = make_sample(
        cpu=Cpu(scope=Scope.CONTAINER, percent=24.5, cores=0.5),
        ram=Ram(scope=Scope.CONTAINER, used_bytes=512 * 2**20, limit_bytes=1138 * 2**20, percent=45.0),
        queues=(make_queue(ready=1250),),
        checks={name: Check(status=Status.ONLINE) for name in ("database", "worker", "rabbitmq")},
    )

    wire = json.loads(sample.to_json())

    assert {name: wire[name] for name in ("cpu", "ram", "ram_percent", "queue_size", "services")} == {
        "cpu": 24.5,
        "ram": 512,
        "ram_percent": 45.0,
        "queue_size": 1250,
        "services": {"database": "online", "worker": "online", "rabbitmq": "online"},
    }


def test_what_is_not_known_is_null_and_never_zero():
    sample = make_sample(
        cpu=Cpu(scope=Scope.HOST),
        ram=Ram(scope=Scope.HOST),
        queues=(make_queue(state=QueueState.UNKNOWN, ready=None, peak=None),),
    )

    wire = json.loads(sample.to_json())

    assert [wire[name] for name in ("cpu", "ram", "ram_percent", "queue_size", "queue_peak")] == [None] * 5


def test_a_part_of_the_queues_is_never_told_as_the_whole():
    known = make_queue(ready=3, peak=9)
    unread = make_queue(name="b", state=QueueState.UNKNOWN, ready=None, peak=None)
    missing = make_queue(name="c", state=QueueState.MISSING, ready=None, peak=None)

    partly, whole = make_sample(queues=(known, unread)), make_sample(queues=(known, missing))

    assert (partly.queue_size, partly.queue_peak) == (None, None)
    assert (whole.queue_size, whole.queue_peak) == (3, 9)


def test_the_wire_is_one_ascii_line_whatever_the_names_hold():
    data = make_sample(queues=(make_queue(name="fila\n\u2028ção\x1b[31m"),)).to_json()

    assert data.isascii()
    assert b"\n" not in data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[" * 200_000,
        '{"v":1}'.encode("utf-16"),
        b'{"v":1,"host":"\xed\xa0\x80","at":1,"services":{}}',
        b'{"v":1,"host":"a","at":NaN,"services":{}}',
        b'{"v":1,"host":"a","at":1,"services":{},"cpu":1e999}',
        b'{"v":1,"host":"a","at":true,"services":{}}',
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"v":2}',
        b'{"v":1,"host":"a","at":"x","services":{}}',
        b'{"v":1,"host":"a","at":1,"services":{"database":[]}}',
        b'{"v":1,"host":1,"at":1,"services":{}}',
    ],
)
def test_what_is_not_a_sample_is_a_bad_entry(data):
    with pytest.raises(BadEntry):
        parse_wire(data)


def test_a_sample_is_read_back():
    assert parse_wire(make_sample(host="web-1").to_json())["host"] == "web-1"
