"""Queues, rates and alarms as RabbitMQ 3.10.8 tells them."""

from typing import Any

import pytest

from collector.probes.management_figures import Counters, Figures, alarm_of, discover


def told(name: str = "q", *, on: bool = True, **stats: int) -> dict[str, Any]:
    figures = {"messages_ready": 7, "messages_unacknowledged": 2, "consumers": 1} if on else {}
    return {"name": name, "type": "classic", **figures, **({"message_stats": stats} if stats else {})}


def rates(*polls: dict[str, Any]) -> list[tuple[float | None, float | None]]:
    """Of polls 5 s apart."""
    counters = Counters()
    figures = (counters.fold([poll], number * 5.0)["q"] for number, poll in enumerate(polls))
    return [(each.in_per_s, each.out_per_s) for each in figures]


def test_the_figures_are_taken_over() -> None:
    figures = Counters().fold([told() | {"type": "quorum"}], 0.0)

    assert figures == {"q": Figures(is_quorum=True, ready=7, unacked=2, consumers=1)}


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
    counters = Counters()
    counters.fold([told(publish=10)], 0.0)
    counters.fold([], 5.0)

    assert counters.fold([told(publish=20)], 10.0)["q"].in_per_s is None


def test_discovery_leaves_out_what_ends_with_its_user_and_streams() -> None:
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
