"""Runs Docker, and checks that it is new enough for docker-compose.yml. Standard library only."""

import re
import shutil
import subprocess
from collections.abc import Sequence

OLDEST_ENGINE = (25, 0)
"""The first with `start_interval`, by which Docker sees within a second that a container is healthy."""

OLDEST_COMPOSE = (2, 24)
"""The first that passes `start_interval` on."""

OLDEST_BUILDX = (0, 17)
"""Compose refuses older ones only after it has begun to build."""

COMPOSE_NEEDS_BUILDX_FROM = (2, 40, 2)


ANSWER_S = 30.0
"""Longest wait for an engine's answer, which normally takes well under a second."""


class Refused(Exception):
    """The command cannot be done; the message says what to do."""


def require() -> None:
    """Raises: Refused, with one sentence, if Docker is missing, does not answer or is too old."""
    compose = _ask("compose", "version", "--short") if shutil.which("docker") else None
    if compose is None:
        raise Refused("make up needs Docker with its compose plugin; make run needs neither.")
    engine = _ask("version", "--format", "{{.Server.Version}}")
    if not engine:
        raise Refused("No Docker engine answers: start it, or set DOCKER_HOST. make run needs none.")
    sentence = find_too_old(engine, compose, _ask("buildx", "version"))
    if sentence:
        raise Refused(sentence)


def find_too_old(engine: str, compose: str, buildx: str | None) -> str:
    """A sentence about what is too old, empty if nothing is. Arguments: versions as Docker prints them."""
    if parse(engine) < OLDEST_ENGINE:
        return f"make up needs a Docker engine of {_written(OLDEST_ENGINE)} or newer, this is {engine}: upgrade it."
    if parse(compose) < OLDEST_COMPOSE:
        return f"make up needs Docker Compose {_written(OLDEST_COMPOSE)} or newer, this is {compose}: upgrade it."
    if buildx and parse(compose) >= COMPOSE_NEEDS_BUILDX_FROM and parse(buildx) < OLDEST_BUILDX:
        return (
            f"Docker Compose {compose} needs buildx {_written(OLDEST_BUILDX)} or newer, this is "
            f"{_written(parse(buildx))}: upgrade the buildx plugin, or remove it."
        )
    return ""


def parse(version: str) -> tuple[int, ...]:
    """The first dotted number in a text, such as (26, 1, 5) of "26.1.5+dfsg1". A text without one counts as newest."""
    found = re.search(r"\d+(\.\d+)+", version)
    return tuple(map(int, found[0].split("."))) if found else (1_000_000,)


def compose(*words: str) -> None:
    """Run `docker compose WORDS`, its output shown. Raises: Refused when it fails."""
    ended = subprocess.run(["docker", "compose", *words], check=False)  # noqa: S603, S607
    if ended.returncode:
        raise Refused(f"docker compose {' '.join(words)} failed: see above.")


def read(*words: str) -> list[str]:
    """The lines that `docker WORDS` prints. Raises: Refused when it fails."""
    answer = _ask(*words)
    if answer is None:
        raise Refused(f"docker {' '.join(words)} failed.")
    return answer.splitlines()


def _ask(*words: str) -> str | None:
    """What `docker WORDS` prints; None if it fails, or does not end in time."""
    command = ["docker", *words]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=ANSWER_S)  # noqa: S603
    except subprocess.TimeoutExpired:
        return None
    return None if ended.returncode else ended.stdout.strip()


def _written(version: Sequence[int]) -> str:
    return ".".join(map(str, version))
