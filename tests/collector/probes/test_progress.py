"""For how long nothing has been finished while messages waited, sample by sample, 3 s apart."""

import pytest

from collector.probes.progress import Progress
from collector.store.model import Queue, QueueState


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        # (ready, finished per second), as the samples follow each other.
        ([(0, None), (0, None)], [None, None]),
        ([(9, None), (9, None), (9, None)], [0, 3, 6]),
        ([(9, None), (9, None), (8, None), (8, None)], [0, 3, 0, 3]),
        ([(9, None), (9, None), (10, None), (10, None)], [0, 3, 0, 3]),  # Without counters growth proves nothing.
        ([(9, 0.0), (10, 0.0), (11, 0.0)], [0, 3, 6]),  # With them it does.
        ([(9, 0.0), (10, 2.0), (11, 0.0)], [0, 0, 3]),
        ([(9, 0.0), (8, 0.0)], [0, 0]),
        ([(0, 0.0), (0, 0.0), (5, 0.0), (5, 0.0)], [None, None, 0, 3]),  # The empty time before does not count.
        ([(0, 4.0), (0, 4.0)], [0, 0]),  # Taken as fast as it comes.
        ([(9, None), (None, None), (9, None)], [0, None, 0]),  # What was not seen is not held against anybody.
    ],
)
def test_idle_time_grows_while_messages_wait_and_nothing_is_finished(
    samples: list[tuple[int | None, float | None]], expected: list[float | None]
) -> None:
    progress = Progress()

    folded = [
        progress.fold(
            [
                Queue(
                    name="q",
                    state=QueueState.UNKNOWN if ready is None else QueueState.OK,
                    ready=ready,
                    out_per_s=out_per_s,
                )
            ],
            number * 3.0,
        )["q"]
        for number, (ready, out_per_s) in enumerate(samples)
    ]

    assert folded == expected
