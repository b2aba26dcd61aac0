"""What holds for the tree as a whole: who may import what, and that the documents keep up with the code."""

import ast
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from collector.store import keys
from settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    path
    for package in ("app", "collector", "demo", "standalone", "migrations")
    for path in (ROOT / package).rglob("*.py")
) + sorted(ROOT.glob("*.py"))

WIRING = {"settings", "celeryconfig", "gunicorn.conf", "app", "collector.celery_app", "collector.tasks",
          "collector.healthcheck", "app.healthcheck"}  # fmt: skip
"""Modules that may read the settings, beside those of `standalone`, `demo` and the bench."""

PURE = {
    "app.freshness", "app.joiner", "app.ring", "app.sse", "broker_options", "broker_url", "collector.marks",
    "collector.store.columns", "collector.store.entries", "collector.store.errors", "collector.store.keys",
    "collector.store.log_group", "collector.store.model", "collector.store.redaction", "collector.store.secret_names",
    "collector.store.steps", "collector.store.visible", "collector.probes.broker", "collector.probes.doubt",
    "collector.probes.backoff", "collector.probes.patience", "collector.probes.pidbox", "collector.probes.reading",
    "collector.probes.departures", "collector.probes.growth", "collector.probes.management_figures",
    "collector.probes.worker_verdict",
}  # fmt: skip
"""Modules that do no I/O and know no clock: time and data come in as arguments."""

IMPURE_IMPORTS = {"redis", "flask", "celery", "kombu", "sqlalchemy", "time", "socket", "gevent", "os", "threading"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


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


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_imports_go_one_way(path):
    module, imports = module_name(path), imports_of(path)

    if is_within(module, "app"):
        assert not [name for name in imports if is_within(name, "celery") or is_within(name, "kombu")]
        assert not [name for name in imports if is_within(name, "collector") and name not in ("collector",)
                    and not is_within(name, "collector.store")]  # fmt: skip
    if is_within(module, "collector"):
        assert not [name for name in imports if is_within(name, "app") or is_within(name, "flask")]
    if is_within(module, "collector.store"):
        assert not [name for name in imports if is_within(name, "collector") and not is_within(name, "collector.store")]
    if not is_within(module, "demo") and not is_within(module, "standalone"):
        assert not [name for name in imports if is_within(name, "demo") or is_within(name, "standalone")]


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_only_wiring_reads_the_settings(path):
    module, text = module_name(path), path.read_text(encoding="utf-8")

    if module not in WIRING and not is_within(module, "standalone") and not is_within(module, "demo"):
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


def test_uplot_is_named_in_one_file():
    named = [
        path.name
        for path in (ROOT / "static/js").rglob("*.js")
        if re.search(r"vendor/uPlot|new uPlot", path.read_text())
    ]

    assert named == ["chart.js"]


def test_redis_keys_are_spelled_in_one_file():
    spelled = [module_name(path) for path in SOURCES if "monitor:" in path.read_text(encoding="utf-8")]

    assert spelled == ["collector.store.keys"]


def test_every_redis_key_is_in_the_table():
    rows = set(re.findall(r"^\| (monitor:\S+)", keys.__doc__, flags=re.M))

    assert rows == {
        keys.SAMPLES,
        keys.HOSTS,
        keys.JOINED,
        keys.DOORBELL,
        keys.CLOCK,
        keys.slots("<host>"),
        keys.holder("<host>"),
        keys.containers("<host>"),
        keys.starts("<host>"),
        keys.LOGS,
        keys.RECENT_LOGS,
        keys.DROPPED_LOGS,
        keys.log_group("<id>"),
        keys.log_batch("<id>"),
    }


def test_every_module_says_what_it_is_for():
    assert [module_name(path) for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_no_module_is_too_long_to_be_read_at_once():
    files = SOURCES + sorted((ROOT / "static").glob("js/**/*.js"))

    assert {path.name: lines for path in files if (lines := len(path.read_text().splitlines())) > 300} == {}


def test_the_readme_has_every_setting_with_its_default():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]*) \|", readme, flags=re.M))

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


def test_the_project_speaks_only_of_itself():
    words = re.compile(r"/wor[k]/|this sessio[n]|issue #?\d", flags=re.I)
    paths = [*SOURCES, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]

    assert [path.name for path in paths if words.search(path.read_text(encoding="utf-8"))] == []


def test_operations_explain_every_reason_the_page_has_words_for():
    catalogue = json.loads((ROOT / "static/locales/pt-BR.json").read_text(encoding="utf-8"))
    reasons = {name.split(".")[1] for name in catalogue if re.fullmatch(r"reason\.[a-z_]+", name)}
    explained = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs/operations.md").read_text(encoding="utf-8")))

    assert reasons - explained == set()
