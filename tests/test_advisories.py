"""Reads reports in the form of the advisories' clients. Whether registries answer is not tested."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.web import ROOT
from tools.advisories import read_page, read_python


def test_what_is_known_to_be_vulnerable_is_named_with_what_mends_it():
    vulnerable = {"name": "x", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": []}]}
    report = {"dependencies": [{"name": "y", "version": "2", "vulns": []}, vulnerable], "fixes": []}

    assert read_python(json.dumps(report)).known == ["x 1.0: PYSEC-1, mended in 1.1"]
    assert read_page(json.dumps({"vulnerabilities": {"z": {"severity": "high"}}})).known == ["z: high"]


def test_what_could_not_be_looked_up_is_not_taken_for_sound():
    skipped = read_python(json.dumps({"dependencies": [{"name": "x", "skip_reason": "not found"}]}))

    assert (skipped.known, skipped.unasked) == ([], ["1 Python packages, x the first of them"])
    with pytest.raises(KeyError):
        read_page(json.dumps({"message": "request failed", "error": {}}))


def test_the_bill_of_materials_names_every_requirement(tmp_path):
    program = str(Path(sys.executable).with_name("cyclonedx-py"))
    command = [program, "requirements", "--output-reproducible", "requirements.txt", "-o", str(tmp_path / "bill")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    named = {(each["name"], each["version"]) for each in json.loads((tmp_path / "bill").read_text())["components"]}

    pinned = set(re.findall(r"^([\w.-]+)(?:\[\w+\])?==([\w.]+)", (ROOT / "requirements.txt").read_text(), re.M))
    assert pinned
    assert named == pinned
