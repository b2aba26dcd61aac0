"""Writes history into SQL by the collector's own code."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from store.database import make_engine
from store.history.history import History
from store.history.steps import FIGURES, MINUTE_S, NUMBERS, STEPS_S, Step, begin, join_steps

SAMPLES_A_MINUTE = 20
ROWS_AT_ONCE = 1000


def keep(database_url: str, host: str, minutes: Sequence[Step]) -> None:
    """Write these minutes, and the longer steps that they make."""
    engine = make_engine(database_url, timeout_s=60)
    history = History(engine)
    for step_s in STEPS_S:
        steps = join_steps(minutes, step_s)
        for first in range(0, len(steps), ROWS_AT_ONCE):
            history.write(host, step_s, steps[first : first + ROWS_AT_ONCE])
    engine.dispose()


def make_minute(at: int, figures: Mapping[str, tuple[float, float]], *marks: Mapping[str, Any]) -> Step:
    """A minute of samples: each figure with its lowest, highest and their middle as average; others are unknown."""
    numbers: list[float] = []
    for name in FIGURES:
        if name in figures:
            low, high = figures[name]
            numbers += (SAMPLES_A_MINUTE, low, round(SAMPLES_A_MINUTE * (low + high) / 2, 3), high)
        else:
            numbers += (0.0,) * NUMBERS
    return Step(at, SAMPLES_A_MINUTE, numbers, marks)


def working_days(since_s: float, until_s: float, zone: tzinfo) -> list[Step]:
    """Minutes of a service that works by day; at 15:00 in `zone` it gets 5,000 messages, enough for 40 minutes."""
    return [_working_minute(at, zone) for at in range(begin(since_s, MINUTE_S), begin(until_s, MINUTE_S), MINUTE_S)]


def _working_minute(at: int, zone: tzinfo) -> Step:
    clock = datetime.fromtimestamp(at, zone)
    hour = clock.hour + clock.minute / 60
    by_day = max(0.0, math.sin((hour - 6) / 14 * math.pi)) * (0.35 if clock.weekday() > 4 else 1.0)
    is_sending = clock.hour == 15 and clock.minute < 40
    queue = 5000 * (1 - clock.minute / 40) if is_sending else 12 * by_day
    cpu = 6 + 38 * by_day + 40 * is_sending
    ripple = 3 + 2 * math.sin(at / 700)
    figures = {
        "cpu": (max(0.0, cpu - 2 * ripple), min(100.0, cpu + 3 * ripple)),
        "ram_percent": (41 + 9 * by_day - 0.4, 41 + 9 * by_day + 0.6),
        "ram": (840 + 184 * by_day, 860 + 184 * by_day),
        "host_cpu": (max(0.0, cpu * 0.6 - ripple), cpu * 0.6 + ripple),
        "host_ram_percent": (55 + 4 * by_day, 56 + 4 * by_day),
        "queue_size": (queue * 0.9, queue),
        "queue_peak": (queue * 0.95, queue),
        "in_per_s": (by_day, 2 * by_day + (80 if is_sending and clock.minute == 0 else 0)),
        "out_per_s": (by_day, 2 * by_day + 2 * is_sending),
        "database_ms": (0.6, 1.4 + 6 * is_sending),
        "worker_ms": (4.0, 9.0 + 30 * is_sending),
        "rabbitmq_ms": (0.2, 0.7),
        "wait_s": (0.0, 60.0 * clock.minute if is_sending else 0.4),
    }
    marks = [{"kind": "burst", "peak": 5000, "at": at + 3.012}] if is_sending and clock.minute == 0 else []
    return make_minute(at, {name: (round(low, 3), round(high, 3)) for name, (low, high) in figures.items()}, *marks)
