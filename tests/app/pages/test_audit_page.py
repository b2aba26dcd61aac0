"""The audit as a super_admin reads it, on both databases. Every kind of event is explained."""

import html
import json
import re
from pathlib import Path

from flask import Flask

from app.accounts.audit import KINDS, NOISY, Audit
from app.pages.audit import SHOWN_ROWS
from tests.app.visitor import Make, Visitor
from tests.hostile import XSS

ROOT = Path(__file__).resolve().parents[3]
ALL = {kind for kinds in KINDS.values() for kind in kinds}


def audit_of(app: Flask) -> Audit:
    audit: Audit = app.extensions["audit"]
    return audit


def shown(ana: Visitor, path: str) -> list[str]:
    """The kinds of the rows, newest first."""
    ana.get(path)
    return re.findall(r'<tr data-kind="(\w+)">', ana.page)


def test_the_audit_is_read_page_by_page_in_words_with_the_time_in_utc(make: Make) -> None:
    app = make()
    ana = Visitor(app)
    ana.log_in()
    audit = audit_of(app)
    for number in range(SHOWN_ROWS + 5):
        audit.note("role_changed", who=f"user-{number}@example.test", address="2001:db8::1", detail="viewer")
    audit.write()

    first = shown(ana, "/audit")

    assert first == ["role_changed"] * SHOWN_ROWS
    assert "Perfil de acesso alterado" in ana.reads()
    assert "2001:db8::1" in ana.reads()
    assert re.search(r'datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ".*?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC', ana.page)
    older = re.search(r'href="([^"]+before=\d+)" data-i18n="audit.older"', ana.page)
    assert older is not None
    assert "audit.newest" not in ana.page
    second = shown(ana, html.unescape(older[1]))
    assert second == ["role_changed"] * 5 + ["login_ok"]
    assert "com senha" in ana.reads()
    assert "audit.older" not in ana.page
    assert 'data-i18n="audit.newest"' in ana.page


def test_the_audit_is_filtered_by_what_and_by_whom_and_pages_keep_the_filter(make: Make) -> None:
    app = make()
    ana = Visitor(app)
    ana.log_in()
    audit = audit_of(app)
    for kind in sorted(ALL):
        audit.note(kind, who="bob_1@example.test" if kind in KINDS["changes"] else "")
    for number in range(SHOWN_ROWS + 1):
        audit.note("user_enabled", who=f"BOB{number}@example.test".lower())
    audit.write()

    for group, kinds in KINDS.items():
        assert set(shown(ana, f"/audit?group={group}")) <= set(kinds), group
    assert set(shown(ana, "/audit?group=refusals")) == set(KINDS["refusals"])
    assert len(shown(ana, "/audit?who=bob_1")) == len(KINDS["changes"]), "no character stands for another"
    assert set(shown(ana, "/audit?who=BOB_1&group=changes")) == set(KINDS["changes"])
    assert len(shown(ana, "/audit?who=bob&group=changes")) == SHOWN_ROWS
    older = re.search(r'href="([^"]+)" data-i18n="audit.older"', ana.page)
    assert older is not None
    assert {"group=changes", "who=bob"} <= set(re.split(r"[?&]", html.unescape(older[1])))
    assert len(shown(ana, "/audit?group=made-up&who=")) == SHOWN_ROWS
    for odd in ("%00", "%25", "%F0%9F%98%80", "'--", "x" * 500):
        assert shown(ana, f"/audit?who={odd}") == [], odd
    assert ana.get("/audit?before=x").status_code == 400


def test_live_connections_are_hidden_until_they_are_asked_for_and_then_one_row_each(make: Make) -> None:
    app = make()
    ana = Visitor(app)
    ana.log_in()
    for kind, detail in (("stream_opened", "session"), ("role_changed", "viewer"), ("stream_closed", "left")):
        audit_of(app).note(kind, who="bob@example.test", address="192.0.2.7", detail=detail)
    audit_of(app).write()

    assert shown(ana, "/audit") == ["role_changed", "login_ok"]
    assert shown(ana, "/audit?group=all") == ["role_changed", "stream", "login_ok"]
    assert shown(ana, "/audit?group=streams") == ["stream"]
    assert "Painel ao vivo aberto" in ana.reads()
    assert "a página foi fechada" in ana.reads()


def test_scripts_read_the_same_by_the_same_filter(make: Make) -> None:
    app = make()
    ana = Visitor(app)
    ana.log_in()
    audit_of(app).note("role_changed", who="bob@example.test")
    audit_of(app).write()

    for query, kinds in (("", ["role_changed", "login_ok"]), ("?group=changes", ["role_changed"]), ("?who=admin", ["login_ok"])):  # fmt: skip  # noqa: E501
        answer = ana.client.get(f"/api/audit{query}").json
        assert answer is not None
        assert [event["kind"] for event in answer["events"]] == kinds
    assert ana.client.get("/api/audit?group=made-up").status_code == 400


def test_what_strangers_typed_stays_text(make: Make) -> None:
    app = make()
    ana = Visitor(app)
    ana.log_in()
    for text in XSS:
        audit_of(app).note("refused", who=text, address=text, detail=text)
    audit_of(app).write()

    ana.get("/audit")

    rows = ana.page[ana.page.index("<tbody>") :]
    assert set(re.findall(r"<(\w+)", rows)) <= {"tbody", "tr", "td", "time", "span", "bdi", "b", "nav", "a"}
    assert not re.search(r"<(?!time|/)\w+[^>]*\son\w+=", rows)
    assert "<img" not in ana.get("/audit?who=%22%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E").text


def test_every_kind_of_event_is_in_a_group_and_in_words_of_both_languages_and_in_the_documents() -> None:
    written = set()
    for path in (ROOT / "app").rglob("*.py"):
        written |= set(re.findall(r'\bnote\(\s*"(\w+)"', path.read_text(encoding="utf-8")))
    explained = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/operations.md").read_text(encoding="utf-8"), re.M))

    assert written == ALL
    assert written - explained == set()
    assert written >= NOISY
    for language in ("pt-BR", "en"):
        words = json.loads((ROOT / f"static/locales/account_pages/{language}.json").read_text(encoding="utf-8"))
        assert {kind for kind in written if f"audit.{kind}" not in words} == set()
