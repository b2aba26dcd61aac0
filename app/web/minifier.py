"""The page's sources as they are sent: without comments and blanks, local names short.

Sources are written to be read: half of them is comments. The minifier is a real parser, written in Go. It runs in a
process of its own, which this file is when it is run as a program: inside the web process Go's runtime would stay for
good, with five threads and 9 MB. Imports nothing but the standard library until then.
"""

import json
import logging
import subprocess
import sys
from collections.abc import Mapping

logger = logging.getLogger(__name__)

DEADLINE_S = 10.0
"""For all files of the page together; they take a tenth of a second."""

_TYPES = {"css": "text/css", "js": "application/javascript", "json": "application/json", "svg": "image/svg+xml"}


def minify(sources: Mapping[str, str]) -> dict[str, str]:
    """Each file's text by its name in its short form. What comes as `.min.`, or is faulty, stays as it is."""
    wanted = {name: source for name, source in sources.items() if ".min." not in name}
    try:
        answer = subprocess.run(  # noqa: S603
            [sys.executable, "-I", __file__], input=json.dumps(wanted), capture_output=True, text=True,
            check=True, timeout=DEADLINE_S, env={},
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        logger.error("the page's files are sent as they are written: %s %s", error, getattr(error, "stderr", ""))
        return dict(sources)
    if answer.stderr:
        logger.warning("sent as written: %s", answer.stderr.strip())
    return {**sources, **json.loads(answer.stdout)}


def main() -> None:
    """Read a JSON object of name → source, write name → short form; say on stderr which are faulty."""
    import minify as minifier  # noqa: PLC0415  Not into the web process.

    short = {}
    for name, source in json.load(sys.stdin).items():
        try:
            short[name] = minifier.string(_TYPES[name.rpartition(".")[2]], source)
        except minifier.MinifyError as error:
            print(f"{name}: {error}", file=sys.stderr)
    json.dump(short, sys.stdout)


if __name__ == "__main__":
    main()
