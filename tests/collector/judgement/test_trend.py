"""How a depth has changed over the last samples."""

import pytest

from collector.judgement.trend import UNSEEN_S, Depths, Trend
from tests.builders import make_queue


def trend_of(*depths: int | None, gap_s: float = 3.0) -> Trend | None:
    """After these depths, a sample every `gap_s`."""
    followed = Depths()
    found: dict[str, Trend] = {}
    for number, ready in enumerate(depths):
        found = followed.follow([make_queue(ready=ready)], 1000 + number * gap_s)
    return found.get("dispatch")


@pytest.mark.parametrize(
    ("depths", "step", "slope_per_s"),
    [
        ((400, 170), -230, None),  # One step is no trend.
        ((0, 316, 170), -146, None),  # A dispatch came, and drains.
        ((0, 316, 170, 45), -125, -45.17),
        ((0, 10, 22, 34), 12, 3.78),
        ((30, 20, 20), 0, None),
        ((30, 20, 20, 10), -10, None),
        ((90, 80, 70, 60, 50, 40, 30, 0), -30, -4.67),  # Of the last 15 s.
    ],
)
def test_a_depth_that_goes_one_way_over_several_samples_has_a_slope(
    depths: tuple[int, ...], step: int, slope_per_s: float | None
) -> None:
    found = trend_of(*depths)

    assert found
    assert found.step == step
    assert found.slope_per_s == (None if slope_per_s is None else pytest.approx(slope_per_s, abs=0.01))


def test_a_depth_that_was_not_seen_has_no_trend() -> None:
    assert trend_of(9) is None
    assert trend_of(9, None, 5) is None
    assert trend_of(9, 5, gap_s=UNSEEN_S + 1) is None
