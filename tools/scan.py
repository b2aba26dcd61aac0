"""Wapiti against the running product, as somebody who is signed in: `make scan`.

It crawls from every page, learns the API from docs/openapi.yaml, and attacks what it has found with the modules that
need no server but ours. Prints each remark; 1 when one of them is neither informational nor explained in SECURITY.md.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from app.accounts.accounts import Accounts
from store.database import make_engine
from tests.logins import EMAIL, PASSWORD, open_session
from tests.stack import Stack
from tests.web import ROOT

MODULES = (
    "backup,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,ldap,methods,permanentxss,redirect,shellshock,sql,"
    "timesql,upload,xss"
)
PAGES = (
    "/monitor",
    "/account",
    "/audit",
    "/second-factor",
    "/login",
    "/api/history",
    "/api/logs",
    "/api/audit",
    "/api/hosts",
    "/healthz",
)
INFORMATIONAL = 0
EXPLAINED = ("Clickjacking Protection", "Secure Flag cookie")
"""What SECURITY.md says the reason of, by Wapiti's name of it."""


def scan(stack: Stack, session: str, directory: Path, seconds: int) -> dict[str, Any]:
    """Wapiti's report."""
    cookie = {"value": session, "version": 0, "expires": None, "secure": False, "port": None}
    (directory / "cookies").write_text(json.dumps({"127.0.0.1": {"/": {"monitor_session": cookie}}}))
    starts = [part for page in PAGES for part in ("-s", stack.url + page)]
    command = [
        str(ROOT / ".venv-scan/bin/wapiti"), "-u", f"{stack.url}/monitor", "--scope", "domain", "-m", MODULES, *starts,
        "--swagger", str(ROOT / "docs/openapi.yaml"), "-c", str(directory / "cookies"),
        "-x", f"{stack.url}/stream*", "-x", f"{stack.url}/logout",  # The one never ends, the other would end it all.
        "--flush-session", "--store-session", str(directory), "--store-config", str(directory), "--no-bugreport",
        "--max-scan-time", str(seconds), "--max-attack-time", "90",
        "-f", "json", "-o", str(directory / "report.json"),
    ]  # fmt: skip
    subprocess.run(command, check=False, cwd=directory)
    report: dict[str, Any] = json.loads((directory / "report.json").read_text())
    return report


def main(seconds: int) -> int:
    """Print what was found. Returns the exit code."""
    with Stack() as stack, tempfile.TemporaryDirectory() as directory:
        engine = make_engine(f"sqlite:///{stack.data_dir / 'monitor.sqlite3'}")
        accounts = Accounts(engine)
        session = open_session(accounts, EMAIL, PASSWORD)
        assert session is not None
        report = scan(stack, session, Path(directory), seconds)
        is_in_order = stack.is_fresh() and accounts.principals.of_session(session) is not None
        engine.dispose()
    left = 0
    print(f"\n{report['infos']['version']}, {report['infos']['crawled_pages_nbr']} pages")
    for kind in ("vulnerabilities", "anomalies", "additionals"):
        for name, remarks in report[kind].items():
            for each in remarks:
                is_open = each["level"] > INFORMATIONAL and name not in EXPLAINED
                left += is_open
                mark = "!" if is_open else " "
                print(f"{mark} {name}, level {each['level']}: {each['method']} {each['path']}: {each['info']}")
    print(f"{left} above informational without an explanation; {'still' if is_in_order else 'NOT'} live and signed in")
    return 0 if left == 0 and is_in_order else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
