"""The name under which Compose keeps containers and volumes, so that upgrades and other clones find the data.

docker-compose.yml names the project. Up to 1.7.0 it did not, and Compose took the directory's name: such an
installation keeps that name, and `.env` remembers it.
"""

import os
import re
from pathlib import Path

from deploy import docker
from deploy.docker import Refused

NAME = "zapvoice-monitor"
"""As `name:` in docker-compose.yml."""

VOLUME = "postgres"
"""The volume that holds users and history."""


def settle(root: Path) -> str:
    """Returns the project's name; writes the directory's name to `.env` if data exist under it. Raises: Refused."""
    own = os.environ.get("COMPOSE_PROJECT_NAME") or _remembered(root / ".env")
    name = own or find_name(NAME, _of_directory(root), _projects_with_volume())
    if name != NAME and not own:
        _remember(root / ".env", name)
        print(f"The containers and volumes of this directory are named {name}: .env keeps it so.", flush=True)
    return name


def require_its_secrets(name: str, directory: Path) -> None:
    """Raises: Refused if the project has data that new secrets would not open."""
    if name in _projects_with_volume() and not (directory / "postgres_password").exists():
        raise Refused(
            f"The volume {name}_{VOLUME} was made with the secrets of another clone: copy its deploy/secrets to "
            f"here, or set COMPOSE_PROJECT_NAME to another name to begin with empty volumes."
        )


def find_name(name: str, directory_name: str, in_use: set[str]) -> str:
    """`name`, unless data exist under the directory's name and none under `name`."""
    return directory_name if directory_name in in_use and name not in in_use else name


def _of_directory(root: Path) -> str:
    """The project's name that Compose derives from a directory."""
    return re.sub(r"[^-_a-z0-9]", "", root.name.lower()).lstrip("_-")


def _remembered(path: Path) -> str:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    found = re.findall(r"^\s*COMPOSE_PROJECT_NAME\s*=\s*[\"']?([-_a-z0-9]+)", text, flags=re.M)
    return str(found[-1]) if found else ""


def _remember(path: Path, name: str) -> None:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    separator = "" if text.endswith("\n") or not text else "\n"  # The last line may lack its line feed.
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{separator}COMPOSE_PROJECT_NAME={name}\n")


def _projects_with_volume() -> set[str]:
    label = "com.docker.compose.project"
    listed = docker.read("volume", "ls", "--filter", f"label=com.docker.compose.volume={VOLUME}",
                         "--format", f'{{{{.Label "{label}"}}}}')  # fmt: skip
    return {line for line in listed if line}
