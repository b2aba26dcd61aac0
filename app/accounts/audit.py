"""The audit: logins, refusals, streams and changes of access, with time, user and address. It holds no secret.

A web process collects events in memory and writes them together, so that neither a request nor the end of a thousand
streams waits for the database.

Events that a stranger can cause at will are bounded. Each kind has so many rows a minute about each user, and so many
about all unknown names together; one more row counts the rest of the minute. The table is bounded by age, and by the
number of such rows, apart for users and for others: noise about made-up names never displaces guesses at a real user.
"""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass

import gevent
from sqlalchemy import ColumnElement, Engine, delete, func, insert, select

from app.accounts.tables import MAX_ADDRESS, MAX_EMAIL, audit_events, users
from store.database import reading, writing
from store.errors import StoreUnavailable

logger = logging.getLogger(__name__)

KINDS: dict[str, tuple[str, ...]] = {
    "logins": ("login_ok", "login_step", "login_failed", "login_throttled", "login_busy", "logout", "confirm_failed"),
    "refusals": ("refused", "csrf_failed", "cross_site", "untrusted_host"),
    "streams": ("stream_opened", "stream_closed"),
    "changes": (
        "user_created", "user_disabled", "user_enabled", "role_changed",
        "password_changed", "password_reset", "session_revoked", "session_replaced",
        "token_created", "token_revoked",
        "second_factor_on", "second_factor_off", "second_factor_reset", "recovery_codes_renewed",
    ),
}  # fmt: skip
"""Every kind of event, in the groups that the audit page filters by. docs/operations.md explains each."""

NOISY = frozenset(
    {
        "login_failed", "login_step", "login_throttled", "login_busy", "refused", "csrf_failed", "cross_site",
        "untrusted_host", "stream_opened", "stream_closed",
    }
)  # fmt: skip
"""Kinds that somebody without access, or a broken page, can cause without limit."""

ROWS_A_MINUTE = 30
"""Rows of one noisy kind in a minute about names that are no users. The rest share one row."""

USER_ROWS_A_MINUTE = 10
"""The same about each user: as many as an account allows guesses by strangers at once (app.auth.throttle)."""

MAX_NOISY_ROWS = 50_000
"""Most rows of noisy kinds about users, some 10 MB, and as many about others. A flood displaces older noise of its own
sort, never a change of access."""

MAX_PENDING = 2000
"""Most events that wait in memory while the database is away. Further ones are only counted."""

WRITE_S = 1.0
"""How long an event waits for others to be written with it (s)."""

PRUNE_S = 3600.0
"""Time between two deletions of old and surplus rows (s)."""

PAGE_ROWS = 200
"""Events read at once, unless asked otherwise."""

MAX_DETAIL = 200


@dataclass(frozen=True)
class Event:
    """One row. `at`: epoch s; `who`: an e-mail address or ""; `address`: the client's, "" for operator's commands."""

    at: float
    kind: str
    who: str
    address: str
    detail: str
    count: int = 1


@dataclass(frozen=True)
class StoredEvent(Event):
    """One row as the table holds it."""

    id: int = 0


class Audit:
    """Collects events, and writes them when told to."""

    def __init__(self, engine: Engine, *, keep_s: float, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._keep_s = keep_s
        self._clock = clock
        self._pending: deque[Event] = deque()
        self._minute = 0
        self._rows_of: Counter[tuple[str, str]] = Counter()
        self._surplus: Counter[tuple[str, str]] = Counter()
        self._pruned_mono_s = float("-inf")

    def note(self, kind: str, *, who: str = "", address: str = "", detail: str = "", is_user: bool = False) -> None:
        """Keep an event until the next `write`; is_user: `who` is a user. Never blocks, never raises."""
        now = self._clock()
        self._begin_minute(now)
        about = (kind, who if is_user else "")  # So there are as many as users, whatever strangers type.
        rows = USER_ROWS_A_MINUTE if is_user else ROWS_A_MINUTE
        if len(self._pending) >= MAX_PENDING or (kind in NOISY and self._rows_of[about] >= rows):
            self._surplus[about] += 1
            return
        self._rows_of[about] += 1
        texts = (plain(who, MAX_EMAIL), plain(address, MAX_ADDRESS), plain(detail, MAX_DETAIL))
        self._pending.append(Event(now, kind, *texts))

    def write(self) -> None:
        """Write the pending events. Raises: StoreUnavailable; they are then still pending."""
        self._begin_minute(self._clock())
        events = list(self._pending)
        if not events:
            return
        with writing(self._engine) as connection:
            connection.execute(insert(audit_events), [asdict(event) for event in events])
        for _ in events:
            self._pending.popleft()

    def prune(self) -> None:
        """Delete old rows, and the oldest noisy rows beyond their bound. Raises: StoreUnavailable."""
        row, is_noise = audit_events.c, audit_events.c.kind.in_(NOISY)
        with writing(self._engine) as connection:
            connection.execute(delete(audit_events).where(row.at < self._clock() - self._keep_s))
            for about in (row.who.in_(select(users.c.email)), row.who.not_in(select(users.c.email))):
                newest = select(row.id).where(is_noise, about).order_by(row.id.desc()).offset(MAX_NOISY_ROWS).limit(1)
                surplus_id = connection.execute(newest).scalar_one_or_none()
                if surplus_id is not None:
                    connection.execute(delete(audit_events).where(is_noise, about, row.id <= surplus_id))

    def read(
        self,
        *,
        before_id: int | None = None,
        limit: int = PAGE_ROWS,
        kinds: Collection[str] | None = None,
        who: str = "",
    ) -> list[StoredEvent]:
        """The newest events, newest first. Raises: StoreUnavailable.

        before_id: only older ones; kinds: only these; who: only those whose address contains it.
        """
        row = audit_events.c
        wanted: list[ColumnElement[bool]] = [] if before_id is None else [row.id < before_id]
        if kinds is not None:
            wanted.append(row.kind.in_(kinds))
        if who:
            wanted.append(row.who.contains(who, autoescape=True))
        query = select(row.at, row.kind, row.who, row.address, row.detail, row.count, row.id).where(*wanted)
        with reading(self._engine) as connection:
            return [StoredEvent(*found) for found in connection.execute(query.order_by(row.id.desc()).limit(limit))]

    def count(self) -> int:
        """How many rows there are. Raises: StoreUnavailable."""
        with reading(self._engine) as connection:
            return int(connection.execute(select(func.count()).select_from(audit_events)).scalar_one())

    def start(self, is_alive: Callable[[], bool]) -> None:
        """Write regularly in a greenlet of its own, until `is_alive` turns false."""
        gevent.spawn(self._write_for_ever, is_alive)

    def finish(self) -> None:
        """Write the pending events before the process ends."""
        try:
            self.write()
        except StoreUnavailable as exc:
            logger.warning("the last of the audit could not be written: %s", exc)

    def _write_for_ever(self, is_alive: Callable[[], bool]) -> None:
        while is_alive():
            gevent.sleep(WRITE_S)
            try:
                self.write()
                if time.monotonic() - self._pruned_mono_s > PRUNE_S:
                    self._pruned_mono_s = time.monotonic()
                    self.prune()
            except StoreUnavailable as exc:
                logger.warning("the audit could not be written: %s", exc)
            except Exception:
                logger.exception("the audit stumbled")

    def _begin_minute(self, now: float) -> None:
        """Start counting anew in a new minute. The surplus of the last one becomes one row for each kind and user."""
        minute = int(now // 60)
        if minute == self._minute:
            return
        surplus, self._surplus = self._surplus, Counter()
        self._minute, self._rows_of = minute, Counter()
        told = "more of the minute before"
        self._pending.extend(Event(now, kind, who, "", told, count) for (kind, who), count in surplus.items())


def plain(text: str, longest: int) -> str:
    """Text from outside, without characters that could mislead a terminal or a reader; at most `longest` characters."""
    return "".join(character if character.isprintable() else "?" for character in text[:longest])
