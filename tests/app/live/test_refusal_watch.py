"""The watch that finds out why no sample arrives; tests/live has it on a real Redis."""

import logging

import pytest

from app.live import refusal
from app.live.freshness import Freshness
from app.live.refusal import RefusalWatch
from store.errors import Refusal, StoreUnavailable


class Odd:
    """A store whose first answer raises an unforeseen error."""

    trials = 0

    def try_writing(self) -> None:
        self.trials += 1
        if self.trials == 1:
            raise KeyError("redis_version")
        raise StoreUnavailable("full", refusal=Refusal.FULL)


def test_an_answer_that_nobody_has_thought_of_does_not_end_the_watch(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(refusal, "TRIAL_S", 0.0)
    store, freshness = Odd(), Freshness(0.0, lambda: 1000.0)
    freshness.know("web-1", age_s=60)

    with caplog.at_level(logging.ERROR):
        RefusalWatch(store, freshness, 0.0)._run(lambda: store.trials < 2)  # type: ignore[arg-type]

    assert freshness.refusal is Refusal.FULL
    assert "stumbled" in caplog.text
