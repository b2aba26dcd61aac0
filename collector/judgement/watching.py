"""What is wrong with the watching itself. [pure]"""

from collections.abc import Iterator

from store.samples.model import Sample, TroubleCode
from store.samples.verdict import Facts, Finding, Level


def find_in_watching(sample: Sample) -> Iterator[Finding]:
    """The findings about clocks and names."""
    for trouble in sample.troubles:
        facts: Facts = {"host": sample.host}
        if trouble.code is TroubleCode.CLOCK_DIFFERS:
            facts = {"host": sample.host, "apart_s": abs(float(trouble.facts.get("seconds", 0)))}
        elif trouble.code is TroubleCode.CONTAINER_SHARED:
            facts = {"container": trouble.facts.get("name", ""), "count": trouble.facts.get("count", 0)}
        yield Finding(level=Level.ATTENTION, code=trouble.code, facts=facts)
