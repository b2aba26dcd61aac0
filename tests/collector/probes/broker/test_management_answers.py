"""What is read in the management API's answers of several RabbitMQ versions, as `tests/recorded` keeps them."""

import json
from pathlib import Path
from typing import Any

import pytest

from collector.probes.broker.management_figures import Counters, Figures, alarm_of, counts_messages, discover

RECORDED = Path(__file__).resolve().parents[3] / "recorded" / "rabbitmq-management"
VERSIONS = sorted(path.stem for path in RECORDED.glob("*.json"))
PRESENT = ("dispatch", "reports", "urgent")
"""The queues of work of all versions."""


@pytest.fixture(params=VERSIONS)
def answers(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The answers of one version."""
    document: dict[str, Any] = json.loads((RECORDED / f"{request.param}.json").read_text(encoding="utf-8"))
    assert document["version"] == request.param
    return document


def figures_of(queues: dict[str, Any], *, are_counted: bool) -> dict[str, Figures]:
    return Counters(5.0).fold(queues["items"], 0.0, are_counted=are_counted)


def test_the_queues_of_work_are_discovered(answers: dict[str, Any]) -> None:
    assert set(discover(answers["queues"]["items"])) - {"unmeasured"} == set(PRESENT)
    assert discover(answers["queues_without_statistics"]["items"]) == sorted(PRESENT)


@pytest.mark.parametrize("name", ["dispatch", "reports"])
def test_depth_and_counts_are_read(name: str, answers: dict[str, Any]) -> None:
    figures = figures_of(answers["queues"], are_counted=True)[name]

    assert (figures.ready, figures.unacked, figures.arrived) == (10, 1, 12)
    assert figures.is_quorum is (name == "reports")
    assert figures.movement is not None


def test_messages_of_several_priorities_are_noticed_where_the_queue_obeys_them(answers: dict[str, Any]) -> None:
    figures = figures_of(answers["queues"], are_counted=True)

    assert [figures[name].has_priorities for name in PRESENT] == [False, answers["version"] != "3.10.8", True]


def test_without_statistics_depths_are_known_and_nothing_else_is(answers: dict[str, Any]) -> None:
    assert counts_messages(answers["overview"])
    assert not counts_messages(answers["overview_without_statistics"])

    figures = figures_of(answers["queues_without_statistics"], are_counted=False)["dispatch"]
    assert (figures.ready, figures.unacked) == (4, 1)
    assert (figures.consumers, figures.in_per_s, figures.out_per_s, figures.arrived, figures.movement) == (None,) * 5


def test_alarms_are_read(answers: dict[str, Any]) -> None:
    assert alarm_of(answers["alarms"].get("alarms", ())) is None
    assert alarm_of(answers["alarms_in_effect"]["alarms"]) == "alarm_memory"


def test_of_a_queue_that_rabbitmq_has_not_measured_yet_nothing_is_known() -> None:
    newest = json.loads((RECORDED / f"{VERSIONS[-1]}.json").read_text(encoding="utf-8"))

    assert figures_of(newest["queues"], are_counted=True)["unmeasured"] == Figures(is_quorum=True)
