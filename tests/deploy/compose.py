"""Parses docker-compose.yml, with its variables at their defaults."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
PATH = ROOT / "docker-compose.yml"

PANEL = ("web", "collector", "collector-host-detail", "beat", "migrate")
"""The services that are made of the panel's image."""

_VARIABLE = re.compile(r"\$(?:(\$)|\{\w+:-([^}]*)\})")


def load() -> dict[str, Any]:
    """The file with its anchors resolved and, as Compose does it, every `${NAME:-default}` replaced after that."""
    compose: dict[str, Any] = _interpolated(yaml.safe_load(PATH.read_text(encoding="utf-8")))
    return compose


def target(compose: dict[str, Any], name: str) -> str:
    """The stage of the Dockerfile that a service's image is: built by it, or by another service."""
    services = compose["services"].values()
    image = compose["services"][name]["image"]
    return str(next(each["build"]["target"] for each in services if each["image"] == image and "build" in each))


def variables() -> set[str]:
    """The names of the variables that the file takes from the operator's environment."""
    return set(re.findall(r"\$\{(\w+)", PATH.read_text(encoding="utf-8")))


def _interpolated(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _interpolated(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_interpolated(each) for each in value]
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: match[1] or match[2], value)
    return value
