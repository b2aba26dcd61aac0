"""Queues, rates and alarms, from answers of RabbitMQ 3.10.8."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from collector.probes.broker.management_figures import WORK_PATTERN, Counters, Figures, alarm_of, discover
from collector.probes.broker.management_paths import queues_paths


def told(name: str = "q", *, on: bool = True, **stats: int) -> dict[str, Any]:
    figures = {"messages_ready": 7, "messages_unacknowledged": 2, "consumers": 1} if on else {}
    return {"name": name, "type": "classic", **figures, **({"message_stats": stats} if stats else {})}


def rates(*polls: dict[str, Any]) -> list[tuple[float | None, float | None]]:
    """Of polls 5 s apart."""
    return [(each.in_per_s, each.out_per_s) for each in followed(*polls)]


def followed(*polls: dict[str, Any], are_counted: bool = True) -> list[Figures]:
    """Of polls 5 s apart."""
    counters = Counters(5.0)
    return [counters.fold([poll], number * 5.0, are_counted=are_counted)["q"] for number, poll in enumerate(polls)]


def test_the_figures_are_taken_over() -> None:
    figures = Counters(5.0).fold([told() | {"type": "quorum"}], 0.0, are_counted=False)

    assert figures == {"q": Figures(is_quorum=True, ready=7, unacked=2, consumers=1)}


@pytest.mark.parametrize(("arguments", "expires_s"), [({"x-message-ttl": 6000}, 6.0), ({}, None), (None, None)])
def test_when_messages_expire_is_read_from_what_the_queue_was_declared_with(
    arguments: dict[str, Any] | None, expires_s: float | None
) -> None:
    figures = Counters(5.0).fold([told() | {"arguments": arguments}], 0.0, are_counted=True)

    assert figures["q"].expires_s == expires_s


def test_rates_need_two_polls_and_go_over_the_last_four() -> None:
    polls = [told(publish=count, ack=count // 2) for count in (0, 10, 10, 40, 40)]

    assert rates(*polls) == [(None, None), (2.0, 1.0), (1.0, 0.5), (2.67, 1.33), (2.0, 1.0)]


def test_a_counter_that_is_not_there_yet_stands_at_zero() -> None:
    assert rates(told(), told(), told(publish=30)) == [(None, None), (0.0, 0.0), (3.0, 0.0)]


def test_what_is_delivered_without_acknowledgement_is_finished() -> None:
    assert rates(told(), told(ack=5, deliver_no_ack=10, get_no_ack=5)) == [(None, None), (0.0, 4.0)]


def test_a_counter_that_ran_backwards_begins_anew() -> None:
    assert rates(told(publish=100), told(publish=110), told(publish=5), told(publish=15)) == [
        (None, None), (2.0, 0.0), (None, None), (2.0, 0.0),
    ]  # fmt: skip


def test_nothing_is_known_while_the_statistics_are_off() -> None:
    assert rates(told(on=False), told(on=False)) == [(None, None), (None, None)]


def test_a_queue_that_was_gone_for_a_poll_begins_anew() -> None:
    counters = Counters(5.0)
    counters.fold([told(publish=10)], 0.0, are_counted=True)
    counters.fold([], 5.0, are_counted=True)

    assert counters.fold([told(publish=20)], 10.0, are_counted=True)["q"].in_per_s is None


def test_where_messages_are_not_counted_rates_and_movement_are_not_known() -> None:
    known = followed(told(), told(), told(), are_counted=False)[-1]

    assert known == Figures(is_quorum=False, ready=7, unacked=2, consumers=1)


def depth(ready: int, unacked: int, **stats: int) -> dict[str, Any]:
    return told(**stats) | {"messages_ready": ready, "messages_unacknowledged": unacked}


@pytest.mark.parametrize(
    ("polls", "still_s"),
    [
        ([depth(9, 0)] * 5, [0, 0, 0, 5, 10]),  # The lag of RabbitMQ's figures, 10 s, does not count.
        ([depth(0, 0)] * 5, [None] * 5),
        ([depth(9, 1, ack=0), depth(9, 1, ack=1), *[depth(9, 1, ack=2)] * 4], [0, 0, 0, 0, 0, 5]),
        ([depth(9, 1), depth(9, 1), depth(9, 1), depth(8, 1), depth(9, 1)], [0, 0, 0, 0, 0]),  # One was refused.
        ([depth(9 + number, 1) for number in range(5)], [0, 0, 0, 5, 10]),  # It grows and nothing is finished.
        # A worker takes four, dies, and they are back: nothing is finished by that.
        ([depth(9, 0), depth(5, 4, deliver=4), depth(9, 0, deliver=4), depth(5, 4), depth(9, 0)], [0, 0, 0, 5, 10]),
    ],
)  # fmt: skip
def test_messages_wait_and_none_is_done_with_for_at_least(polls: list[dict[str, Any]], still_s: list[float]) -> None:
    movements = [each.movement for each in followed(*polls)]

    assert [movement.still_s for movement in movements if movement] == still_s
    assert all(movement and movement.is_certain for movement in movements)


def test_messages_may_have_waited_longer_than_late_figures_prove() -> None:
    """The departure that the second poll tells of may be 15 s old by then."""
    polls = [depth(9, 1, ack=0), depth(9, 1, ack=1), *[depth(9, 1, ack=1)] * 9, depth(0, 0)]

    movements = [each.movement for each in followed(*polls)]

    assert [movement.apparent_s for movement in movements if movement] == [15, 15, *range(20, 61, 5), None]


def test_messages_are_with_a_consumer_and_none_is_finished_for_at_least() -> None:
    polls = [depth(0, 0), depth(0, 9), *[depth(0, 9)] * 3, depth(0, 8, ack=1), *[depth(0, 8, ack=1)] * 3, depth(0, 0)]

    assert [each.unfinished_s for each in followed(*polls)] == [None, 0, 0, 0, 5, 0, 0, 0, 5, None]


def test_a_gap_between_polls_does_not_count_as_a_standstill() -> None:
    counters, poll = Counters(5.0), depth(9, 9)
    polled = [counters.fold([poll], at_s, are_counted=True)["q"] for at_s in (0.0, 5.0, 10.0, 15.0, 135.0, 140.0)]

    assert [each.movement and each.movement.still_s for each in polled] == [0, 0, 0, 5, 5, 10]
    assert [each.unfinished_s for each in polled] == [0, 0, 0, 5, 5, 10]


@pytest.mark.parametrize(
    ("names", "least"),
    [
        (["dispatch"], 1),
        ([f"fila-{number:04}" for number in range(90)], 1),
        ([chr(number) for number in range(0x100, 0x100 + 600)], 2),  # A page holds 500.
        (["ção." * 60 + str(number) for number in range(40)], 14),
    ],
    ids=["one", "many", "more than a page", "long"],
)
def test_no_request_is_longer_than_any_rabbitmq_takes(names: list[str], least: int) -> None:
    asked = queues_paths("amqp://host/a%2Fvhost", names)

    assert len(asked) >= least
    assert all(len(path) < 7500 for path in asked)
    patterns = [dict(parse_qsl(urlsplit(path).query))["name"] for path in asked]
    assert all(len(pattern.encode()) <= 1024 for pattern in patterns)
    assert all(sum(bool(re.match(pattern, name)) for name in names) <= 500 for pattern in patterns)
    assert all(sum(bool(re.match(pattern, name)) for pattern in patterns) == 1 for name in names)


def test_the_queues_of_celerys_delays_are_no_work() -> None:
    assert re.match(WORK_PATTERN, "celery_delayed")
    assert not re.match(WORK_PATTERN, "celery_delayed_27")


def test_discovery_leaves_out_exclusive_and_auto_delete_queues_and_streams() -> None:
    queues = [
        {"name": "work", "type": "quorum", "exclusive": None},
        {"name": "dispatch", "type": "classic", "exclusive": False, "auto_delete": False},
        {"name": "reply", "exclusive": True},
        {"name": "temporary", "auto_delete": True},
        {"name": "events", "type": "stream"},
    ]

    assert discover(queues) == ["dispatch", "work"]


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        ([], None),
        (["memory"], "alarm_memory"),
        (["disk space"], "alarm_disk"),
        (["disk space", "memory"], "alarm_memory"),
        (["file descriptors"], None),  # It stops nobody from publishing.
    ],
)
def test_an_alarm_is_one_that_stops_publishers(resources: list[str], reason: str | None) -> None:
    assert alarm_of([{"node": "rabbit@a", "resource": resource} for resource in resources]) == reason


def test_the_virtual_host_is_that_of_the_first_of_several_addresses():
    one, several = (queues_paths(url, ["q"]) for url in ("amqp://a/v", "amqp://a/v;amqp://b/w"))

    assert one == several
