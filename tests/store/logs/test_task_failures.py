"""Failed tasks among the groups of critical logs."""

from typing import Any

import pytest

from store.logs.task_failures import RECENT_S, TaskFailures, task_failures

NOW_S = 1_763_877_303.0


def group(age_s: float, **overrides: Any) -> dict[str, Any]:
    """A group that began and ended `age_s` ago."""
    known = {"host": "web-1", "task": "voice.send", "message": "GatewayTimeout: no answer", "count": 1}
    return {"first_at": NOW_S - age_s, "last_at": NOW_S - age_s, **known, **overrides}


def found(*groups: dict[str, Any]) -> TaskFailures | None:
    return task_failures(groups, "web-1", NOW_S)


def test_the_failures_of_the_last_minutes_are_counted_and_the_last_one_is_named() -> None:
    older = group(60.0, message="KeyError: 'id'", count=2)

    assert found(group(7.0), older) == TaskFailures(kind="GatewayTimeout", age_s=7.0, count=3)


def test_a_group_that_began_before_is_not_counted_in_part() -> None:
    assert found(group(7.0, first_at=NOW_S - 3600, count=90)) == TaskFailures(
        kind="GatewayTimeout", age_s=7.0, count=None
    )


@pytest.mark.parametrize(
    "other",
    [group(RECENT_S + 1), group(7.0, host="web-2"), group(7.0, host=None), group(7.0, task=None), group(7.0, task="")],
    ids=["old", "of another host", "of no host", "no task", "no name"],
)
def test_what_is_no_failed_task_of_this_host_lately_does_not_count(other: dict[str, Any]) -> None:
    assert found(other) is None
    assert found(group(9.0), other) == TaskFailures(kind="GatewayTimeout", age_s=9.0, count=1)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("GatewayTimeout: no answer", "GatewayTimeout"),
        ("requests.exceptions.Timeout: 3 s", "requests.exceptions.Timeout"),
        ("ZeroDivisionError", "ZeroDivisionError"),
        ("nothing of that kind", None),
        ("<script>: x", None),
        ("A" * 300, None),
        ("", None),
    ],
)
def test_the_class_is_what_the_message_begins_with_if_it_looks_like_one(message: str, kind: str | None) -> None:
    told = found(group(7.0, message=message))

    assert told
    assert told.kind == kind
