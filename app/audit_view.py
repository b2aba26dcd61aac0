"""`GET /api/audit`: what happened at the door, for a super_admin. Described by docs/openapi.yaml."""

import re
import time
from dataclasses import asdict

from flask import Blueprint, Response, jsonify, request

from app.audit import Audit
from app.auth import require_role
from app.errors import BadRequest


def make_blueprint(audit: Audit) -> Blueprint:
    """The endpoint, reading from `audit`."""
    blueprint = Blueprint("audit", __name__, url_prefix="/api")

    @blueprint.get("/audit")
    @require_role("super_admin")
    def events() -> Response:
        """The newest events, newest first; the next older ones by `before`, the last one's id."""
        rows = audit.read(before_id=_before_id())
        return jsonify(now=round(time.time(), 3), events=[asdict(row) for row in rows])

    return blueprint


def _before_id() -> int | None:
    text = request.args.get("before")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        raise BadRequest("`before` must be the id of an event.")
    return int(text)
