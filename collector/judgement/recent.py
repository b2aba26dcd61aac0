"""Follows over many samples what one cannot tell: kills, throttling, idle slots, arrivals that end. [pure]"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from collector.judgement.consumers import Consumers, consumers_of
from store.samples.model import Queue, Sample
from store.samples.resources import Cpu, Ram
from store.samples.workload import Workload

THROTTLED_SAMPLES = 5
"""Throttling in so many samples in a row lasts. A start of a process or one big job fills fewer."""

CONTAINER_STALE_S = 9.0
"""A container's report older than this says nothing about now."""

STEADY_S = 7200.0
"""A stream of arrivals is steady after so long. Hardly a dispatch takes as long, and a dispatch may end at any time."""

STEADY_GAP_S = 60.0
"""A longer pause within the stream means that it is not steady."""

QUIET_S = 300.0
"""A steady stream has ended, at the earliest, after so long without an arrival."""

QUIET_FACTOR = 10.0
"""It has ended, at the earliest, after so many times its longest pause: a stream that thins out in the evening ends
without a word, one that breaks off does not."""

TOLD_S = 3600.0
"""For so long the end of a stream is news. After that, silence is the new habit."""

UNSEEN_S = 30.0
"""A longer time between two samples hides what happened in it."""


@dataclass(frozen=True, kw_only=True)
class Kill:
    """Processes that the kernel killed in one cgroup because it had no memory left."""

    name: str
    """The container's name; the host's where it is the collector's own cgroup."""
    count: int
    ago_s: float


@dataclass(frozen=True, kw_only=True)
class Silence:
    """A steady stream of arrivals that has ended."""

    queue: str
    quiet_s: float
    """How long ago the last message arrived."""
    steady_s: float
    """For how long messages had arrived without a longer pause than STEADY_GAP_S."""
    in_per_min: float
    """How many arrived on average meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Trends:
    """What the samples so far show together. Nothing is known of the time before the collector started."""

    kills: tuple[Kill, ...] = ()
    """The last kill of each cgroup."""
    throttled: Mapping[str, float] = field(default_factory=dict)
    """By cgroup, the least share of throttled periods over THROTTLED_SAMPLES, in percent."""
    silences: tuple[Silence, ...] = ()
    unused_s: float | None = None
    """For how long messages have waited that workers with idle slots may not be handed; None = they do not."""
    handed_out: int | None = None
    """How many messages these workers may be handed at once."""


@dataclass(frozen=True, kw_only=True)
class _Stream:
    since_s: float
    last_s: float
    longest_gap_s: float = 0.0
    arrived: float = 0.0


class Recent:
    """Notes every sample. All times are monotonic seconds. Not thread-safe."""

    def __init__(self) -> None:
        self._noted_at_s: float | None = None
        self._killed: dict[str, int] = {}
        self._kills: dict[str, tuple[int, float]] = {}
        self._throttled: dict[str, deque[float]] = {}
        self._streams: dict[str, _Stream] = {}
        self._held_back: tuple[int, float] | None = None
        """To how many messages at once workers with idle slots are held back, and since when."""

    def note(self, sample: Sample, workload: Workload | None, now_s: float) -> Trends:
        """The trends up to this sample."""
        gap_s = None if self._noted_at_s is None else now_s - self._noted_at_s
        self._noted_at_s = now_s
        cgroups = dict(_cgroups(sample))
        self._note_kills({name: ram.oom_kills for name, (_, ram) in cgroups.items()}, now_s)
        self._note_throttling({name: cpu.throttled_percent for name, (cpu, _) in cgroups.items()})
        self._note_arrivals(sample.queues, now_s, gap_s)
        consumers = consumers_of(workload, [queue.name for queue in sample.queues if queue.ready])
        self._note_slots(_handed_out(consumers, sample.queues) if consumers else None, now_s, gap_s)
        return Trends(
            kills=tuple(
                Kill(name=name, count=count, ago_s=now_s - at_s) for name, (count, at_s) in self._kills.items()
            ),
            throttled={
                name: min(shares) for name, shares in self._throttled.items() if len(shares) == THROTTLED_SAMPLES
            },
            silences=tuple(_silences(self._streams, now_s)),
            unused_s=None if self._held_back is None else now_s - self._held_back[1],
            handed_out=None if self._held_back is None else self._held_back[0],
        )

    def _note_kills(self, counts: Mapping[str, int | None], now_s: float) -> None:
        """The first count of a cgroup is where counting starts, and so is a smaller one: the cgroup is a new one."""
        for name, count in counts.items():
            if count is None:
                continue
            more = count - self._killed.get(name, count)
            self._killed[name] = count
            if more > 0:
                self._kills[name] = (more, now_s)

    def _note_throttling(self, shares: Mapping[str, float | None]) -> None:
        before, self._throttled = self._throttled, {}
        for name, share in shares.items():
            if share is not None:
                self._throttled[name] = before.get(name) or deque(maxlen=THROTTLED_SAMPLES)
                self._throttled[name].append(share)

    def _note_arrivals(self, queues: tuple[Queue, ...], now_s: float, gap_s: float | None) -> None:
        before, self._streams = self._streams, {}
        if gap_s is not None and gap_s > UNSEEN_S:
            before = {}
        for queue in queues:
            if queue.in_per_s is None:
                continue
            stream = before.get(queue.name)
            if queue.in_per_s > 0:
                stream = _carried_on(stream, now_s, queue.in_per_s * (gap_s or 0.0))
            if stream is not None:
                self._streams[queue.name] = stream

    def _note_slots(self, handed_out: int | None, now_s: float, gap_s: float | None) -> None:
        is_new = self._held_back is None or self._held_back[0] != handed_out or (gap_s or 0.0) > UNSEEN_S
        if handed_out is None:
            self._held_back = None
        elif is_new:
            self._held_back = handed_out, now_s


def _handed_out(consumers: Consumers, queues: tuple[Queue, ...]) -> int | None:
    """To how many messages at once they are held back; None where no slot is idle, or nothing says that they are.

    Either the workers say so, or they hold fewer messages than they have slots. Celery 5.3 to 5.6 says nothing of it:
    after a lost connection a quorum queue hands it less than it believes. If that is not always as many, it is chance.
    """
    if consumers.are_held_back:
        return consumers.prefetch
    held = [queue.unacked for queue in queues if queue.name in consumers.queues]
    known = [count for count in held if count is not None]
    is_whole = len(known) == len(consumers.queues)
    return sum(known) if is_whole and not consumers.are_busy and 0 < sum(known) < consumers.slots else None


def _cgroups(sample: Sample) -> Iterator[tuple[str, tuple[Cpu, Ram]]]:
    """Those that may hold workers. Where services report their containers, the collector's own holds none."""
    if not sample.containers:
        yield sample.host, (sample.cpu, sample.ram)
    for container in sample.containers:
        # Under a shared name the figures are those of one container, then of another.
        if container.age_s <= CONTAINER_STALE_S and container.sources == 1:
            yield container.name, (container.cpu, container.ram)


def _carried_on(stream: _Stream | None, now_s: float, arrived: float) -> _Stream:
    if stream is None or now_s - stream.last_s > STEADY_GAP_S:
        return _Stream(since_s=now_s, last_s=now_s)
    return replace(
        stream,
        last_s=now_s,
        longest_gap_s=max(stream.longest_gap_s, now_s - stream.last_s),
        arrived=stream.arrived + arrived,
    )


def _silences(streams: Mapping[str, _Stream], now_s: float) -> Iterator[Silence]:
    for name, stream in streams.items():
        steady_s, quiet_s = stream.last_s - stream.since_s, now_s - stream.last_s
        if steady_s >= STEADY_S and max(QUIET_S, QUIET_FACTOR * stream.longest_gap_s) <= quiet_s <= TOLD_S:
            yield Silence(
                queue=name, quiet_s=quiet_s, steady_s=steady_s, in_per_min=round(60 * stream.arrived / steady_s, 1)
            )
