"""The hosts' history in SQL, in steps of a minute, ten minutes and an hour: the one table, and all access to it.

Writing is idempotent: a row depends on its samples alone, and a row of more samples replaces one of fewer, never the
other way round. So writing twice, at the same time or after a crash, changes nothing.
"""

import importlib
import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from store.database import reading, writing
from store.history.steps import MINUTE_S, Step, pack, unpack
from store.samples.columns import MAX_MARKS

metadata = sa.MetaData()

_HAS_MARKS = sa.text("marks IS NOT NULL")

history = sa.Table(
    "history",
    metadata,
    sa.Column("host", sa.String(63), primary_key=True),
    sa.Column("step_s", sa.Integer, primary_key=True),
    sa.Column("at", sa.BigInteger, primary_key=True),
    sa.Column("samples", sa.Integer, nullable=False),
    sa.Column("numbers", sa.LargeBinary, nullable=False),
    sa.Column("marks", sa.Text),
    sa.Index("history_at", "at"),
    # Partial, of the rows with marks: only the migration says so, since `postgresql_where` loads that dialect, 2.4 MB.
    sa.Index("history_marks", "host", "at"),
)
"""A step of a host: when it began (epoch s), of how many samples it is made, their numbers as `pack`
makes them, and their marks as JSON. A change
here needs a migration in migrations/versions."""


class History:
    """Reads and writes the steps. Every method raises StoreUnavailable when the database does not answer in time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._upsert = _upsert(engine.dialect.name)

    def write(self, host: str, step_s: int, steps: Sequence[Step]) -> None:
        """Keep steps of one length, in one transaction."""
        rows = [
            {
                "host": host,
                "step_s": step_s,
                "at": step.at,
                "samples": step.samples,
                "numbers": pack(step),
                "marks": _marks_json(step) if step_s == MINUTE_S else None,
            }
            for step in steps
        ]
        if rows:
            with writing(self._engine) as connection:
                connection.execute(self._upsert, rows)

    def read(self, host: str, step_s: int, *, since_s: float, until_s: float, limit: int) -> list[Step]:
        """The first `limit` steps that begin at or after an instant and before another, without their marks."""
        query = (
            sa.select(history.c.at, history.c.samples, history.c.numbers)
            .where(*_of(host, step_s), history.c.at >= since_s, history.c.at < until_s)
            .order_by(history.c.at)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [Step(at, samples, unpack(numbers)) for at, samples, numbers in rows]

    def marks(self, host: str, *, since_s: float, until_s: float) -> list[dict[str, Any]]:
        """The newest marks of the minutes that begin within a stretch of time, at most MAX_MARKS, in order."""
        query = (
            sa.select(history.c.marks)
            .where(_HAS_MARKS, history.c.host == host, history.c.at >= since_s, history.c.at < until_s)
            .order_by(history.c.at.desc())
            .limit(MAX_MARKS)
        )
        with reading(self._engine) as connection:
            newest_first = connection.execute(query).scalars().all()
        return [mark for body in reversed(newest_first) for mark in json.loads(body)][-MAX_MARKS:]

    def oldest_at(self, host: str) -> float | None:
        """The beginning of a host's first minute (epoch s); None where there is none."""
        return self._edge(sa.func.min, host, MINUTE_S)

    def newest_at(self, host: str, step_s: int, *, before_s: float) -> float | None:
        """The beginning of a host's last step that began before an instant (epoch s); None where there is none."""
        return self._edge(sa.func.max, host, step_s, history.c.at < before_s)

    def prune(self, *, before_s: float, limit: int) -> int:
        """Delete at most `limit` steps of any host that began before an instant. Returns how many were."""
        key = (history.c.host, history.c.step_s, history.c.at)
        old = sa.select(*key).where(history.c.at < before_s).limit(limit)
        with writing(self._engine) as connection:
            return connection.execute(sa.delete(history).where(sa.tuple_(*key).in_(old))).rowcount

    def _edge(self, end: Any, host: str, step_s: int, *conditions: Any) -> float | None:
        with reading(self._engine) as connection:
            query = sa.select(end(history.c.at)).where(*_of(host, step_s), *conditions)
            at: float | None = connection.execute(query).scalar_one()
            return at


def _of(host: str, step_s: int) -> tuple[Any, ...]:
    return history.c.host == host, history.c.step_s == step_s


def _upsert(dialect: str) -> Any:
    insert = importlib.import_module(f"sqlalchemy.dialects.{dialect}").insert(history)  # The engine has loaded it.
    new = {name: insert.excluded[name] for name in ("samples", "numbers", "marks")}
    return insert.on_conflict_do_update(
        index_elements=["host", "step_s", "at"], set_=new, where=insert.excluded.samples >= history.c.samples
    )


def _marks_json(step: Step) -> str | None:
    return json.dumps([dict(mark) for mark in step.marks], separators=(",", ":")) if step.marks else None
