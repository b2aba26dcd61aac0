"""The client's address behind trusted proxies. gunicorn.conf.py believes no proxy; only this module does.

Of all that proxies can say it believes only the client's address, from as many proxies as TRUSTED_PROXIES counts. It
writes the address in one form: the rest of the app never meets a port, a zone or some text in its place.
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
    """Let the app see clients, not proxies. Without trusted proxies no header changes who the client is."""
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
    """Writes the client's address in the one form, or "" where the header holds no address.

    werkzeug's ProxyFix would not do: for it a `"` that a client sends opens a quoted text, which swallows what the
    proxies add.
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
