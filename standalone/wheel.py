"""Installs pip from its own wheel where Python comes without it, as on a bare Debian."""

import hashlib
import html
import os
import re
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from standalone.environment import without_secrets
from standalone.terminal import CannotStart, say

PYPI = "https://pypi.org/simple"
PIP_REQUIREMENT = Path(__file__).resolve().parents[1] / "requirements/pip.txt"
TIMEOUT_S = 15.0


def install_pip(python: Path) -> None:
    """Install the pinned pip with `python`, run from its own wheel.

    Raises: CannotStart.
    """
    text = PIP_REQUIREMENT.read_text(encoding="utf-8")
    version = re.findall(r"^pip==(\S+)", text, re.MULTILINE)[0]
    say(f"Fetching pip {version}, which this Python comes without")
    with tempfile.TemporaryDirectory() as scratch:
        name = f"pip-{version}-py3-none-any.whl"
        path = Path(scratch) / name
        path.write_bytes(_fetch("pip", name, set(re.findall(r"sha256:([0-9a-f]{64})", text))))
        command = [str(python), f"{path}/pip", "install", "--no-index", "--no-deps", str(path)]
        environ = without_secrets(os.environ)
        ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)  # noqa: S603  Our own.
    if ended.returncode:
        raise CannotStart(f"Cannot install pip: {ended.stderr.strip().splitlines()[-1:]}")


def _fetch(project: str, name: str, hashes: set[str]) -> bytes:
    """Download the file `name` of `project` from the registry that pip would ask, and check its hash.

    Raises: CannotStart.
    """
    index, authorization = _registry()
    page_url = f"{index}/{project}/"
    try:
        page = _read(page_url, authorization).decode()
        link = re.search(rf'href="([^"]*/{re.escape(name)}[^"]*)"', page)
        if link is None:
            raise CannotStart(f"Cannot fetch {name}: {index} does not have it.")
        content = _read(urljoin(page_url, html.unescape(link[1])), authorization)
    except OSError as exc:  # urllib's errors are among these.
        reason = exc.reason if isinstance(exc, urllib.error.URLError) else exc
        raise CannotStart(f"Cannot fetch {name}: {index} does not answer ({reason}).") from exc
    if hashlib.sha256(content).hexdigest() not in hashes:
        raise CannotStart(f"Cannot use {name} of {index}: its hash is not the pinned one.")
    return content


def _registry() -> tuple[str, dict[str, str]]:
    """The registry's address without its password, and the header that sends the password instead."""
    parts = urlsplit((os.environ.get("PIP_INDEX_URL") or PYPI).rstrip("/"))
    credentials, _, server = parts.netloc.rpartition("@")
    header = {"Authorization": f"Basic {b64encode(unquote(credentials).encode()).decode()}"} if credentials else {}
    return parts._replace(netloc=server).geturl(), header


def _read(url: str, headers: dict[str, str]) -> bytes:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  # nosec B310
    context = ssl.create_default_context(cafile=os.environ.get("PIP_CERT") or None)
    with urllib.request.urlopen(request, timeout=TIMEOUT_S, context=context) as answer:  # noqa: S310  # nosec B310
        content: bytes = answer.read()
    return content
