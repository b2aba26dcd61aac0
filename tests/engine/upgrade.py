"""`make up` once more, with changed code and with the secrets of the release before."""

import time

from tests.engine.first_start import nameless
from tests.engine.panel import Panel
from tests.engine.table import Table
from tests.engine.witness import HealthLog, keeping_samples

CLOSED_BAR_S = 8.0
WITHOUT_RIGHTS, WITH_RIGHTS = "user default off\n", "user default off ~* &* +@all\n"


def run(panel: Panel, table: Table) -> None:
    """An upgrade, and one of an installation whose Redis cannot replay its data."""
    with keeping_samples(panel, table, "data after an upgrade", "samples and the token are kept"):
        _change(panel)
        with HealthLog(panel, 0.1) as log:
            ended = panel.make("up", "PROFILE=demo")
        panel.wait_until_well()
        table.add(
            "an upgrade by `make up PROFILE=demo`",
            f"the page is closed for {CLOSED_BAR_S:g} s or less",
            f"{log.closed_s:.1f} s",
            ended.returncode == 0 and log.closed_s <= CLOSED_BAR_S,
        )
    nameless(panel, table, "images without a name after it")
    _mend_acl(panel, table)


def _change(panel: Panel) -> None:
    with (panel.clone / "app" / "cli" / "commands.py").open("a") as file:
        file.write(f"# Changed at {time.time()}.\n")


def _mend_acl(panel: Panel, table: Table) -> None:
    """As an installation of 1.7.0 is found: its ACL lets every restart lose the data."""
    path = panel.clone / "deploy/secrets/redis_acl"
    path.write_text(path.read_text().replace(WITH_RIGHTS, WITHOUT_RIGHTS))
    what = "the ACL of 1.7.0, then `make up` and a restart of Redis"
    with keeping_samples(panel, table, what, "it is mended, samples and the token are kept") as deed:
        ended = panel.make("up", "PROFILE=demo")
        panel.compose("restart", "redis")
        panel.wait_until_well()
        deed.holds = ended.returncode == 0 and path.read_text().startswith(WITH_RIGHTS)
