"""`/api/logs`: reads the groups of critical logs, and takes lines of services that are not Python. See openapi.yaml."""

import json
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from app.accounts.tokens import TokenScope
from app.api.log_budget import BYTES, LINES, Budget, LogBudget
from app.auth.guard import current_principal, require_role, require_scope
from app.server.scheduling import yield_to_others
from app.web.errors import BadRequest, Unprocessable, error_response
from store.logs.log_group import Batch, Level, LogLine
from store.logs.log_store import SHOWN, LogStore

MAX_LINES = 100
"""Most lines in one request."""

SLICE_CHARACTERS = 8192
"""Characters of lines searched for secrets before other greenlets run: 9 ms at most."""

_REQUIRED = ("service", "level", "message")
_OPTIONAL = ("host", "logger", "traceback")


def make_blueprint(logs: LogStore) -> Blueprint:
    """The endpoints, which read and write `logs`."""
    blueprint = Blueprint("logs", __name__, url_prefix="/api")
    budgets = LogBudget()

    @blueprint.get("/logs")
    @require_role("super_admin")
    def read_logs() -> Response:
        """The newest groups."""
        args = request.args
        return jsonify(
            recent_logs(logs, host=args.get("host"), level=_level(args.get("level")), query=args.get("query"))
        )

    @blueprint.post("/logs")
    @require_scope(TokenScope.LOGS)
    def send_logs() -> ResponseReturnValue:
        """Take one line or a list of them. They are redacted, bounded and grouped like any other."""
        body = request.get_data()
        refusal = _refuse(BYTES, len(body), "bytes")  # Before parsing: a malformed body costs as much.
        if refusal is not None:
            return refusal
        lines = _parse(body)
        refusal = _refuse(LINES, len(lines), "lines")
        if refusal is not None:
            return refusal
        logs.write(Batch.gather(_in_slices(lines)), batch_id=secrets.token_hex(8))
        return {"accepted": len(lines)}, 202

    def _refuse(budget: Budget, amount: int, what: str) -> Response | None:
        wait_s = budgets.spend(current_principal().credential, budget, amount)
        if wait_s is None:
            return None
        response = error_response(429, "too_many_requests", f"Too many {what}. Try again in {wait_s} s.")
        response.headers["Retry-After"] = str(wait_s)
        return response

    return blueprint


def recent_logs(
    logs: LogStore,
    *,
    count: int = SHOWN,
    host: str | None = None,
    level: Level | None = None,
    query: str | None = None,
) -> dict[str, Any]:
    """The answer of `GET /api/logs`. `query` is searched in message, service, logger, task and traceback, in any case.

    Raises: StoreUnavailable.
    """
    recent = logs.recent(count)
    found = [
        group
        for group in recent.groups
        if (not host or group["host"] == host) and level in (None, group["level"]) and _is_in(group, query)
    ]
    return {"now": round(recent.now_s, 3), "dropped": recent.dropped, "logs": found}


def _in_slices(lines: list[LogLine]) -> Iterator[tuple[LogLine, float]]:
    """Each line with its age (s), 0. Other greenlets run after every few milliseconds of work on the lines."""
    characters = 0
    for line in lines:
        yield line, 0.0
        characters += len(line.message) + len(line.traceback or "")
        if characters > SLICE_CHARACTERS:
            characters = 0
            yield_to_others()


def _is_in(group: Mapping[str, Any], query: str | None) -> bool:
    if not query:
        return True
    texts = (group[name] or "" for name in ("message", "service", "logger", "task", "traceback"))
    return query.casefold() in "\n".join(texts).casefold()


def _level(text: str | None) -> Level | None:
    try:
        return None if text is None else Level(text)
    except ValueError:
        raise BadRequest("`level` must be error or critical.") from None


def _parse(body: bytes) -> list[LogLine]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise Unprocessable("The body must be JSON: a log line as an object, or a list of them.") from None
    rows = parsed if isinstance(parsed, list) else [parsed]
    if not 1 <= len(rows) <= MAX_LINES:
        raise Unprocessable(f"A list must have 1 to {MAX_LINES} log lines.")
    return [_parse_line(row) for row in rows]


def _parse_line(row: Any) -> LogLine:
    if not isinstance(row, dict):
        raise Unprocessable('A log line must be an object such as {"service", "level", "message"}.')
    unknown = [name for name in row if name not in (*_REQUIRED, *_OPTIONAL)]
    if unknown:
        raise Unprocessable(f"A log line has {', '.join((*_REQUIRED, *_OPTIONAL))} and nothing else.")
    for name in _REQUIRED:
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise Unprocessable(f"`{name}` must be a text that is not empty.")
    if any(row.get(name) is not None and not isinstance(row[name], str) for name in _OPTIONAL):
        raise Unprocessable(f"{', '.join(f'`{name}`' for name in _OPTIONAL)} must be texts, or left out.")
    if row["level"] not in tuple(Level):
        raise Unprocessable("`level` must be error or critical: the panel keeps nothing below.")
    optional = {name: row.get(name) or None for name in _OPTIONAL}
    return LogLine(service=row["service"], level=Level(row["level"]), message=row["message"], **optional)
