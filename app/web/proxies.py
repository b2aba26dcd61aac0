"""What a proxy in front says about a request. Here alone is any of it believed, and gunicorn.conf.py believes nothing.

Of all that proxies can say only who the client is gets believed, of as many proxies as TRUSTED_PROXIES counts. It is
brought into one form: the rest of the app never meets a port, a zone or a text where an address should be.
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_WITH_PORT = re.compile(r"\[([^\[\]]*)\](?::[0-9]+)?|([0-9.]+):[0-9]+", re.ASCII)


def init_app(app: Flask, *, trusted_proxies: int) -> None:
    """Let the app see clients, not proxies. Without a trusted one nothing that is sent changes who the client is."""
    app.wsgi_app = _Client(app.wsgi_app, trusted_proxies)  # type: ignore[method-assign]


def address_of(text: str) -> str:
    """The IP address in `192.0.2.1:80`, `[2001:db8::1]:80`, `fe80::1%eth0` and the like; "" where there is none."""
    text = text.strip()
    ported = _WITH_PORT.fullmatch(text)
    bare = (ported[1] or ported[2] or "") if ported else text
    try:
        ip = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return ""
    return str((ip.version == 6 and ip.ipv4_mapped) or ip)


class _Client:
    """Writes the client's address in the one form, or nothing where what was told is none.

    Not werkzeug's ProxyFix: to it a `"` that a client sends opens a text, and what the proxies add is a part of that.
    """

    def __init__(self, app: "WSGIApplication", trusted_proxies: int) -> None:
        self._app = app
        self._trusted_proxies = trusted_proxies

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        forwarded = environ.get("HTTP_X_FORWARDED_FOR")
        told = [environ.get("REMOTE_ADDR") or "", *reversed(forwarded.split(",") if forwarded else ())]
        has_all = len(told) > self._trusted_proxies
        environ["REMOTE_ADDR"] = address_of(told[self._trusted_proxies if has_all else 0])
        return self._app(environ, start_response)
