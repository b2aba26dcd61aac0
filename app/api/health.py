"""`/healthz`, `/livez`, `/readyz`, for machines. Public, so they answer with status words and nothing else.

No request does any I/O: everything comes from memory, so the answer is quick and right while Redis, the databases and
the brokers hang. The form follows draft-inadarei-api-health-check-06, an expired draft:
`pass` and `warn` are 200, `fail` is 503, so that `curl -f` and every load balancer understand it.
"""

import json
from enum import StrEnum

from flask import Blueprint, Response

from app.live.freshness import Freshness
from app.live.reader import Reader
from store.samples.verdict import Level

JSON_TYPE = "application/health+json"


class Health(StrEnum):
    """The status words of the draft."""

    PASS = "pass"  # noqa: S105
    WARN = "warn"
    FAIL = "fail"


_WORDS = {
    Level.FINE: Health.PASS,
    Level.UNKNOWN: Health.WARN,
    Level.ATTENTION: Health.WARN,
    Level.BAD: Health.FAIL,
    None: Health.FAIL,
}


def make_blueprint(freshness: Freshness, reader: Reader) -> Blueprint:
    """The three endpoints."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        """Whether messages get through, by the collectors' verdicts in the newest samples."""
        services = freshness.services()
        fresh, hosts = freshness.count_fresh()
        reasons = freshness.reasons()
        health = health_of(freshness.level(), is_in_doubt=fresh < hosts or bool(reasons))
        sample = "stale" if fresh == 0 else "fresh" if fresh == hosts else "partial"
        body = {"status": health, "sample": sample, "services": services, **({"reasons": reasons} if reasons else {})}
        return _answer(json.dumps(body), health, JSON_TYPE)

    @blueprint.get("/livez")
    def livez() -> Response:
        """Whether this process answers. Depends on nothing else: a restart would mend nothing elsewhere."""
        return _answer("ok\n", Health.PASS, "text/plain")

    @blueprint.get("/readyz")
    def readyz() -> Response:
        """Whether this process can serve viewers: its reader reaches Redis."""
        health = Health.PASS if reader.is_connected else Health.FAIL
        return _answer("ok\n" if reader.is_connected else "the store does not answer\n", health, "text/plain")

    return blueprint


def health_of(level: Level | None, *, is_in_doubt: bool = False) -> Health:
    """The word for the worst level over the fresh hosts; None, where no host is fresh, is a failure.

    `is_in_doubt`: a host is silent, or something is wrong with the watching itself.
    """
    health = _WORDS[level]
    return Health.WARN if is_in_doubt and health is Health.PASS else health


def _answer(body: str, health: Health, mimetype: str) -> Response:
    response = Response(body, status=503 if health is Health.FAIL else 200, mimetype=mimetype)
    if health is Health.FAIL:
        response.headers["Retry-After"] = "3"
    return response
