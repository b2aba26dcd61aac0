"""Where a request comes from: the host name that it was sent to, and the site that sent it.

The host name: another site can make its own name resolve to this machine (DNS rebinding), and the browser then takes
our pages for that site's. The attack needs a name that can be registered, so addresses and
names without a dot are safe.
"""

import ipaddress
import re
from urllib.parse import urlsplit

from flask import Flask, Response, request

from app.auth.context import note
from app.auth.guard import is_cross_site_allowed
from app.web.errors import error_response

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:[0-9]{1,5})?", re.ASCII)

HOME = "/monitor"
"""Where a login leads when it was not asked for a certain page."""


def init_app(app: Flask, *, trusted_hosts: tuple[str, ...] | None, is_behind_tls: bool) -> None:
    """Refuse requests that were sent to another name or by another site.

    trusted_hosts None: addresses and names without a dot are trusted. Behind TLS every name is: a browser that was led
    here under another one has turned back at the certificate.
    """
    names = trusted_hosts or (("*",) if is_behind_tls else ())

    @app.before_request
    def check_origin() -> Response | None:
        if not is_trusted(request.environ.get("HTTP_HOST", ""), names):
            note("untrusted_host", "", request.path)
            return error_response(400, "untrusted_host", "The panel is not known by this name: see TRUSTED_HOSTS.")
        site, mode = request.headers.get("Sec-Fetch-Site"), request.headers.get("Sec-Fetch-Mode")
        if is_from_elsewhere(request.method, site, mode) and not is_cross_site_allowed():
            note("cross_site", "", request.path)
            return error_response(403, "cross_site", "This was sent by a page of another site.")
        return None


def is_trusted(host: str, names: tuple[str, ...]) -> bool:
    """Whether a Host header is an address, a name without a dot, or one of `names`.

    In `names`, `.name` also stands for every name below it, and `*` for any. An empty header is HTTP/1.0, which no
    browser speaks.
    """
    if not host:
        return True
    found = _HOST.fullmatch(host.lower())
    if not found:
        return False
    name = found[1].rstrip(".")
    if _is_address(name) or "." not in name or name.endswith(".localhost") or "*" in names:
        return True
    return any(name == known or (known.startswith(".") and f".{name}".endswith(known)) for known in names)


def is_from_elsewhere(method: str, site: str | None, mode: str | None) -> bool:
    """Whether another site changes something, or reads without opening the page. `site`, `mode`: of Sec-Fetch-*.

    Browsers since 2023 send these headers by themselves. Other clients send none; no page can misuse them.
    """
    if site in (None, "same-origin", "none"):
        return False
    return method not in ("GET", "HEAD", "OPTIONS") or mode != "navigate"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def local_path(target: str | None) -> str:
    """`target` when it is a path of this site, else HOME: a login must not lead to another site."""
    if not target or not target.startswith("/"):
        return HOME
    # Browsers read "\\" as "/" and drop control characters and blanks: `/\t/evil.test` would be another host.
    is_plain = target.isascii() and target.isprintable() and not {" ", "\\"} & set(target)
    return target if is_plain and not target.startswith("//") and not urlsplit(target).netloc else HOME
