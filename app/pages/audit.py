"""Logins and changes of access, for a super_admin: the page `/audit`, and `GET /api/audit` (docs/openapi.yaml)."""

import re
import time
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from app.accounts.audit import KINDS, PAGE_ROWS, Audit, plain
from app.accounts.email import folded
from app.accounts.tables import MAX_EMAIL
from app.auth.guard import require_role
from app.pages.audit_rows import join_connections
from app.pages.catalogue import say
from app.pages.shell import signed_in_user
from app.web.errors import BadRequest

SHOWN_ROWS = 100
"""Events on one page."""

EVERYTHING = "all"
"""The page's choice that hides nothing. Without a choice it hides the live connections, which outnumber all else."""

CALM_KINDS = tuple(kind for group, kinds in KINDS.items() if group != "streams" for kind in kinds)


def make_blueprint(audit: Audit) -> Blueprint:
    """The page and the endpoint, which read `audit`."""
    blueprint = Blueprint("audit_page", __name__)

    @blueprint.get("/audit")
    @require_role("super_admin", page=True)
    def show() -> str:
        """The newest events that match the filter, and a link to older ones."""
        chosen = _filter()
        kinds = None if chosen["group"] == EVERYTHING else KINDS.get(chosen["group"], CALM_KINDS)
        rows = audit.read(before_id=_before_id(), limit=SHOWN_ROWS + 1, kinds=kinds, who=chosen["who"])
        return render_template(
            "audit.html",
            user=signed_in_user(),
            rows=join_connections(rows[:SHOWN_ROWS]),
            older={**chosen, "before": rows[SHOWN_ROWS - 1].id} if len(rows) > SHOWN_ROWS else None,
            is_first="before" not in request.args,
            chosen=chosen,
            groups=("", *KINDS, EVERYTHING),
            say=say,
            detail_key=_detail_key,
        )

    @blueprint.get("/api/audit")
    @require_role("super_admin")
    def events() -> Response:
        """Events, newest first. `before`, the id of the last one, leads to the next older ones."""
        if len(request.args.get("who", "")) > MAX_EMAIL:
            raise BadRequest(f"`who` must have at most {MAX_EMAIL} characters, as an address has.")
        if request.args.get("group") not in (None, *KINDS):
            raise BadRequest(f"`group` must be one of {', '.join(KINDS)}.")
        chosen = _filter()
        kinds = KINDS.get(chosen["group"])
        rows = audit.read(before_id=_before_id(), limit=PAGE_ROWS, kinds=kinds, who=chosen["who"])
        return jsonify(now=round(time.time(), 3), events=[asdict(row) for row in rows])

    return blueprint


def _filter() -> dict[str, Any]:
    """`group` and `who` of the request. An unknown group counts as none chosen."""
    group, who = request.args.get("group", ""), folded(request.args.get("who", ""))
    return {"group": group if group in (*KINDS, EVERYTHING) else "", "who": plain(who, MAX_EMAIL)}


def _detail_key(detail: str) -> str | None:
    """The catalogue's key for a detail that is one of our codes; None for any other text."""
    keys = (f"account.how_{detail}", f"audit.detail_{detail}")
    return next((key for key in keys if say(key) != key), None)


def _before_id() -> int | None:
    text = request.args.get("before")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        raise BadRequest("`before` must be the id of an event.")
    return int(text)
