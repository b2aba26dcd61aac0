"""The account as a person keeps it: the first password replaced, sessions seen and ended, and what the audit says."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.accounts.audit import Audit
from store.database import make_engine
from tests.browser.chromium import log_in
from tests.browser.page import SOON_MS, Complaints, shoot
from tests.hostile import XSS
from tests.logins import PASSWORD
from tests.services import RedisServer
from tests.web import WebServer

pytestmark = [pytest.mark.live, pytest.mark.browser]

EMAIL = "new@example.org"
NEW_PASSWORD = "another long password"


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    with RedisServer() as redis_server, WebServer(redis_server.url) as server:
        server.accounts.create_user(EMAIL, PASSWORD, "super_admin", is_initial=True)
        yield server


@pytest.fixture(scope="module")
def cookies() -> list[Any]:
    """Nobody has logged in."""
    return []


@pytest.fixture
def page(context: BrowserContext, complaints: Complaints) -> Page:
    complaints.excuse("Failed to load resource: the server responded with a status of 4")  # Of refused forms.
    return context.new_page()


def is_as_wide_as_its_window(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_the_first_password_is_replaced_sessions_are_ended_and_all_of_it_is_in_the_audit(
    page: Page, browser: Browser, web: WebServer
) -> None:
    log_in(page, web.url, EMAIL)
    page.wait_for_url("**/login/password**")
    page.fill("[name=new]", "password1234")
    page.fill("[name=again]", "password1234")
    page.click("button[type=submit]")
    page.wait_for_selector("text=comum ou fácil de adivinhar")
    shoot(page, "own-password")
    page.fill("[name=new]", NEW_PASSWORD)
    page.fill("[name=again]", NEW_PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/monitor")

    phone = browser.new_context(locale="en-US", color_scheme="light", viewport={"width": 360, "height": 700})
    tab = phone.new_page()
    log_in(tab, web.url, EMAIL, NEW_PASSWORD)
    tab.wait_for_url("**/monitor")
    shoot(page, "panel")
    page.click("text=Conta")
    page.wait_for_url("**/account")
    entries = page.locator("#sessions-title + form .entry")
    expect(entries).to_have_count(2)
    expect(entries.first).to_contain_text("esta")
    own = entries.first.locator("time").first
    assert own.locator(".instant-local").text_content()
    assert "UTC" in (own.text_content() or "")
    page.fill("[name=password]", "not the password")
    page.click("text=Encerrar todas as outras")
    page.wait_for_selector("text=A senha não confere.")
    shoot(page, "account")
    page.fill("[name=password]", NEW_PASSWORD)
    page.click("text=Encerrar todas as outras")
    page.wait_for_selector("text=As outras sessões foram encerradas.")
    expect(tab.locator("#connection")).to_have_attribute("data-state", "signed_out", timeout=SOON_MS)
    log_in(tab, web.url, EMAIL, NEW_PASSWORD)
    tab.wait_for_url("**/monitor")
    tab.goto(f"{web.url}/account")
    tab.wait_for_selector("text=Open sessions")
    shoot(tab, "account-phone")
    assert is_as_wide_as_its_window(tab)

    panel = page.context.new_page()
    panel.goto(f"{web.url}/monitor")
    expect(panel.locator("#connection")).to_have_attribute("data-state", "empty", timeout=SOON_MS)
    page.fill("[name=current]", NEW_PASSWORD)
    for field in ("new", "again"):
        page.fill(f"[name={field}]", PASSWORD)
    page.click("text=Trocar a senha")
    page.wait_for_selector("text=Senha trocada.")
    with panel.expect_response(lambda answer: "/stream" in answer.url and answer.status == 200, timeout=SOON_MS):
        panel.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(panel.locator("#connection")).to_have_attribute("data-state", "empty", timeout=SOON_MS)

    engine = make_engine(web.database_url)
    audit = Audit(engine, keep_s=86_400)
    for text in XSS:
        audit.note("refused", who=f"{text}@example.org", address=text, detail=text)
    audit.write()
    engine.dispose()
    page.click("text=Registro de acessos")
    page.wait_for_selector("text=Acesso recusado: falta permissão")
    shoot(page, "audit")
    assert is_as_wide_as_its_window(page)
    page.select_option("[name=group]", "changes")
    page.fill("[name=who]", "NEW@")
    page.click("text=Filtrar")
    page.wait_for_selector("text=Limpar")
    kinds = page.locator("[data-kind]").evaluate_all("rows => rows.map(row => row.dataset.kind)")
    assert set(kinds) == {"password_changed", "session_revoked"}
    log_in(tab, web.url, EMAIL)
    tab.wait_for_url("**/monitor")
    tab.goto(f"{web.url}/audit")
    tab.wait_for_selector("text=Signed in")
    shoot(tab, "audit-phone")
    assert is_as_wide_as_its_window(tab)
    phone.close()
