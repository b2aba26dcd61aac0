"""The states that the pictures show: dispatches, workers and failures, all made up. [pure]"""

from collections.abc import Callable
from dataclasses import dataclass

from store.logs.log_group import Level, LogLine
from store.samples.workload import Events

HOST = "disparo-1"
INTERVAL_S = 3
PAST_S = 900
"""For so long a scene has been going on when its picture is taken."""
QUEUE = "dispatch"
KIND = "GatewayTimeout"
TRACEBACK = """Traceback (most recent call last):
  File "/srv/zapvoice/broadcast/tasks.py", line 48, in send
    return gateway.deliver(voice, contact)
  File "/srv/zapvoice/whatsapp/gateway.py", line 21, in deliver
    raise GatewayTimeout(f"POST {url} timed out after {TIMEOUT_S} s")
zapvoice.whatsapp.gateway."""

TASKS = [
    f"zapvoice.{module}.{verb}"
    for module in ("broadcast", "audio", "whatsapp", "contacts", "billing", "reports", "webhooks", "media")
    for verb in ("prepare", "send", "confirm", "retry_failed", "clean_up")
]

FIRST_TASK = 1
"""Which of them runs most, and fails."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What comes in, what leaves, and who works. Seconds count from the moment of the picture."""

    name: str
    arrivals: Callable[[float], float]
    """Messages a second."""
    pace: Callable[[float], float]
    """So many a second leave, as long as some wait."""
    workers: int = 1
    slots: int = 8
    tasks: int = 1
    events: Events = Events.ON
    silent_since_s: float | None = None
    """From then on the workers answer nothing."""
    failed: tuple[int, float] | None = None
    """How many messages fail, and when."""


def _between(begin_s: float, end_s: float, per_s: float) -> Callable[[float], float]:
    return lambda at_s: per_s if begin_s <= at_s < end_s else 0.0


def _dispatches(at_s: float) -> float:
    """150 messages at once, now and then."""
    every_s = 24 if at_s > -70 else 234
    is_due = (at_s + 6) % every_s < INTERVAL_S
    return 150 / INTERVAL_S if is_due else 0.0


SCENES = (
    Scene(name="monitor", arrivals=_dispatches, pace=lambda _: 12, slots=4, failed=(3, -7)),
    Scene(
        name="stuck",
        arrivals=_between(-150, -141, 40),
        pace=_between(-1000, -132, 7),
        silent_since_s=-132,
    ),
    Scene(name="draining", arrivals=_between(-30, -15, 400), pace=lambda _: 43, workers=2),
    Scene(name="growing", arrivals=lambda at_s: 30 if at_s > -240 else 8, pace=lambda _: 18, workers=2, slots=4),
    Scene(
        name="workers",
        arrivals=lambda at_s: 60 + 25 * ((at_s // 30) % 2),
        pace=lambda _: 90,
        workers=12,
        tasks=40,
        failed=(9, -14),
    ),
    Scene(name="events-off", arrivals=lambda _: 12, pace=lambda _: 20, workers=3, tasks=6, events=Events.OFF),
)


def log_lines(scene: Scene) -> list[tuple[LogLine, float]]:
    """The lines that its failures leave in the logs, with their ages at the moment of the picture."""
    if scene.failed is None:
        return []
    count, failed_at_s = scene.failed
    text = f"{KIND}: POST https://gateway.example/v1/voice timed out after 30 s"
    line = LogLine(
        service="worker",
        level=Level.ERROR,
        message=text,
        host=HOST,
        logger="celery.app.trace",
        traceback=TRACEBACK + text,
        task=TASKS[FIRST_TASK],
    )
    return [(line, -failed_at_s)] * count
