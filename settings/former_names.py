"""Settings that were renamed: a former name is accepted, and the operator is told of the present one. [pure]"""

from collections.abc import MutableMapping

FORMER_NAMES = {
    "MONITORED_BROKER_URL": "WATCHED_BROKER_URL",
    "MONITORED_DATABASE_URL": "WATCHED_DATABASE_URL",
    "REPORT_AS": "MONITOR_CONTAINER",
}
"""Former name to present name."""


class FormerNameError(ValueError):
    """Settings are given under both of their names, with different values; `faults` holds a sentence for each."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__(" ".join(faults))


def rename(environ: MutableMapping[str, str]) -> list[str]:
    """Give every setting in `environ` its present name. Returns a sentence for each former one; none holds a value.

    Raises: FormerNameError.
    """
    told, faults = [], []
    for former_name, present_name in FORMER_NAMES.items():
        for suffix in ("", "_FILE"):
            former, present = former_name + suffix, present_name + suffix
            value = environ.pop(former, "")
            if not value:
                continue
            if environ.get(present) not in (None, "", value):
                faults.append(f"{former} is a former name of {present}, and their values differ: remove {former}.")
                continue
            environ[present] = value
            told.append(f"{former} is now called {present}: rename it. The former name is still accepted.")
    if faults:
        raise FormerNameError(faults)
    return told
