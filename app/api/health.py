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
from store.samples.model import Status

JSON_TYPE = "application/health+json"


class Verdict(StrEnum):
    """The status words of the draft."""

    PASS = "pass"  # noqa: S105
    WARN = "warn"
    FAIL = "fail"


_VERDICTS = {
    Status.ONLINE: Verdict.PASS,
    Status.DISABLED: Verdict.PASS,
    Status.DEGRADED: Verdict.WARN,
    Status.UNKNOWN: Verdict.WARN,
    Status.OFFLINE: Verdict.FAIL,
}


def make_blueprint(freshness: Freshness, reader: Reader) -> Blueprint:
    """The three endpoints."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        """Whether messages can get through, as far as the panel knows: a sample is fresh, and no service offline."""
        services = freshness.services()
        fresh, hosts = freshness.count_fresh()
        reasons = freshness.reasons()
        verdict = judge(services, fresh, hosts, is_troubled=bool(reasons))
        sample = "stale" if fresh == 0 else "fresh" if fresh == hosts else "partial"
        body = {"status": verdict, "sample": sample, "services": services, **({"reasons": reasons} if reasons else {})}
        return _answer(json.dumps(body), verdict, JSON_TYPE)

    @blueprint.get("/livez")
    def livez() -> Response:
        """Whether this process answers. Depends on nothing else: a restart would mend nothing elsewhere."""
        return _answer("ok\n", Verdict.PASS, "text/plain")

    @blueprint.get("/readyz")
    def readyz() -> Response:
        """Whether this process can serve viewers: its reader reaches Redis."""
        verdict = Verdict.PASS if reader.is_connected else Verdict.FAIL
        return _answer("ok\n" if reader.is_connected else "the store does not answer\n", verdict, "text/plain")

    return blueprint


def judge(services: dict[str, Status], fresh: int, hosts: int, *, is_troubled: bool = False) -> Verdict:
    """The overall verdict. `fresh`: how many of the `hosts` are not silent; with none nothing is known, a failure.

    `is_troubled`: something is wrong with the watching itself.
    """
    if fresh == 0:
        return Verdict.FAIL
    verdicts = {_VERDICTS[status] for status in services.values()}
    if fresh < hosts or is_troubled:
        verdicts.add(Verdict.WARN)
    return next((verdict for verdict in (Verdict.FAIL, Verdict.WARN) if verdict in verdicts), Verdict.PASS)


def _answer(body: str, verdict: Verdict, mimetype: str) -> Response:
    response = Response(body, status=503 if verdict is Verdict.FAIL else 200, mimetype=mimetype)
    if verdict is Verdict.FAIL:
        response.headers["Retry-After"] = "3"
    return response
