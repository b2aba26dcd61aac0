"""The capacity model of docs/performance.md: a few costs from which a load's needs are summed up. [pure]"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.table import Figure

Rows = Mapping[int, Mapping[str, float]]

TOLERANCE = 0.25
"""How far a load that the costs were not taken from may be from its prediction."""


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What one of each costs a web process and its Redis."""

    idle_ms_per_s: float
    """CPU of a web process that nobody looks at and nothing is written for."""
    sample_ms: float
    """CPU of a sample, in the web process."""
    frame_us: float
    """CPU of an event to one viewer."""
    base_mb: float
    """Memory of a worker process with one viewer."""
    viewer_kb: float
    sample_bytes: float
    """Memory of a sample in Redis."""
    frame_us_by: Mapping[int, float] = field(default_factory=dict)
    kb_by: Mapping[int, float] = field(default_factory=dict)

    @classmethod
    def fitted(cls, by_hosts: Rows, by_viewers: Rows, *, event_per_s: float) -> "Capacity":
        """By what was measured: samples without viewers by number of hosts, and an event at a pace by viewers."""
        most, (one, *crowds) = max(by_hosts), sorted(by_viewers)
        sample_ms = by_hosts[most]["web_ms"]

        def more(viewers: int, key: str) -> float:
            return (by_viewers[viewers][key] - by_viewers[one][key]) / (viewers - one)

        frame_us = {viewers: more(viewers, "web_ms_per_s") * 1000 / event_per_s for viewers in crowds}
        kb = {viewers: more(viewers, "web_mb") * 1024 for viewers in crowds}
        return cls(
            idle_ms_per_s=max(0.0, by_viewers[one]["web_ms_per_s"] - event_per_s * sample_ms),
            sample_ms=sample_ms,
            frame_us=frame_us[crowds[-1]],
            base_mb=by_viewers[one]["web_mb"],
            viewer_kb=kb[crowds[-1]],
            sample_bytes=by_hosts[most]["redis_bytes"],
            frame_us_by=frame_us,
            kb_by=kb,
        )

    def foretell(self, viewers: int, samples_per_s: float) -> dict[str, float]:
        """What such a load needs: CPU and memory of the web process, and a sample's bytes in Redis."""
        return {
            "web_ms_per_s": self.idle_ms_per_s + samples_per_s * (self.sample_ms + viewers * self.frame_us / 1000),
            "web_mb": self.base_mb + viewers * self.viewer_kb / 1024,
            "redis_bytes": self.sample_bytes,
        }

    @staticmethod
    def checked(
        measured: Mapping[str, float], predicted: Mapping[str, float], *, viewers: int, hosts: int
    ) -> list[Figure]:
        """How far off the prediction is, each with both figures."""
        names = {"web_ms_per_s": ("web CPU", "ms/s"), "web_mb": ("web memory", "MB"), "redis_bytes": ("a sample", "B")}
        return [
            Figure(
                name=f"{viewers} viewers, {hosts} hosts: {name} off by",
                unit="%",
                ours=abs(measured[key] / predicted[key] - 1) * 100,
                bar=TOLERANCE * 100,
                note=f"predicted {predicted[key]:.4g} {unit}, measured {measured[key]:.4g} {unit}",
            )
            for key, (name, unit) in names.items()
        ]
