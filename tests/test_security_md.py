"""docs/asvs.md names each requirement once, and only tests that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs/asvs.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if re.match(r"\| [0-9]+\.", line)
]
LEVEL_1_AND_2 = 253
"""Requirements of ASVS 5.0.0 at these levels."""


def test_every_requirement_is_well_formed_and_stands_once() -> None:
    ids = [each for row in ROWS for each in row[0].split(", ")]

    assert all(re.fullmatch(r"\d{1,2}\.\d\.\d{1,2}", each) for each in ids)
    assert (len(ids), len(set(ids))) == (LEVEL_1_AND_2, LEVEL_1_AND_2)


def test_every_row_has_a_state_and_what_is_met_a_test_or_what_is_not_a_reason() -> None:
    for _, level, about, state, why in ROWS:
        assert level in ("1", "2", "1, 2")
        assert about
        assert state in ("met", "not met", "not applicable")
        assert re.search(r"::test_|\.test\.js", why) if state == "met" else why


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", TEXT)
    functions: dict[str, set[str]] = {}
    for path, name in named:
        if path not in functions:
            tree = ast.parse((ROOT / path).read_text())
            functions[path] = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in functions[path], f"{path}::{name}"
    assert named
    assert all((ROOT / path).exists() for path in re.findall(r"`(tests/js/[\w.]+)`", TEXT))
