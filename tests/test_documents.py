"""Links, anchors, files and services that the documents name exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from bench.faults.__main__ import HEAD
from tests.documents import ROOT

DOCUMENTS = [path for part in (".", "docs", "docs/decisions") for path in sorted((ROOT / part).glob("*.md"))]
PRESENT = [path for path in DOCUMENTS if path.name != "CHANGELOG.md"]
"""Those that speak of today's tree. The changelog names files as they were."""

ROOMS = [path for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")]
SOURCES = [path for path in ROOMS if path.name not in ("node_modules", "var")]
NAMES = {path.name for folder in SOURCES for path in folder.rglob("*")} | {path.name for path in ROOT.iterdir()}
MADE = ("deploy/secrets", "deploy/ca.pem", "docker-compose.override.yml", "static/vendor", "bench/results", "var/")
"""The beginnings of paths that a command or an operator makes."""

SUFFIXES = r"\.(py|js|ts|lua|c|css|html|json|ya?ml|conf|md|toml|in)"


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def prose_of(path: Path) -> str:
    """The text without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", text_of(path), flags=re.M | re.S)


def anchors_of(path: Path) -> set[str]:
    """The anchors that GitHub makes of a document's headings."""
    titles = re.findall(r"^#+ (.+)$", prose_of(path), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def links_of(path: Path) -> Iterator[tuple[Path, str]]:
    """What each relative link leads to: a file and an anchor in it, or ""."""
    prose = prose_of(path)
    for target in [*re.findall(r"\]\(([^)\s]+)\)", prose), *re.findall(r'(?:src|href)="([^"]+)"', prose)]:
        if not re.match(r"[a-z]+:", target):
            name, _, anchor = unquote(target).partition("#")
            yield (path.parent / name).resolve() if name else path, anchor


def paths_of(path: Path) -> Iterator[str]:
    """What stands between backquotes and looks like a file or folder of this project, braces written out."""
    rooms = {room.name for room in ROOMS}
    for span in re.findall(r"`([^`\s]+)`", prose_of(path)):
        name = re.sub(r"<[^>]+>", "*", span.partition("::")[0])
        if name.partition("/")[0] in rooms and "/" in name:
            found = re.fullmatch(r"(.*)\{(.+)\}(.*)", name)
            yield from [found[1] + part + found[3] for part in found[2].split(",")] if found else [name]
        elif re.fullmatch(rf"[\w*.-]+{SUFFIXES}", name):
            yield name


def exists(name: str) -> bool:
    if name.startswith(MADE):
        return True
    return any(ROOT.glob(name.rstrip("/"))) if "/" in name else "*" in name or name in NAMES


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(path: Path) -> None:
    broken = [
        f"{target}#{anchor}"
        for target, anchor in links_of(path)
        if not target.exists() or (anchor and anchor not in anchors_of(target))
    ]

    assert broken == []


@pytest.mark.parametrize("path", PRESENT, ids=lambda path: path.name)
def test_every_path_that_is_named_exists(path: Path) -> None:
    assert sorted({name for name in paths_of(path) if not exists(name)}) == []


def test_every_document_is_in_the_index() -> None:
    index = ROOT / "docs/README.md"
    listed = {target for target, _ in links_of(index)}
    folders = {path for path in listed if path.is_dir()}

    assert [path.name for path in DOCUMENTS if path != index and not ({path, path.parent} & (listed | folders))] == []


@pytest.mark.parametrize("name", ["README.md", "README.pt-BR.md"])
def test_a_newcomer_finds_what_is_needed_in_one_click(name: str) -> None:
    path = ROOT / name
    found = {f"{target.name}#{anchor}" for target, anchor in links_of(path)}

    assert found >= {"operations.md#install", "settings.md#", "api.md#critical-logs", "api.md#",
                     "operations.md#single-sign-on", "faults.md#"}  # fmt: skip
    assert len(text_of(path).splitlines()) <= 90


def test_pieces_of_a_compose_file_name_services_and_networks_that_there_are() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    blocks = re.findall(r"^```yaml\n(.*?)^```", text_of(ROOT / "docs/operations.md"), flags=re.M | re.S)

    assert blocks
    for block in blocks:
        for name, service in yaml.safe_load(block)["services"].items():
            assert set(service.get("networks", [])) <= set(compose["networks"])
            assert set(service.get("environment", {})) <= set(compose["services"][name]["environment"])


def test_the_fault_tables_page_begins_as_the_program_writes_it() -> None:
    assert text_of(ROOT / "docs/faults.md").startswith(f"{HEAD}\n| fault |")
