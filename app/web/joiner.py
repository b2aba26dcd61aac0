"""A module or sheet together with all that it imports, as one text. [pure]

Sixty small files are good to read and poor to send: each is compressed without the others' words, and its answer's
headers alone are half a kilobyte. Only the forms that our own sources use are understood, each at the beginning of a
line; anything else raises, and the files are then sent one by one, which browsers take as well.
"""

import posixpath
import re
from collections.abc import Callable, Mapping

_MODULE_IMPORT = re.compile(r"^import (?:\{([^}]*)\} from )?'(\.[^']+)'$", re.M)
_EXPORT = re.compile(r"^export (?=(?:(?:async )?function\*? ?|class |const )(\w+))", re.M)
_NOT_UNDERSTOOD = re.compile(r"^(?:import\b[^(]|export\b(?! \{\}$)).*", re.M)
_NO_EXPORT = re.compile(r"^export \{\}$", re.M)  # Says to the type checker that a file is a module.
_PLACE = re.compile(r"\bimport\.meta\.url\b")
_TAKEN = re.compile(r"(\w+)(?: as (\w+))?")
_SHEET_IMPORT = re.compile(r"""^@import "([^"]+)";$""", re.M)

Module = tuple[str, list[str]]
"""The variable that holds what a module exports, and its names in their order."""


class CannotJoin(ValueError):
    """Sources that cannot be joined; the message says which and why."""


def imports_of(name: str, source: str) -> list[str]:
    """The names of the files that the file `name` imports, in its order; names as in `js/views/cards.js`."""
    pattern = _MODULE_IMPORT if name.endswith(".js") else _SHEET_IMPORT
    return [_resolve(name, match[match.re.groups]) for match in pattern.finditer(source)] if _is_code(name) else []


def join_all(sources: Mapping[str, str]) -> dict[str, str]:
    """Every file, those that import and are not imported with all that they import. Raises: CannotJoin."""
    imports = {name: imports_of(name, source) for name, source in sources.items()}
    imported = {each for names in imports.values() for each in names}
    entries = [name for name, names in imports.items() if names and name not in imported]
    return {**sources, **{name: _join(name, sources, imports) for name in entries}}


def _join(entry: str, sources: Mapping[str, str], imports: Mapping[str, list[str]]) -> str:
    order = _in_order(entry, imports)
    if missing := [name for name in order if name not in sources]:
        raise CannotJoin(f"{missing[0]}: imported, but not there")
    if entry.endswith(".css"):
        return "\n".join(_SHEET_IMPORT.sub("", sources[name]) for name in order)
    modules = {name: (f"$module{at}", sorted(set(_EXPORT.findall(sources[name])))) for at, name in enumerate(order)}
    return "\n".join(_wrap(name, sources[name], modules, entry) for name in order)


def _in_order(entry: str, imports: Mapping[str, list[str]]) -> list[str]:
    """`entry` and all that it needs, each after what it needs itself: the order in which a browser runs modules."""
    done: dict[str, None] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise CannotJoin(f"{name}: imports itself by way of {' and '.join(path[path.index(name) + 1 :])}")
        for needed in imports.get(name, []):
            if needed not in done:
                visit(needed, (*path, name))
        done[name] = None

    visit(entry, ())
    return list(done)


def _wrap(name: str, source: str, modules: Mapping[str, Module], entry: str) -> str:
    """The module as a function that runs at once and gives what it exports. The entry is a block: it may await.

    What it exports is an array: names of an object stay as they are when local names are shortened.
    """
    variable, exported = modules[name]
    body = _MODULE_IMPORT.sub(_take_from(name, modules), source)
    body = _NO_EXPORT.sub("", _EXPORT.sub("", body))
    if strange := _NOT_UNDERSTOOD.search(body):
        raise CannotJoin(f"{name}: {strange[0]}")
    if posixpath.dirname(name) != posixpath.dirname(entry):
        place = posixpath.relpath(name, posixpath.dirname(entry))
        body = _PLACE.sub(f"new URL('{place}', import.meta.url).href", body)
    if name == entry:
        return f"{{\n{body}\n}}"
    return f"const {variable} = (() => {{\n{body}\nreturn [{', '.join(exported)}]\n}})()"


def _take_from(name: str, modules: Mapping[str, Module]) -> Callable[[re.Match[str]], str]:
    def take(match: re.Match[str]) -> str:
        if match[1] is None:
            return ""  # Imported for what it does: it has run by then.
        needed = _resolve(name, match[2])
        variable, exported = modules[needed]
        wanted = {each: own or each for each, own in _TAKEN.findall(match[1])}
        if absent := wanted.keys() - set(exported):
            raise CannotJoin(f"{needed}: exports no {absent.pop()}")
        return f"const [{','.join(wanted.get(each, '') for each in exported).rstrip(',')}] = {variable}"

    return take


def _is_code(name: str) -> bool:
    return name.endswith((".js", ".css"))


def _resolve(name: str, relative: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), relative))
