"""`python3 -m deploy up` and `down`: start and end the containers of docker-compose.yml, for `make up` and `make down`.

`up` leaves exactly the panel and the profiles that PROFILE names. An upgrade builds and migrates beside the old web
process, and stops it only when the new one can start. Standard library only.
"""

import os
import sys
from pathlib import Path

from deploy import credentials, docker, project
from deploy.docker import Refused

ROOT = Path(__file__).resolve().parent.parent
PROFILES = {"demo": "demo", "host-detail": "collector-host-detail"}
"""The service of each profile."""

SERVERS = ("redis", "postgres", "rabbitmq")

WITH_EVERY_PROFILE = [word for profile in PROFILES for word in ("--profile", profile)]


def up(chosen: str) -> None:
    """Start the panel and the profiles `chosen`, separated by commas; returns when all are healthy. Raises: Refused."""
    docker.require()
    profiles = _options(chosen)
    project.require_its_secrets(project.settle(ROOT), credentials.DIRECTORY)
    _provide_secrets()
    # The old web process serves all the while: a migration only adds to what it reads.
    docker.compose(*profiles, "build")
    docker.compose("up", "-d", "--wait", *SERVERS)
    docker.compose("run", "--rm", "migrate")
    wanted = docker.read("compose", *profiles, "config", "--services")
    if left := [service for service in PROFILES.values() if service not in wanted]:
        docker.compose(*WITH_EVERY_PROFILE, "rm", "--stop", "--force", *left)
    collector = "collector" if PROFILES["host-detail"] not in wanted else PROFILES["host-detail"]
    without = ["--scale", "migrate=0"]
    # One after the other: together, Compose keeps each of them down for as long as the slowest takes to end. Collector
    # and beat are healthy by each other's work alone.
    for services in (("web",), (collector, "beat")):
        docker.compose(*profiles, "up", "-d", "--wait", *without, *services)
    if collector != "collector":
        without += ["--scale", "collector=0"]  # Two collectors would share one queue.
    docker.compose(*profiles, "up", "-d", "--wait", "--remove-orphans", *without)
    credentials.remove_former_names(credentials.DIRECTORY)
    _remove_nameless_images()
    _tell(has_demo=PROFILES["demo"] in wanted)


def down() -> None:
    """Stop and remove every container, of whatever profile; the volumes stay. Raises: Refused."""
    docker.require()
    project.settle(ROOT)
    docker.compose(*WITH_EVERY_PROFILE, "down", "--remove-orphans")


def _options(chosen: str) -> list[str]:
    names = [name for name in chosen.split(",") if name]
    if not {*names} <= {*PROFILES}:
        raise Refused(f"PROFILE={chosen} is unknown: there are {' and '.join(PROFILES)}.")
    return [word for name in names for word in ("--profile", name)]


def _provide_secrets() -> None:
    directory = credentials.DIRECTORY
    credentials.tell(directory, credentials.provide(directory), credentials.migrate(directory))
    for path in (ROOT / "deploy").glob("*.conf"):
        path.chmod(path.stat().st_mode | 0o444)  # The containers' users read them, whatever the umask of the clone.


def _remove_nameless_images() -> None:
    """Remove the image that the new one replaced: only ours, by its label."""
    ours = ["--filter", "label=org.opencontainers.image.title=ZapVoice Monitor"]
    docker.read("image", "prune", "--force", *ours)


def _tell(*, has_demo: bool) -> None:
    address = docker.read("compose", "port", "web", "8000")[0]
    print(f"The panel: http://{address}/monitor. Its first user:")
    print("  docker compose exec web flask --app app users create you@example.org --role super_admin")
    if has_demo:
        print("A dispatch to watch: docker compose exec demo python -m demo.burst 150")


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    os.chdir(ROOT)
    try:
        down() if arguments == ["down"] else up(os.environ.get("PROFILE", ""))
    except (Refused, credentials.Refused, OSError) as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
