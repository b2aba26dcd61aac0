"""Reads the settings of the table from the environment.

An empty value counts as not set. A secret may also come from a file named by `NAME_FILE`. A former name is accepted,
with one line on stderr. All faults are reported together, each with the form that is expected. Only wiring files call
`load_settings`; everything else takes arguments. Imports nothing but the standard library.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from settings.addresses import FaultyAddressError
from settings.broker_options import FaultyOptionsError
from settings.former_names import FormerNameError, rename
from settings.rules import faults_together
from settings.table import Settings


class SettingsError(ValueError):
    """One or more settings are faulty; `faults` holds a sentence for each."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(["Faulty settings:", *(f"  - {fault}" for fault in faults)]))


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the table from `environ`.

    Raises: SettingsError naming every faulty variable and the form it wants; a secret's value is never repeated.
    """
    environ = dict(environ)
    try:
        for sentence in rename(environ):
            _tell_once(sentence)
    except FormerNameError as exc:
        raise SettingsError(exc.faults) from exc
    faults: list[str] = []
    values: dict[str, Any] = {}
    for row in fields(Settings):
        name = row.name.upper()
        try:
            text = _read_text(name, environ, secret=row.metadata["secret"])
            values[row.name] = _value(row.metadata, text, values)
        except FaultyOptionsError as exc:
            faults += [f"{name} {fault}" for fault in exc.faults]
        except FaultyAddressError as exc:
            faults.append(f"{name} {exc}.")
        except (ValueError, KeyError):
            shown = "its value" if row.metadata["secret"] else repr(environ.get(name))
            faults.append(f"{name} must be {row.metadata['form'].expected}; {shown} is not.")
        except OSError as exc:
            faults.append(f"{name}_FILE must name a readable file: {exc.strerror}.")
    faults = faults or faults_together(values)
    if faults:
        raise SettingsError(faults)
    return Settings(**values)


def end_with(fault: str) -> NoReturn:
    """End this program with a sentence on stderr, by exit code 3.

    gunicorn ends as a whole by that code; after any other it would start its worker anew, without end.
    """
    sys.stderr.write(f"{fault}\n")
    raise SystemExit(3)


def settings_of_program() -> Settings:
    """`load_settings` for a program: a fault ends the program with a sentence."""
    try:
        return load_settings()
    except SettingsError as exc:
        end_with(str(exc))


def _value(metadata: Mapping[str, Any], text: str, above: Mapping[str, Any]) -> Any:
    if text:
        return metadata["form"].parse(text)
    default = metadata["default"]
    return default(above) if callable(default) else default


def _read_text(name: str, environ: Mapping[str, str], *, secret: bool) -> str:
    path = environ.get(f"{name}_FILE", "")
    if secret and path and not environ.get(name):
        return Path(path).read_text(encoding="utf-8").strip()
    return environ.get(name, "")


@cache
def _tell_once(sentence: str) -> None:
    """A program may load its settings several times."""
    sys.stderr.write(f"{sentence}\n")
