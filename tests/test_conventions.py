"""Rules for the whole tree: permitted imports, and documents that match the code."""

import ast
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from settings import Settings
from store import keys

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    path
    for package in ("app", "collector", "store", "settings", "demo", "standalone", "migrations", "deploy", "tools")
    for path in (ROOT / package).rglob("*.py")
) + sorted(ROOT.glob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


GROUND = ("store", "settings")
APP = ("app.web", "app.server", "app.accounts", "app.auth", "app.live", "app.api", "app.pages")
"""The rooms of `app`, the lowest first: each may import those below it. `app.cli` stands apart."""

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "settings": (),
    "store": ("store",),
    "store.samples": ("store",),
    "store.logs": ("store", "store.samples.entries"),
    "store.history": ("store", "store.samples"),
    **{room: (*GROUND, *APP[:floor]) for floor, room in enumerate(APP)},
    "app.web": ("store.errors",),
    "app.server": ("settings", "store.errors", "collector.logs", "collector.report"),
    "app.accounts": ("store",),
    "app.cli": (*GROUND, "app.accounts", "app.web.times"),
    "collector.logs": GROUND,
    "collector.worker": (*GROUND, "collector.logs"),
    "collector.beat": (*GROUND, "collector.worker.watchdog"),
    "collector.probes": GROUND,
    "collector.probes.broker": (*GROUND, "collector.probes"),
    "collector.probes.resources": (*GROUND, "collector.probes"),
    "collector.probes.events": (*GROUND, "collector.probes", "collector.probes.broker"),
    "collector.probes.workers": (*GROUND, "collector.probes", "collector.probes.broker"),
    "collector.workload": (*GROUND, "collector.probes.workers", "collector.probes.events"),
    "collector.judgement": (
        *GROUND,
        "collector.probes.broker.departures",
        "collector.probes.workers.worker_inspect",
        "collector.probes.workers.worker_verdict",
    ),
    "collector.sampling": (*GROUND, "collector.probes", "collector.judgement"),
    "collector": (*GROUND, "collector"),
    "app": (*GROUND, "app"),
}
"""What of ours each room may import besides itself. What stands at the top of a package wires its rooms together."""

OURS = {
    "app",
    "collector",
    "store",
    "settings",
    "demo",
    "standalone",
    "deploy",
    "migrations",
    "tools",
    "tests",
    "bench",
}

WIRING = {"settings", "settings.loading", "celeryconfig", "gunicorn.conf", "app", "collector.celery_app",
          "collector.tasks", "collector.healthcheck", "app.server.healthcheck"}  # fmt: skip
"""Modules that may read the settings, beside those of `standalone`, `demo`, `deploy` and `tools`."""

PROGRAMS = ("standalone", "demo", "deploy", "tools")

PURE = {module_name(path) for path in SOURCES if "[pure]" in (ast.get_docstring(ast.parse(path.read_text())) or "")}
"""Modules that do no I/O and know no clock: time and data come in as arguments. Their first docstring says so."""

IMPURE_IMPORTS = {"redis", "flask", "celery", "kombu", "sqlalchemy", "time", "socket", "gevent", "os", "threading"}


JS = ROOT / "static/js"
SCRIPTS = sorted(JS.rglob("*.js"))
JS_ROOMS = ("ui", "model", "net", "time", "charts", "views")
"""The rooms of the page, the lowest first: each may import those below it. What stands at the top wires them."""
JS_GROUND = ("ui", "model")
"""The rooms that import nothing but themselves."""

BROWSER = re.compile(
    r"\b(document|window\.|location|navigator|localStorage|fetch\(|performance\.|Date\.now|setTimeout)"
)
"""What a [pure] module of the page may not touch."""


def script_name(path: Path) -> str:
    return path.relative_to(JS).as_posix()


def scripts_that(path: Path, *, types: bool) -> set[Path]:
    """The modules that a script imports; with `types`, those too that it takes only a type from."""
    quoted = re.findall(r"^import [^']*'(\.[^']+)'", path.read_text(encoding="utf-8"), flags=re.M)
    if types:
        quoted += re.findall(r"(?:@import .*from |import\()'(\.[^']+)'", path.read_text(encoding="utf-8"))
    return {(path.parent / each).resolve() for each in quoted}


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def room_of(module: str) -> str:
    """The folder that a module stands in, where it is one of the rooms; else the package."""
    parts = module.split(".")
    rooms = [room for depth in (3, 2, 1) if (room := ".".join(parts[:depth])) in MAY_IMPORT and len(parts) >= depth]
    return rooms[0] if rooms else parts[0]


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_imports_go_one_way(path):
    module, imports = module_name(path), imports_of(path)
    room = room_of(module)
    ours = {name for name in imports if name.partition(".")[0] in OURS}

    if room in MAY_IMPORT:
        allowed = (room, *MAY_IMPORT[room])
        assert sorted(name for name in ours if not any(is_within(name, each) for each in allowed)) == []
    assert not [name for name in ours if is_within(name, "tests") or is_within(name, "bench")] or room == "tools"


def test_what_the_tests_share_imports_neither_benches_nor_tools():
    """Benches and tools use the tests' servers, and a test file may use a bench or a tool: so there is no circle."""
    shared = [path for path in (ROOT / "tests").rglob("*.py") if not path.name.startswith("test_")]

    assert [
        path
        for path in shared
        if any(is_within(name, each) for name in imports_of(path) for each in ("bench", "tools"))
    ] == []


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_the_web_process_loads_no_celery_and_the_collector_no_flask(path):
    package, imports = module_name(path).partition(".")[0], imports_of(path)
    foreign = {"app": ("celery", "kombu"), "collector": ("flask",), "store": ("celery", "kombu", "flask")}.get(
        package, ()
    )

    assert not [name for name in imports for each in foreign if is_within(name, each)]


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_only_wiring_reads_the_settings(path):
    module, text = module_name(path), path.read_text(encoding="utf-8")

    if module not in WIRING and module.partition(".")[0] not in PROGRAMS:
        assert "load_settings" not in text
        assert "settings_of_program" not in text
        assert "environ" not in imports_of(path) | {node.attr for node in ast.walk(ast.parse(text))
                                                    if isinstance(node, ast.Attribute)
                                                    and isinstance(node.value, ast.Name)
                                                    and node.value.id == "os"}  # fmt: skip


@pytest.mark.parametrize("module", sorted(PURE))
def test_pure_modules_do_no_io(module):
    imports = imports_of(ROOT / f"{module.replace('.', '/')}.py")

    assert not [name for name in imports if name.split(".", maxsplit=1)[0] in IMPURE_IMPORTS]


@pytest.mark.parametrize("path", SCRIPTS, ids=script_name)
def test_the_scripts_of_the_page_import_one_way(path):
    room = path.relative_to(JS).parts[0]
    imported = scripts_that(path, types=True)
    assert [each for each in imported if not each.is_file()] == []

    if room in JS_ROOMS:
        below = () if room in JS_GROUND else JS_ROOMS[: JS_ROOMS.index(room)]
        rooms = {each.relative_to(JS).parts[0] for each in imported}
        assert rooms - {room, *below} == set()


@pytest.mark.parametrize("path", [path for path in SCRIPTS if "[pure]" in path.read_text()], ids=script_name)
def test_pure_scripts_know_no_browser_and_import_only_pure_ones(path):
    code = re.sub(r"/\*.*?\*/|//.*", "", path.read_text(encoding="utf-8"), flags=re.S)

    assert BROWSER.findall(code) == []
    assert [each.name for each in scripts_that(path, types=False) if "[pure]" not in each.read_text()] == []


def test_uplot_is_named_in_one_file():
    named = [path.name for path in SCRIPTS if re.search(r"vendor/uPlot|new uPlot", path.read_text())]

    assert named == ["chart.js"]


def test_redis_keys_are_spelled_in_one_file():
    readers = [path for path in SOURCES if module_name(path).partition(".")[0] in ("app", "collector", "store")]

    spelled = [module_name(path) for path in readers if "monitor:" in path.read_text(encoding="utf-8")]

    assert spelled == ["store.keys"]


def test_every_redis_key_is_in_the_table():
    rows = set(re.findall(r"^\| (monitor:\S+)", keys.__doc__, flags=re.M))

    assert rows == {
        keys.SAMPLES,
        keys.HOSTS,
        keys.JOINED,
        keys.ACCESS_CHANGES,
        keys.CLOCK,
        keys.slots("<host>"),
        keys.holder("<host>"),
        keys.containers("<host>"),
        keys.starts("<host>"),
        keys.workload("<host>"),
        keys.LOGS,
        keys.RECENT_LOGS,
        keys.DROPPED_LOGS,
        keys.log_group("<id>"),
        keys.log_batch("<id>"),
    }


def test_every_module_says_what_it_is_for():
    assert [module_name(path) for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_no_module_is_too_long_to_be_read_at_once():
    bounds = dict.fromkeys(SOURCES, 300) | dict.fromkeys(SCRIPTS, 250)

    assert {path.name: lines for path in bounds if (lines := len(path.read_text().splitlines())) > bounds[path]} == {}


def test_the_settings_page_has_every_setting_with_its_default():
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]*) \|", page, flags=re.M))

    assert list(rows) == [row.name.upper() for row in fields(Settings)]
    for row in fields(Settings):
        default = row.metadata["default"]
        if default is None:
            assert rows[row.name.upper()] == "not set"
        elif not callable(default):
            if isinstance(default, tuple):
                shown = ",".join(default)
            else:
                shown = f"{default:g}" if isinstance(default, float) else str(default)
            shown = shown.lower() if isinstance(default, bool) else shown
            assert rows[row.name.upper()] == f"`{shown}`"


def test_the_settings_page_says_of_each_setting_what_the_table_says():
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| [^|]* \| (.*) \|$", page, flags=re.M))

    for row in fields(Settings):
        unit = f" ({row.metadata['unit']})" if row.metadata["unit"] else ""
        assert rows[row.name.upper()] == f"{row.metadata['help']}{unit}"


def test_the_project_speaks_only_of_itself():
    words = re.compile(r"/wor[k]/|this sessio[n]|issue #?\d", flags=re.I)
    paths = [*SOURCES, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]

    assert [path.name for path in paths if words.search(path.read_text(encoding="utf-8"))] == []


def test_operations_explain_every_reason_the_page_has_words_for():
    catalogue = json.loads((ROOT / "static/locales/pt-BR.json").read_text(encoding="utf-8"))
    reasons = {name.split(".")[1] for name in catalogue if re.fullmatch(r"reason\.[a-z_]+", name)}
    explained = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs/operations.md").read_text(encoding="utf-8")))

    assert reasons - explained == set()
