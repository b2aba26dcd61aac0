"""What is running short: memory and CPU. [pure]"""

from collections.abc import Iterator

from store.samples.model import Sample
from store.samples.verdict import Facts, Finding, Level

HIGH_CPU_PERCENT = 90
HIGH_RAM_PERCENT = 90
"""From here on it is a finding. The page draws lines at the same percentages (`limits.js`)."""

BUSY_SAMPLES = 5
"""So many samples in a row with a full CPU are a finding; one is normal for a busy worker."""

CONTAINER_STALE_S = 9
"""A container's report that is older says nothing about now."""


def is_busy(sample: Sample) -> bool:
    """Whether the CPU is at its limit."""
    return sample.cpu.percent is not None and sample.cpu.percent >= HIGH_CPU_PERCENT


def find_in_resources(sample: Sample, busy_samples: int) -> Iterator[Finding]:
    """The findings about this host's memory and CPU, and about the memory of the containers that report to it."""
    if (percent := sample.ram.percent) is not None and percent >= HIGH_RAM_PERCENT:
        yield Finding(level=Level.ATTENTION, code="ram_high", facts={"percent": round(percent)})
    for container in sample.containers:
        percent = container.ram.percent
        if percent is not None and percent >= HIGH_RAM_PERCENT and container.age_s <= CONTAINER_STALE_S:
            facts: Facts = {"container": container.name, "percent": round(percent)}
            yield Finding(level=Level.ATTENTION, code="container_ram_high", facts=facts)
    if busy_samples >= BUSY_SAMPLES:
        yield Finding(level=Level.ATTENTION, code="cpu_high")
