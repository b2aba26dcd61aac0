"""Known vulnerabilities of what the product and its tests are made of, a part of `make check`.

PyPI's and npm's own advisories, by their own clients. What is known to be vulnerable is a failure; what could not be
looked up is said, and a failure too with `--strict` (`make audit`), as before a release.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass, field

LOOK_UP_S = 60.0
"""Longest wait for one of the two: without a network a check goes on."""

PYTHON = (
    sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "-r", "requirements.txt", "-f", "json",
    "--progress-spinner", "off", "--timeout", "5",
)  # fmt: skip
PAGE = ("npm", "audit", "--json")


@dataclass
class Findings:
    """What is known, and what could not be asked, a sentence each."""

    known: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)


def read_python(text: str) -> Findings:
    """pip-audit's report. Raises: ValueError, KeyError when it is none."""
    found, skipped = Findings(), []
    for package in json.loads(text)["dependencies"]:
        if "skip_reason" in package:
            skipped.append(package["name"])
        for each in package.get("vulns", []):
            mended = ", ".join(each["fix_versions"]) or "no release"
            found.known.append(f"{package['name']} {package['version']}: {each['id']}, mended in {mended}")
    if skipped:
        found.unasked.append(f"{len(skipped)} Python packages, {skipped[0]} the first of them")
    return found


def read_page(text: str) -> Findings:
    """npm's report. Raises: ValueError, KeyError when it is none."""
    return Findings([f"{name}: {each['severity']}" for name, each in json.loads(text)["vulnerabilities"].items()])


def ask() -> Findings:
    """Both."""
    found = Findings()
    for what, command, read in (("Python packages", PYTHON, read_python), ("npm packages", PAGE, read_page)):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LOOK_UP_S, check=False)
            part = read(done.stdout)
        except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as exc:
            part = Findings(unasked=[f"{what}, no report ({type(exc).__name__})"])
        found.known += part.known
        found.unasked += part.unasked
    return found


def main() -> int:
    """Print what was found. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strict", action="store_true", help="what could not be looked up is a failure, too")
    is_strict = parser.parse_args().strict
    found = ask()
    for sentence in found.known:
        print(f"vulnerable: {sentence}")
    for sentence in found.unasked:
        print(f"audit: not looked up: {sentence}")
    return 1 if found.known or (is_strict and found.unasked) else 0


if __name__ == "__main__":
    sys.exit(main())
