"""`make up` once more, with changed code and with the secrets of the release before."""

import threading
import time

from tests.engine.first_start import nameless
from tests.engine.panel import Panel
from tests.engine.table import Table

CLOSED_BAR_S = 8.0
WITHOUT_RIGHTS, WITH_RIGHTS = "user default off\n", "user default off ~* &* +@all\n"


class _Door(threading.Thread):
    """Knocks at web ten times a second, and adds up for how long nobody answered."""

    def __init__(self, panel: Panel) -> None:
        super().__init__(daemon=True)
        self._panel = panel
        self._is_over = threading.Event()
        self.closed_s = 0.0

    def run(self) -> None:
        since_mono_s = time.monotonic()
        while not self._is_over.wait(0.1):
            is_open = bool(self._panel.health())
            now_mono_s = time.monotonic()
            self.closed_s += 0 if is_open else now_mono_s - since_mono_s
            since_mono_s = now_mono_s

    def __enter__(self) -> "_Door":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self.join()


def run(panel: Panel, table: Table) -> None:
    """An upgrade, and one of an installation whose Redis cannot replay its data."""
    before = panel.count_samples()
    _change(panel)
    with _Door(panel) as door:
        ended = panel.make("up", "PROFILE=demo")
    panel.wait_until_well()
    after, (status, _) = panel.count_samples(), panel.get("/api/me")
    table.add(
        "an upgrade by `make up PROFILE=demo`",
        f"the page is closed for {CLOSED_BAR_S:g} s or less",
        f"{door.closed_s:.1f} s",
        ended.returncode == 0 and door.closed_s <= CLOSED_BAR_S,
    )
    table.add(
        "data after it",
        "samples and the token are kept",
        f"{before} samples, then {after}; the token: {status}",
        after >= before > 0 and status == 200,
    )
    nameless(panel, table, "images without a name after it")
    _mend_acl(panel, table)


def _change(panel: Panel) -> None:
    with (panel.clone / "app" / "cli.py").open("a") as file:
        file.write(f"# Changed at {time.time()}.\n")


def _mend_acl(panel: Panel, table: Table) -> None:
    """As an installation of 1.7.0 is found: its ACL lets every restart lose the data."""
    path = panel.clone / "deploy/secrets/redis_acl"
    path.write_text(path.read_text().replace(WITH_RIGHTS, WITHOUT_RIGHTS))
    before = panel.count_samples()
    ended = panel.make("up", "PROFILE=demo")
    panel.compose("restart", "redis")
    panel.wait_until_well()
    after = panel.count_samples()
    table.add(
        "the ACL of 1.7.0, then `make up` and a restart of Redis",
        "it is mended, samples are kept",
        f"{before} samples, then {after}",
        ended.returncode == 0 and path.read_text().startswith(WITH_RIGHTS) and after >= before > 0,
    )
