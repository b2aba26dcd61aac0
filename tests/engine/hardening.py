"""What the containers may do, by the kernel's own files and not by the compose file's words."""

from collections.abc import Mapping

from tests.engine.kernel import Container
from tests.engine.panel import PROGRAMS, SERVERS, Panel
from tests.engine.table import Table

NOTHING = "0000000000000000"
SERVICES = (*SERVERS, *PROGRAMS, "demo")


def run(panel: Panel, table: Table) -> None:
    """A row for each right."""
    kernels = {name: panel.kernel(name) for name in SERVICES}
    rows = {
        "no process of a container is root's": lambda each: (
            "0" not in {word for uids in each.status("Uid") | each.status("Gid") for word in uids.split()}
        ),
        "no capability, and none to be had": lambda each: (
            {NOTHING} == each.status("CapEff") | each.status("CapPrm") | each.status("CapBnd") | each.status("CapAmb")
        ),
        "no new privileges": lambda each: each.status("NoNewPrivs") == {"1"},
        "system calls are filtered": lambda each: each.status("Seccomp") == {"2"},
        "the root file system is read-only": lambda each: each.has_read_only_root(),
    }
    for what, holds in rows.items():
        lacking = [name for name, kernel in kernels.items() if not holds(kernel)]
        seen = f"not {', '.join(lacking)}" if lacking else f"{len(kernels)} of {len(kernels)} containers"
        table.add("hardening", what, seen, not lacking)
    _networks(panel, table, kernels)
    _mounts(panel, table)


def _networks(panel: Panel, table: Table, kernels: Mapping[str, Container]) -> None:
    leading_out = [name for name, kernel in kernels.items() if kernel.has_default_route()]
    table.add("networks", "web's alone leads outside", f"out gets: {', '.join(leading_out)}", leading_out == ["web"])
    ports = panel.engine.docker(
        "ps", "--filter", f"label=com.docker.compose.project={panel.project}", "--format", "{{.Ports}}"
    ).stdout
    published = [each for line in ports.splitlines() for each in line.split(", ") if "->" in each]
    table.add(
        "ports",
        "one, on 127.0.0.1",
        ", ".join(published),
        len(published) == 1 and published[0].startswith("127.0.0.1:"),
    )


def _mounts(panel: Panel, table: Table) -> None:
    mounts = {name: panel.inspect(name, "{{range .Mounts}}{{.Source}} {{end}}") for name in SERVICES}
    secrets = str(panel.clone / "deploy")
    foreign = [
        path
        for paths in mounts.values()
        for path in paths.split()
        if not path.startswith(secrets) and "/volumes/" not in path
    ]
    table.add("mounts", "volumes and files of `deploy` alone", foreign or "none else", not foreign)
