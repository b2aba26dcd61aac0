"""A sample's figures as the columns of charts and history."""

import pytest

from store.samples.columns import SERIES, read_row
from store.samples.entries import Entry
from store.samples.model import Queue, QueueState
from tests.builders import make_sample


def figure(name: str, *queues: Queue) -> float | None:
    row = read_row(Entry(id="1-1", host="web-1", sample=make_sample(queues=queues).to_json()))
    assert row is not None
    return row.figures[SERIES.index(name)]


def queue(wait_s: float | None, state: QueueState = QueueState.OK) -> Queue:
    return Queue(name="dispatch", state=state, wait_s=wait_s)


@pytest.mark.parametrize(
    ("queues", "wait_s"),
    [
        ([], None),
        ([queue(0.0)], 0.0),
        ([queue(2.0), queue(90.5)], 90.5),
        ([queue(2.0), queue(None)], None),
        ([queue(2.0), queue(None, QueueState.MISSING)], 2.0),
    ],
)
def test_the_wait_is_the_longest_of_all_queues_and_unknown_where_one_is(
    queues: list[Queue], wait_s: float | None
) -> None:
    assert figure("wait_s", *queues) == wait_s
