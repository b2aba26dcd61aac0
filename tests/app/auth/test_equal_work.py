"""Counts work: with a required second factor, a right and a wrong password cost the same."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import Engine, event, update
from werkzeug.test import TestResponse

from app.accounts.encryption import Cipher
from app.accounts.passwords import Passwords
from app.accounts.tables import users
from store.database import writing
from tests.app.pages.test_second_factor_page import enrol
from tests.app.visitor import Clock, Make, Visitor
from tests.logins import ADMIN

EMAIL, PASSWORD = ADMIN


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/monitor.sqlite3"


class Work:
    """Counts the work since `done` was last called: hashes, statements, encryptions, one-time codes, audit events."""

    def __init__(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        self.counts: Counter[str] = Counter()
        engine = app.extensions["accounts"]._engine
        event.listen(engine, "before_cursor_execute", lambda *told: self._count(" ".join(told[2].split())))
        for owner, name in ((Passwords, "verify"), (Passwords, "hash"), (Cipher, "decrypt"), (Cipher, "encrypt"),
                            (pyotp.TOTP, "generate_otp"), (type(app.extensions["audit"]), "note")):  # fmt: skip
            monkeypatch.setattr(owner, name, self._counting(f"{owner.__name__}.{name}", getattr(owner, name)))
        hasher = app.extensions["accounts"]._passwords._worker
        for name in ("verify", "hash"):
            monkeypatch.setattr(type(hasher), name, self._counting(f"argon2 {name}", getattr(type(hasher), name)))

    def _count(self, what: str) -> None:
        self.counts[what] += 1

    def _counting(self, what: str, does: Any) -> Any:
        def counted(*arguments: Any, **options: Any) -> Any:
            self._count(what)
            return does(*arguments, **options)

        return counted

    def done(self) -> Counter[str]:
        done, self.counts = self.counts, Counter()
        return done


def size_of(answer: TestResponse) -> int:
    """An answer's size: head and body (bytes)."""
    head = sum(len(name) + len(re.sub(r"Expires=[^;]+", "", value)) for name, value in answer.headers)
    return head + len(answer.data)


@pytest.mark.parametrize("is_outdated", [False, True], ids=["hash of today", "hash to be renewed"])
def test_right_and_wrong_passwords_are_as_much_work_at_every_step(
    make: Make, clock: Clock, engine: Engine, monkeypatch: pytest.MonkeyPatch, is_outdated: bool
) -> None:
    owner = Visitor(make(), clock)
    enrol(owner)
    app = make(REQUIRE_SECOND_FACTOR="true")
    work = Work(app, monkeypatch)
    first = Visitor(app, clock, "192.0.2.200")  # For what is loaded and made the first time.
    first.log_in(password="a wrong password")
    first.give_code("000000")
    told = []
    for number, password in enumerate((PASSWORD, "not the password!!!!!")):
        if is_outdated:
            _make_outdated(app, engine)
        visitor = Visitor(app, clock, f"192.0.2.{number + 1}")
        visitor.get("/login")
        work.done()
        answer = visitor.post("/login", email=EMAIL, password=password)
        told.append([(answer.status_code, answer.location, size_of(answer), work.done())])
        for code in ("000000", "A" * 24, "12345", "é" * 6):
            visitor.get("/login/code")
            work.done()
            answer = visitor.post("/login/code", code=code)
            told[-1].append((answer.status_code, answer.location, size_of(answer), work.done()))

    right, wrong = told
    assert right == wrong
    assert sum(right[0][3].values()) > 4
    assert (right[0][3]["argon2 verify"], right[0][3]["argon2 hash"], right[0][3]["Audit.note"]) == (1, is_outdated, 1)
    assert right[1][3]["TOTP.generate_otp"] == 3


def _make_outdated(app: Flask, engine: Engine) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with writing(engine) as connection:
        connection.execute(update(users).values(password_hash=old))


def test_known_and_unknown_names_are_as_much_work(make: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make()
    work = Work(app, monkeypatch)
    told = []
    for number, email in enumerate((EMAIL, "adm1n@example.test")):
        visitor = Visitor(app, clock, f"192.0.2.{number + 1}")
        visitor.get("/login")
        work.done()
        answer = visitor.post("/login", email=email, password="a wrong password")
        told.append((answer.status_code, size_of(answer), work.done()))

    assert told[0] == told[1]
