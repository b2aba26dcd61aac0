"""What is remembered from sample to sample, and what is forgotten."""

import pytest

from collector.judgement.memory import OUTAGE_MEMORY_S, PAUSE_MEMORY_S, Memory
from collector.judgement.situation import Outage, Past
from collector.probes.broker.departures import Movement
from store.samples.verdict import Level, Verdict
from tests.builders import make_queue, make_sample

FINE = Verdict(level=Level.FINE, code="queue_empty")
UNKNOWN = Verdict(level=Level.UNKNOWN, code="first_look")
DATABASE = Verdict(level=Level.BAD, code="database_offline")
STUCK = Verdict(level=Level.BAD, code="stuck", facts={"idle_s": 60, "waiting": 130})


def recalled(*verdicts: Verdict, step_s: float = 3.0) -> list[Past]:
    """What is remembered at each sample; they come every `step_s`."""
    memory, found = Memory(), []
    for number, verdict in enumerate(verdicts):
        found.append(memory.recall(make_sample(), {}, 1000 + number * step_s))
        memory.note(verdict, 1000 + number * step_s)
    return found


def pauses(*stills: float | None, gap_s: float = 3.0, verdict: Verdict = FINE) -> float | None:
    """The usual pause of a queue of which no message had left for `stills`, sample by sample."""
    memory, past = Memory(), Past()
    for number, still_s in enumerate(stills):
        past = memory.recall(make_sample(), {"q": Movement(still_s=still_s, is_certain=True)}, 1000 + number * gap_s)
        memory.note(verdict, 1000 + number * gap_s)
    return past.pauses_s.get("q")


def test_an_outage_is_remembered_for_ten_minutes_after_its_end() -> None:
    times = int(OUTAGE_MEMORY_S / 3) + 3
    past = recalled(FINE, DATABASE, DATABASE, FINE, *[FINE] * times)

    assert [each.outage for each in past[:5]] == [None] * 4 + [Outage(lasted_s=6.0, ended_s=3.0)]
    assert past[-1].outage is None


def test_a_standstill_began_when_the_last_message_left_not_when_it_was_proven() -> None:
    assert recalled(FINE, STUCK, STUCK, FINE, FINE)[-1].outage == Outage(lasted_s=66.0, ended_s=3.0)


def test_not_knowing_ends_no_outage() -> None:
    assert recalled(DATABASE, UNKNOWN, DATABASE, FINE, FINE)[-1].outage == Outage(lasted_s=9.0, ended_s=3.0)


def test_an_outage_that_ended_unseen_is_forgotten() -> None:
    assert [past.outage for past in recalled(DATABASE, FINE, FINE, step_s=31.0)] == [None] * 3


def test_for_how_long_processes_are_missing_counts_from_the_first_of_the_samples_in_a_row_that_tell_it() -> None:
    lacks = Verdict(level=Level.FINE, code="growing_lacks")
    beside = Verdict(level=Level.BAD, code="database_offline", also=(lacks,))

    assert [past.lacking_s for past in recalled(FINE, lacks, beside, lacks, FINE, FINE)] == [0, 0, 3, 6, 9, 0]
    assert recalled(lacks, lacks, lacks, step_s=31.0)[-1].lacking_s == 31.0


def test_the_last_time_a_queue_held_messages_is_remembered() -> None:
    memory = Memory()
    empty, burst = make_sample(), make_sample(queues=(make_queue(ready=0, peak=150),))

    told = [memory.recall(sample, {}, at_s).held_s for at_s, sample in ((0, empty), (3, burst), (6, empty), (9, empty))]

    assert told == [None, 0, 3, 6]


@pytest.mark.parametrize(
    ("stills", "expected"),
    [
        ((3, 6, 9), None),  # It still lasts.
        ((3, 6, 9, 1), 9),
        ((3, 6, 9, None), 9),
        ((20, 1, 5, 1), 20),
        ((5, 1, 20, 1), 20),
    ],
)
def test_the_longest_pause_until_a_message_left_is_remembered(
    stills: tuple[float | None, ...], expected: float | None
) -> None:
    assert pauses(*stills) == expected


def test_a_pause_is_usual_for_ten_minutes_and_never_if_it_was_an_outage() -> None:
    assert pauses(20, 1, 1, gap_s=PAUSE_MEMORY_S + 1) is None
    assert pauses(60, 1, verdict=STUCK) is None
